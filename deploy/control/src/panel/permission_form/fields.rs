//! The fields of the form of a permission: from a document, from what was typed, and to a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::panel::visit::Pairs;

/// The fields that are one text.
pub const TEXTS: [&str; 10] =
    ["permission", "title", "short_url", "expires", "charset", "files", "ping", "dedupe_days", "status", "body"];
/// The fields that are a list, written in one text.
pub const LISTS: [&str; 3] = ["addresses", "origins", "dedupe_by"];

/// What the form holds.
#[derive(Debug, Default)]
pub struct Fields {
    /// The texts, by the names of their fields.
    pub texts: Map<String, Value>,
    /// The workflows that may be run.
    pub workflows: BTreeSet<String>,
    /// The triggers that may be fired.
    pub triggers: BTreeSet<String>,
    /// Whether the permission is in force.
    pub enabled: bool,
}

impl Fields {
    /// The text of a field; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.texts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets the text of a field.
    pub fn set(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(name.to_owned(), Value::String(text.into()));
    }
}

/// What a document says.
pub fn of_document(document: &Value) -> Fields {
    let mut fields = Fields { enabled: document["enabled"].as_bool().unwrap_or(true), ..Fields::default() };
    for name in TEXTS {
        fields.set(name, text(&document[name]));
    }
    fields.set("status", text(&document["answer"]["status"]));
    fields.set("body", text(&document["answer"]["body"]));
    let lines = |value: &Value| match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => text(other),
    };
    for name in LISTS {
        fields.set(name, lines(&document[name]));
    }
    let all = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    (fields.workflows, fields.triggers) = (all(&document["workflows"]), all(&document["triggers"]));
    fields
}

/// What was typed.
pub fn of_form(form: &Pairs) -> Fields {
    let mut fields = Fields { enabled: form.get("enabled") == "true", ..Fields::default() };
    for name in TEXTS.into_iter().chain(LISTS) {
        let text = form.get(name);
        // What is answered may begin and end as it likes.
        fields.set(name, if name == "body" { text } else { text.trim() });
    }
    let all = |name| form.all(name).map(str::to_owned).collect();
    (fields.workflows, fields.triggers) = (all("workflows"), all("triggers"));
    fields
}

/// The document that the fields say; what is empty is left out.
pub fn to_document(fields: &Fields) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    let list = |name| -> Vec<Value> { words(fields.get(name)).into_iter().map(Value::String).collect() };
    // Null is what is missing, and said to be.
    put("permission", Some(fields.get("permission")).filter(|key| !key.is_empty()).map_or(Value::Null, Value::from));
    if !fields.get("title").is_empty() {
        put("title", fields.get("title").into());
    }
    put("addresses", Value::Array(lines(fields.get("addresses"))));
    if !fields.workflows.is_empty() {
        put("workflows", fields.workflows.iter().map(|id| number_or_text(id)).collect());
    }
    if !fields.triggers.is_empty() {
        put("triggers", fields.triggers.iter().map(|key| Value::from(key.as_str())).collect());
    }
    for name in ["short_url", "expires", "charset", "files", "ping"] {
        // `refuse` is what holds without the key.
        if !fields.get(name).is_empty() && fields.get(name) != "refuse" {
            put(name, fields.get(name).into());
        }
    }
    if !fields.get("status").is_empty() {
        let mut answer = Map::new();
        answer.insert("status".to_owned(), number_or_text(fields.get("status")));
        answer.insert("body".to_owned(), fields.get("body").into());
        put("answer", Value::Object(answer));
    }
    for name in ["dedupe_by", "origins"] {
        if !list(name).is_empty() {
            put(name, Value::Array(list(name)));
        }
    }
    if !fields.get("dedupe_days").is_empty() {
        put("dedupe_days", number_or_text(fields.get("dedupe_days")));
    }
    if !fields.enabled {
        put("enabled", false.into());
    }
    Value::Object(document)
}

/// The same document with the keys of the stored one that have no field in the form.
pub fn with_others(mut document: Value, stored: Option<&Value>) -> Value {
    for name in ["query_values", "wait", "headers"] {
        if let Some(value) = stored.and_then(|stored| stored.get(name)) {
            document[name] = value.clone();
        }
    }
    if let Some(media_type) = stored.and_then(|stored| stored["answer"].get("type"))
        && let Some(answer) = document.get_mut("answer").and_then(Value::as_object_mut)
    {
        answer.insert("type".to_owned(), media_type.clone());
    }
    document
}

/// One item a line; blanks belong to the item, as around the `-` of a range.
fn lines(text: &str) -> Vec<Value> {
    text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What is no number stays a text, which the validator then names.
fn number_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_that_went_through_the_form_is_the_same() {
        let document = json!({
            "permission": "office", "title": "Office", "addresses": ["192.168.0.*", "10.0.0.1"], "workflows": [77],
            "triggers": ["web_lead"], "short_url": "office", "expires": "2027-01-01", "charset": "windows-1251",
            "files": "drop", "ping": "test=test", "answer": {"status": 200, "body": " OK"}, "dedupe_by": ["lead_id"],
            "origins": ["https://a.example"], "dedupe_days": 7, "enabled": false,
        });
        assert_eq!(to_document(&of_document(&document)), document);
        let mut more = document.clone();
        more["query_values"] = json!("env");
        more["answer"]["type"] = json!("text/xml");
        assert_eq!(with_others(to_document(&of_document(&more)), Some(&more))["query_values"], "env");
        assert_eq!(with_others(to_document(&of_document(&more)), Some(&more))["answer"]["type"], "text/xml");
        let short = json!({"permission": "a", "addresses": ["any"], "triggers": ["x"]});
        assert_eq!(to_document(&of_document(&short)), short);
    }
}
