//! XML is nested values that hold no more than the text does, or nothing; what a document type declares adds nothing.

use postern_shared::xml;
use serde_json::Value;

/// Levels of values: those of elements, and two for each list of elements.
const MAX_DEPTH: usize = 200;

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(value) = xml::value(text) else { return };
    assert!(value.as_object().is_some_and(|map| map.len() == 1), "one outermost element");
    // Names of attributes get an `@`, and a text beside elements the name `#text`.
    let room = text.len() * 2 + 16;
    assert!(held(&value, 0) <= room, "{} of {room}", held(&value, 0));
    assert_eq!(xml::value(text), Some(value.clone()));
    if !text.starts_with('\u{feff}') {
        assert_eq!(xml::value(&format!("\u{feff}{text}")), Some(value.clone()));
        // A document type in front, with an entity that would grow.
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>";
        if !text.trim_start().starts_with("<?") {
            assert_eq!(xml::value(&format!("{bomb}{text}")), Some(value.clone()));
        }
    }
    // It travels as JSON.
    let wire = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&wire).unwrap(), value);
}

/// Bytes of all names and texts.
fn held(value: &Value, depth: usize) -> usize {
    assert!(depth <= MAX_DEPTH);
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| held(item, depth + 1)).sum(),
        Value::Object(map) => map.iter().map(|(name, item)| name.len() + held(item, depth + 1)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
