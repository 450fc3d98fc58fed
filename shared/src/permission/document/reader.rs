//! The values of a document's keys, whatever they mean. A value of another type is a finding and counts as missing.

use serde_json::{Map, Value};

use super::KEYS;
use crate::finding::Finding;

/// A document and what was found wrong in it so far.
pub(super) struct Reader<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub(super) fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(path, message));
    }

    /// The value of a key; null counts as missing.
    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = self.value(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.fault(key, format!("must be a text, not {}", kind(value)));
        }
        text
    }

    pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(&mut self, key: &str) -> Option<T> {
        let parsed = self.text(key)?.parse::<T>();
        parsed.map_err(|error| self.fault(key, error.to_string())).ok()
    }

    /// The items of a list.
    pub(super) fn list(&mut self, key: &str) -> &'a [Value] {
        match self.value(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.fault(key, format!("must be a list, not {}", kind(other)));
                &[]
            }
        }
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(&mut self, key: &str) -> Vec<&'a str> {
        if let Some(Value::String(text)) = self.value(key) {
            return vec![text];
        }
        let mut texts = Vec::new();
        for item in self.list(key) {
            match item.as_str() {
                Some(text) => texts.push(text),
                None => self.fault(key, format!("must hold texts, not {}", kind(item))),
            }
        }
        texts
    }

    pub(super) fn unknown_keys(&mut self) {
        for key in self.map.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let short: String = key.chars().take(40).collect();
            self.fault(&short, format!("unknown key {short:?}: a permission has {}", KEYS.join(", ")));
        }
    }
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
