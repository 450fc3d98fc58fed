//! What filters make of a value that was posted lately. A filter that leaves the value as it is is not offered.

use std::sync::Arc;

use postern_shared::comparison::Notes;
use postern_shared::env::Env;
use postern_shared::expression::{Expression, Local, Scope, render};
use serde_json::Value;

use crate::panel::shown::shortened;

/// The filters that people look for, in the order in which they are offered.
const FILTERS: [&str; 16] = [
    "trim",
    "split|first",
    "split|last",
    "name_parts|attr(\"first\")",
    "name_parts|attr(\"last\")",
    "titlecase",
    "lower",
    "upper",
    "digits",
    "phone",
    "split(\"@\")|last",
    "format_date(\"d.m.Y\")",
    "first",
    "last",
    "join(\", \")",
    "length",
];

/// The most filters of one reference.
const MAX_OFFERED: usize = 6;

/// A longer value is not previewed, in bytes: filters of long texts take time, and nobody reads them.
const MAX_BYTES: usize = 200;

/// How much of a value is shown, in characters.
const SHOWN_CHARS: usize = 40;

/// A reference with a filter.
#[derive(Debug, PartialEq, Eq)]
pub struct Preview {
    /// The filter alone.
    pub filter: &'static str,
    /// Both, as a text writes them.
    pub text: String,
    /// The value before and after, such as `Ada Lovelace → Lovelace`.
    pub help: String,
}

/// What filters make of the value of a reference.
pub fn of(reference: &str, name: &str, value: &Value) -> Vec<Preview> {
    let before = render(value);
    if before.is_empty() || before.len() > MAX_BYTES {
        return Vec::new();
    }
    let scope = scope(name, value);
    let mut seen = vec![before.clone()];
    let mut offered = Vec::new();
    for filter in FILTERS.into_iter().filter(|filter| fits(filter, value)) {
        let expression = format!("{reference}|{filter}");
        let after = Expression::parse(&expression).ok().and_then(|one| one.eval(&scope).ok());
        let after = after.map(|value| render(&value)).unwrap_or_default();
        if after.is_empty() || seen.contains(&after) {
            continue;
        }
        let help = format!("{} → {}", shortened(&before, SHOWN_CHARS), shortened(&after, SHOWN_CHARS));
        seen.push(after);
        offered.push(Preview { filter, text: format!("{{{{ {expression} }}}}"), help });
        if offered.len() == MAX_OFFERED {
            break;
        }
    }
    offered
}

/// Whether a filter makes sense for values of this type: the first character of a text is nothing that people want.
fn fits(filter: &str, value: &Value) -> bool {
    let is_of_lists = ["first", "last", "join(\", \")", "length"].contains(&filter);
    match value {
        Value::Array(items) => is_of_lists && !items.iter().any(|item| item.is_array() || item.is_object()),
        Value::String(text) if filter == "digits" || filter == "phone" => {
            text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic)
        }
        Value::String(text) if filter.starts_with("name_parts") => !text.contains(|c: char| c.is_ascii_digit()),
        Value::String(text) if filter.starts_with("split(\"@\")") => text.contains('@'),
        // An address, by mail or of a page, is no name.
        Value::String(text) if filter == "titlecase" => !text.contains(['@', '/']),
        Value::String(_) => !is_of_lists,
        _ => false,
    }
}

/// A scope in which nothing but one name of `$env` is set.
fn scope(name: &str, value: &Value) -> Scope {
    let empty = Arc::new(Env::default());
    let mut env = Env::default();
    env.0.insert(name.to_owned(), value.clone());
    Scope {
        env: Arc::new(env),
        query: Arc::clone(&empty),
        request: Arc::clone(&empty),
        var: Arc::clone(&empty),
        record: None,
        related: empty,
        local: Arc::new(Local::default()),
        notes: Notes::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_that_change_a_value_are_offered_with_what_they_make_of_it() {
        for (value, expected) in [
            (
                json!("Иванов Пётр"),
                &[
                    ("split|first", "Иванов Пётр → Иванов"),
                    ("split|last", "Иванов Пётр → Пётр"),
                    ("lower", "Иванов Пётр → иванов пётр"),
                    ("upper", "Иванов Пётр → ИВАНОВ ПЁТР"),
                ][..],
            ),
            (json!("+7 (999) 123-45-67"), &[("digits", "+7 (999) 123-45-67 → 79991234567")]),
            (json!("2026-05-01"), &[("format_date(\"d.m.Y\")", "2026-05-01 → 01.05.2026")]),
            (
                json!(["web", "news"]),
                &[("first", "web, news → web"), ("last", "web, news → news"), ("length", "web, news → 2")],
            ),
            (json!("ada@example.org"), &[("split(\"@\")|last", "ada@example.org → example.org")]),
            (json!("ok"), &[("titlecase", "ok → Ok"), ("upper", "ok → OK")]),
            (json!(5), &[]),
            (json!(""), &[]),
            (json!("x".repeat(300)), &[]),
        ] {
            let offered = of("$env[\"n\"]", "n", &value);
            let found: Vec<(&str, &str)> = offered.iter().map(|one| (one.filter, one.help.as_str())).collect();
            assert!(
                offered.iter().all(|one| one.text == format!("{{{{ $env[\"n\"]|{} }}}}", one.filter)),
                "{offered:?}"
            );
            for one in expected {
                assert!(found.contains(one), "{value}: {one:?} is missing in {found:?}");
            }
            assert!(!expected.is_empty() || found.is_empty(), "{value}: {found:?}");
            let is_address = value.as_str().is_some_and(|text| text.contains('@'));
            assert!(!(is_address && found.iter().any(|(filter, _)| *filter == "titlecase")), "{found:?}");
        }
    }
}
