//! The fields of the form: from a document to fields, from fields to a document.

mod signing;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::panel::visit::Visit;

/// The fields that are one text.
const TEXTS: [&str; 31] = [
    "permission",
    "title",
    "short_url",
    "expires",
    "charset",
    "files",
    "ping",
    "dedupe_days",
    "status",
    "type",
    "body",
    "redirect",
    "redirect_error",
    "query_values",
    "wait",
    "limit",
    "verify_query",
    "verify_token",
    "token",
    "token_header",
    "token_query",
    "signature_preset",
    "signature_secret",
    "signature_public_url",
    "signature_header",
    "signature_algorithm",
    "signature_encoding",
    "signature_prefix",
    "signature_signed",
    "signature_timestamp",
    "signature_tolerance",
];
/// The fields that are a list, written in one text.
const LISTS: [&str; 5] = ["addresses", "origins", "dedupe_by", "headers", "signature_secrets"];
/// The boxes that are empty unless the document says otherwise.
const BOXES: [&str; 3] = ["raw", "batch", "verify"];

/// The fields of `answer`.
const ANSWER: [&str; 5] = ["status", "type", "body", "redirect", "redirect_error"];
/// The fields of `verify`.
const VERIFY: [(&str, &str); 2] = [("verify_query", "query"), ("verify_token", "token")];

/// The fields that every permission needs or that are cosmetic. All others stand under "for callers that cannot be changed".
const MAIN: [&str; 8] =
    ["permission", "title", "short_url", "expires", "addresses", "workflows", "triggers", "enabled"];

/// What the form holds.
#[derive(Debug, Default)]
pub(super) struct Fields {
    texts: Map<String, Value>,
    pub(super) workflows: BTreeSet<String>,
    pub(super) triggers: BTreeSet<String>,
    pub(super) enabled: bool,
    checked: BTreeSet<&'static str>,
}

impl Fields {
    /// Those of a new permission.
    pub(super) fn enabled() -> Self {
        Self { enabled: true, ..Self::default() }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.texts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn set(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(name.to_owned(), Value::String(text.into()));
    }

    /// Whether a box is checked.
    pub(super) fn is_checked(&self, name: &str) -> bool {
        self.checked.contains(name)
    }

    /// Whether one of the fields for callers that cannot be changed says something.
    pub(super) fn has_more(&self) -> bool {
        let is_default = |name: &str| matches!(self.get(name), "" | "refuse" | "query");
        !self.checked.is_empty() || TEXTS.into_iter().chain(LISTS).any(|name| is_more(name) && !is_default(name))
    }
}

/// Whether the mistakes of a key stand with the fields for callers that cannot be changed.
pub(super) fn is_more(key: &str) -> bool {
    has_field(key) && !MAIN.contains(&key)
}

pub(super) fn of_document(document: &Value) -> Fields {
    let mut fields = Fields { enabled: document["enabled"].as_bool().unwrap_or(true), ..Fields::default() };
    for name in TEXTS {
        fields.set(name, text(&document[name]));
    }
    let (answer, verify) = (&document["answer"], &document["verify"]);
    for name in ANSWER {
        fields.set(name, text(&answer[name]));
    }
    for (name, key) in VERIFY {
        fields.set(name, text(&verify[key]));
    }
    let is_checked = |name: &&str| document[*name].as_bool() == Some(true) || document[*name].is_object();
    fields.checked = BOXES.into_iter().filter(is_checked).collect();
    for name in LISTS {
        fields.set(name, joined(&document[name]));
    }
    signing::read(&mut fields, document);
    let all = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    (fields.workflows, fields.triggers) = (all(&document["workflows"]), all(&document["triggers"]));
    fields
}

pub(super) fn of_form(visit: &Visit<'_>) -> Fields {
    let mut fields = Fields { enabled: visit.form.get("enabled") == "true", ..Fields::default() };
    for name in TEXTS.into_iter().chain(LISTS) {
        let text = visit.form.get(name);
        // An answer may begin and end with spaces.
        fields.set(name, if name == "body" { text } else { text.trim() });
    }
    fields.checked = BOXES.into_iter().filter(|name| visit.form.get(name) == "true").collect();
    // Those that are not offered to be ticked are typed, several in one field.
    let all = |name| visit.form.all(name).flat_map(words).collect();
    (fields.workflows, fields.triggers) = (all("workflows"), all("triggers"));
    fields
}

/// The document that the fields say; what is empty is left out.
pub(super) fn to_document(fields: &Fields) -> Value {
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
    for name in ["short_url", "expires", "charset", "files", "ping", "query_values", "limit"] {
        // These two are what holds without the key.
        if !matches!(fields.get(name), "" | "refuse" | "query") {
            put(name, fields.get(name).into());
        }
    }
    for (name, map) in [("answer", answer(fields)), ("verify", verify(fields))] {
        map.into_iter().for_each(|map| _ = put(name, Value::Object(map)));
    }
    if !fields.get("token").is_empty() {
        put("token", signing::token(fields));
    }
    signing::signature(fields).into_iter().for_each(|map| _ = put("signature", Value::Object(map)));
    for name in ["dedupe_by", "origins", "headers"] {
        if !list(name).is_empty() {
            put(name, Value::Array(list(name)));
        }
    }
    for name in ["dedupe_days", "wait"] {
        if !fields.get(name).is_empty() {
            put(name, number_or_text(fields.get(name)));
        }
    }
    for name in ["raw", "batch"] {
        if fields.is_checked(name) {
            put(name, true.into());
        }
    }
    if !fields.enabled {
        put("enabled", false.into());
    }
    Value::Object(document)
}

/// The answer that the fields describe; none = they describe no answer.
fn answer(fields: &Fields) -> Option<Map<String, Value>> {
    let said = ANSWER.into_iter().filter(|name| !fields.get(name).is_empty());
    let value = |name: &str| if name == "status" { number_or_text(fields.get(name)) } else { fields.get(name).into() };
    let map: Map<String, Value> = said.map(|name| (name.to_owned(), value(name))).collect();
    Some(map).filter(|map| !map.is_empty())
}

/// Which challenges are answered; nothing if the box is empty.
fn verify(fields: &Fields) -> Option<Map<String, Value>> {
    let said = VERIFY.into_iter().filter(|(name, _)| !fields.get(name).is_empty());
    let map = said.map(|(name, key)| (key.to_owned(), fields.get(name).into())).collect();
    Some(map).filter(|_| fields.is_checked("verify"))
}

/// Adds the keys of the stored document that have no field in the form.
pub(super) fn with_others(mut document: Value, stored: Option<&Value>) -> Value {
    let others = |map: &Value, has_field: fn(&str) -> bool| -> Map<String, Value> {
        let all = map.as_object().into_iter().flatten();
        all.filter(|(key, _)| !has_field(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let Some((stored, whole)) = stored.zip(document.as_object_mut()) else { return document };
    whole.extend(others(stored, has_field));
    if let Some(verify) = whole.get_mut("verify").and_then(Value::as_object_mut) {
        verify.extend(others(&stored["verify"], |key| matches!(key, "query" | "token")));
    }
    document
}

/// Whether the form has a field for a key of the document.
pub(super) fn has_field(key: &str) -> bool {
    TEXTS.contains(&key)
        || LISTS.contains(&key)
        || BOXES.contains(&key)
        || matches!(key, "workflows" | "triggers" | "answer" | "signature" | "enabled")
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

/// A list, one item a line.
fn joined(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => text(other),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
