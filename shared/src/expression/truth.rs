//! What counts as true: whatever is not null, false, zero, or empty.

use serde_json::Value;

use super::Scope;
use crate::boolean;

/// Whether a value counts as true.
pub(super) fn is_true(value: &Value, scope: &Scope) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => text_is_true(text, scope),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// Whether a text counts as true. A person may have meant another thing by `0` or `no`, which is noted.
pub(super) fn text_is_true(text: &str, scope: &Scope) -> bool {
    // A dash stands for nothing more often than for no.
    if text.trim() != "-" && boolean::read(text.trim()) == Some(false) {
        scope.notes.text_counts_as_true();
    }
    !text.is_empty()
}
