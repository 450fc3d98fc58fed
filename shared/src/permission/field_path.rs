//! The name of a posted field as a setting of a permission holds it: as it is posted (`lead_id`, `data[FIELDS][ID]`), or
//! with the names of its levels joined by dots (`data.FIELDS.ID`, `data.items[0].ID`). A field that is posted under the whole text as its name
//! counts first.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::body::brackets;
use crate::env::Env;
use crate::message::{Message, PermissionFault};

/// The longest path, in bytes. The names of its levels have limits of their own.
const MAX_BYTES: usize = 4_096;

/// The name of a posted field, perhaps within others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    whole: String,
    /// The names of the levels below the first, if there are any.
    levels: Option<(String, Vec<String>)>,
}

impl FieldPath {
    /// The value of the field, if it was posted.
    pub fn find<'e>(&self, env: &'e Env) -> Option<&'e Value> {
        env.get(&self.whole).or_else(|| {
            let (first, levels) = self.levels.as_ref()?;
            levels.iter().try_fold(env.get(first)?, |value, level| match value {
                Value::Object(map) => map.get(level),
                Value::Array(items) => items.get(level.parse::<usize>().ok()?),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            })
        })
    }

    /// The names of `$env` that are looked at.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.whole.as_str()).chain(self.levels.as_ref().map(|(first, _)| first.as_str()))
    }
}

impl FromStr for FieldPath {
    type Err = Message;

    fn from_str(text: &str) -> Result<Self, Message> {
        let invalid = |fault: PermissionFault| {
            let short: String = text.chars().take(60).collect();
            PermissionFault::FieldNever { field: format!("{short:?}"), message: Box::new(fault.into()) }.into()
        };
        let levels = levels(text);
        let mut names = levels.iter().flat_map(|(first, levels)| std::iter::once(first).chain(levels));
        if text.trim().is_empty() {
            Err(invalid(PermissionFault::FieldIsEmpty))
        } else if text.trim() != text {
            Err(invalid(PermissionFault::FieldBlank))
        } else if text.len() > MAX_BYTES {
            Err(invalid(PermissionFault::FieldLong))
        } else if text.contains('\0') || text.contains(crate::body::fields::RESERVED) {
            Err(invalid(PermissionFault::FieldRefused))
        } else if text.starts_with("$env") || text.starts_with("$query") || text.contains("{{") {
            Err(invalid(PermissionFault::FieldReference))
        } else if text.ends_with("[]") {
            Err(invalid(PermissionFault::FieldList))
        } else if names.any(String::is_empty) {
            Err(invalid(PermissionFault::FieldLevel))
        } else {
            Ok(Self { whole: text.to_owned(), levels })
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole.fmt(f)
    }
}

/// The first name and those of the levels below it; nothing of a plain name.
fn levels(text: &str) -> Option<(String, Vec<String>)> {
    if let Some((first, keys)) = brackets(text) {
        return Some((first.to_owned(), keys.split("][").map(str::to_owned).collect()));
    }
    let mut names = Vec::new();
    for part in text.contains('.').then(|| text.split('.'))? {
        match brackets(part) {
            Some((name, keys)) => names.extend(std::iter::once(name).chain(keys.split("][")).map(str::to_owned)),
            None if part.contains(['[', ']']) => return None,
            None => names.push(part.to_owned()),
        }
    }
    if text.contains('[') && names.iter().any(String::is_empty) {
        return None;
    }
    let levels = names.split_off(1);
    Some((names.pop()?, levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_under_either_spelling_and_first_under_its_whole_name() {
        let env: Env = serde_json::from_str(
            r#"{"id":1,"data":{"FIELDS":{"ID":"7"}},"list":[{"id":2},{"id":3}],"a.b":4,"a":{"b":5},"c[d]":6}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("id", Some("1")),
            // C20 of the callers.
            ("data[FIELDS][ID]", Some("\"7\"")),
            ("data.FIELDS.ID", Some("\"7\"")),
            ("list[1][id]", Some("3")),
            ("list.0.id", Some("2")),
            ("a.b", Some("4")),
            ("a[b]", Some("5")),
            ("c[d]", Some("6")),
            ("data[FIELDS].ID", Some("\"7\"")),
            ("list[1].id", Some("3")),
            ("data.FIELDS", Some("{\"ID\":\"7\"}")),
            ("data.fields.ID", None),
            ("data.FIELDS.ID.more", None),
            ("list.2.id", None),
            ("list.x", None),
            ("ID", None),
        ] {
            let path: FieldPath = path.parse().unwrap();
            assert_eq!(path.find(&env).map(ToString::to_string).as_deref(), expected, "{path}");
        }
        let path: FieldPath = "data.FIELDS.ID".parse().unwrap();
        assert_eq!(path.names().collect::<Vec<_>>(), ["data.FIELDS.ID", "data"]);
    }

    #[test]
    fn a_name_that_can_never_match_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "is empty"),
            (" ", "is empty"),
            (" id", "blank"),
            ("ids[]", "a list"),
            ("a[b][]", "a list"),
            ("items[][id]", "no name"),
            ("data..ID", "no name"),
            ("data.ID.", "no name"),
            (".ID", "no name"),
            ("$env[\"lead_id\"]", "no reference"),
            ("{{ id }}", "no reference"),
            ("a\0", "is refused"),
            (&"x".repeat(5_000), "too long"),
        ] {
            let error = text.parse::<FieldPath>().unwrap_err().to_string();
            assert!(error.contains(reason) && error.len() < 200, "{error}");
        }
        for text in ["lead_id", "E-Mail", "a b", "a[b", "[x]", "ID[", "поле", "a.b[", "a.[b]", "items[].id"] {
            assert!(text.parse::<FieldPath>().is_ok(), "{text}");
        }
    }
}
