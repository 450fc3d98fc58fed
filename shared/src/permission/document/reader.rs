//! Values of a permission that are read more strictly than those of other documents: a list is written as a list, and
//! a number is no text. The panel shows these values as they are stored.

use std::str::FromStr;

use serde_json::Value;

use crate::document::Reader;
use crate::message::{Inner, Message, PermissionFault};

/// A text; any other value is a finding and counts as missing.
pub(super) fn text<'d>(reader: &mut Reader<'d, '_>, key: &'static str) -> Option<&'d str> {
    let value = reader.value(key)?;
    let text = value.as_str();
    if text.is_none() {
        reader.report(key, PermissionFault::MustBeTextNot { found: kind(value) });
    }
    text
}

/// What a text means.
pub(super) fn parsed<T: FromStr<Err: Into<Message>>>(reader: &mut Reader, key: &'static str) -> Option<T> {
    let parsed = text(reader, key)?.parse::<T>();
    parsed.map_err(|error| reader.report(key, error)).ok()
}

/// The items of a list.
pub(super) fn list<'d>(reader: &mut Reader<'d, '_>, key: &'static str) -> &'d [Value] {
    match reader.value(key) {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(other) => {
            reader.report(key, PermissionFault::MustBeListNot { found: kind(other) });
            &[]
        }
    }
}

/// A text, or the texts of a list.
pub(super) fn texts<'d>(reader: &mut Reader<'d, '_>, key: &'static str) -> Vec<&'d str> {
    if let Some(Value::String(text)) = reader.value(key) {
        return vec![text];
    }
    let mut texts = Vec::new();
    for item in list(reader, key) {
        match item.as_str() {
            Some(text) => texts.push(text),
            None => reader.report(key, PermissionFault::MustHoldTexts { found: kind(item) }),
        }
    }
    texts
}

pub(super) fn kind(value: &Value) -> Inner {
    let kind = match value {
        Value::Null => PermissionFault::FoundNothing,
        Value::Bool(_) => PermissionFault::FoundFlag,
        Value::Number(_) => PermissionFault::FoundNumber,
        Value::String(_) => PermissionFault::FoundText,
        Value::Array(_) => PermissionFault::FoundList,
        Value::Object(_) => PermissionFault::FoundMap,
    };
    Box::new(kind.into())
}
