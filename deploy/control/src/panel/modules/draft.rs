//! The first draft of a module that is not declared: the fields that its records have.

use std::collections::BTreeSet;

use postern_shared::env::Env;
use postern_shared::expression::is_email;
use postern_shared::id::ModuleName;
use postern_shared::module::MAX_FIELDS;
use serde_json::{Map, Value};

/// An open module with the fields of these records. A type is only guessed where it loses nothing: digits may be a
/// phone number. What holds a map has no type, and stays undeclared.
pub fn of<'r>(name: &ModuleName, records: impl Iterator<Item = &'r Env>) -> Value {
    let mut fields: Vec<(&String, BTreeSet<&str>)> = Vec::new();
    for (name, value) in records.flat_map(|record| &record.0) {
        let Some(guess) = guessed(value) else { continue };
        match fields.iter().position(|(known, _)| *known == name) {
            Some(at) => drop(fields[at].1.insert(guess)),
            None if fields.len() < MAX_FIELDS => fields.push((name, BTreeSet::from([guess]))),
            None => {}
        }
    }
    fields.retain(|(_, guesses)| !guesses.contains("map"));
    let word =
        |guesses: BTreeSet<&'static str>| guesses.first().filter(|_| guesses.len() == 1).map_or("text", |one| one);
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, guesses)| (name.clone(), Value::from(word(guesses)))).collect();
    let name = Value::from(name.as_str());
    let module = [("module", name.clone()), ("title", name), ("strict", false.into()), ("fields", fields.into())];
    Value::Object(module.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn guessed(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) if is_email(text) => "email",
        Value::String(_) => "text",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    })
}

#[cfg(test)]
mod tests {
    use postern_shared::module::Module;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_draft_has_the_fields_of_the_records_with_types_that_lose_nothing() {
        let records = [
            r#"{"phone": "0170", "mail": "a@example.org", "n": 5, "nested": {"a": 1}}"#,
            r#"{"mail": "", "n": "five", "tags": ["x"], "agreed": true}"#,
        ];
        let records = records.map(|text| serde_json::from_str::<Env>(text).unwrap());
        let draft = of(&"Leads".parse().unwrap(), records.iter());
        let fields = json!({"phone": "text", "mail": "email", "n": "text", "tags": "list", "agreed": "boolean"});
        assert_eq!(draft["fields"], fields);
        assert!(Module::from_document(&draft).is_ok());
    }
}
