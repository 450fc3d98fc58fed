//! A JSON list of objects, each of which is a submission: SendGrid and Google post so. All of them are read, or none.

use serde_json::Value;

use super::fields::{Fields, FieldsError};
use super::json::{self, List};
use crate::env::{Env, Limits};

/// The most items of one call: what workers and the spool take as one message.
pub const MAX_ITEMS: usize = 1_000;

/// Reads a list. The limits of fields and bytes hold for the whole list, those of names and levels for each item.
pub(super) fn parse(body: &[u8], limits: &Limits) -> Result<Vec<Fields>, FieldsError> {
    let List { items, has_halves, mut replaced } = json::parse_list(body, limits)?;
    if items.len() > MAX_ITEMS {
        return Err(FieldsError::TooManyItems);
    }
    let numbered = items.into_iter().zip(1..);
    numbered
        .map(|(item, number)| {
            let wrong = |error| FieldsError::Item { number, error: Box::new(error) };
            let Value::Object(map) = item else { return Err(wrong(FieldsError::NotAnObject)) };
            let env = Env(map);
            limits.check(&env).map_err(|error| wrong(error.into()))?;
            let mut altered = if has_halves { altered(&env) } else { Vec::new() };
            let of_item = replaced.extract_if(.., |(at, _)| *at + 1 == number).map(|(_, name)| name);
            altered.extend(of_item);
            Ok(Fields { env, altered, ..Fields::default() })
        })
        .collect()
}

/// The names in which, or in whose values, U+FFFD stands.
fn altered(env: &Env) -> Vec<String> {
    let is_altered = |name: &str, value: &Value| name.contains('\u{fffd}') || value.to_string().contains('\u{fffd}');
    env.0.iter().filter(|(name, value)| is_altered(name, value)).map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fields::{FieldSettings, Posted, posted};
    use super::*;
    use crate::permission::Files;

    fn read(content_type: &str, body: &str) -> Result<Vec<Fields>, FieldsError> {
        let limits = Limits { depth: 3, fields: 2_000, ..Limits::default() };
        let settings =
            FieldSettings { limits, charset: None, overriding: None, files: Files::Refuse, raw: false, batch: true };
        match posted(Some(content_type), body.as_bytes(), &settings)? {
            Posted::Several(all) => Ok(all),
            Posted::One(one) => Ok(vec![one]),
        }
    }

    #[test]
    fn each_object_of_a_list_is_a_submission() {
        for (content_type, body, expected) in [
            ("application/json", r#"[{"a":1},{"b":{"c":[2]}}]"#, &[r#"{"a":1}"#, r#"{"b":{"c":[2]}}"#][..]),
            ("", " \u{feff}[{\"a\":1}]".trim_start(), &[r#"{"a":1}"#]),
            ("text/plain", r#"[{}]"#, &["{}"]),
            ("application/json", "[]", &[]),
            ("application/json", r#"{"a":1}"#, &[r#"{"a":1}"#]),
            ("application/x-www-form-urlencoded", "a=1", &[r#"{"a":"1"}"#]),
        ] {
            let found: Vec<String> = read(content_type, body).unwrap().iter().map(|one| one.env.to_string()).collect();
            assert_eq!(found, expected, "{body}");
        }
        let halves = read("application/json", r#"[{"a":"x\ud83d","b":1},{"a":"y"}]"#).unwrap();
        assert_eq!((&halves[0].altered[..], &halves[1].altered[..]), (&["a".to_owned()][..], &[][..]));
        let twice = read("application/json", r#"[{"a":1,"b":{"c":1,"c":2}},{"a":1,"a":2}]"#).unwrap();
        assert_eq!((&twice[0].altered[..], &twice[1].altered[..]), (&["b".to_owned()][..], &["a".to_owned()][..]));
        let half = read("application/json", r#"[{"x\ud83d":1}]"#).unwrap();
        assert_eq!(half[0].altered, ["x\u{fffd}"]);
    }

    #[test]
    fn one_item_that_is_wrong_refuses_all_and_is_named() {
        let many = |items: usize| format!("[{}]", vec!["{}"; items].join(","));
        assert_eq!(read("application/json", &many(MAX_ITEMS)).unwrap().len(), MAX_ITEMS);
        for (body, message) in [
            (r#"[{"a":1},7]"#.to_owned(), "item 2 of the list: the JSON body is not an object"),
            (r#"[{"a":1},{"b":"x\u0000"}]"#.to_owned(), "item 2 of the list: field \"b\" holds a NUL"),
            (r#"[{"a":{"b":{"c":{"d":1}}}}]"#.to_owned(), "item 1 of the list: field \"a\" is nested deeper than"),
            (r#"[{},{},{"a":{"b":{"c":{"d":1}}}}]"#.to_owned(), "item 3 of the list: field \"a\" is nested deeper"),
            (r#"[{"a":1},{"b":nope}]"#.to_owned(), "item 2 of the list: the body is not JSON: expected ident"),
            (r#"[{"a":"\ud83d"},{"b":nope}]"#.to_owned(), "item 2 of the list: the body is not JSON"),
            (r#"[{},{"$serde_json::private::Number":"1"}]"#.to_owned(), "item 2 of the list: a field name must not"),
            (r#"[{"a":1},"#.to_owned(), "the body is not JSON"),
            (many(MAX_ITEMS + 1), "more than 1000 items"),
            (format!("[{}]", vec![r#"{"a":1}"#; 1_001].join(",")), "more than 2000 fields"),
        ] {
            let error = read("application/json", &body).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
