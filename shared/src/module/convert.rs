//! Values as the types of fields keep them. Forms post texts, so a text that means a value of the type becomes that
//! value, in one form, by which equal values are equal and greater ones sort behind. What means nothing is no value.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::field::FieldType;
use crate::expression::{is_email, render};
use crate::id::ModuleName;
use crate::record_ref::RecordRef;
use crate::{blank, boolean, date, number, phone, web_address};

/// The value of the type; what is empty is null, and none = it cannot be one. Clock times are those of the zone.
pub(super) fn convert(kind: &FieldType, value: &Value, zone: &TimeZone) -> Option<Value> {
    if let FieldType::List(options) = kind {
        return list(options, value);
    }
    if matches!(value, Value::Object(_)) {
        return None;
    }
    let text = render(value);
    let trimmed = blank::trim(&text);
    if trimmed.is_empty() {
        return Some(Value::Null);
    }
    match kind {
        FieldType::Text => Some(Value::String(text)),
        FieldType::Integer => number::read_whole(trimmed).map(Value::Number),
        FieldType::Number => number::read(trimmed).map(Value::Number),
        FieldType::Boolean => boolean::read(trimmed).map(Value::Bool),
        FieldType::Date => date::read(trimmed, zone).map(|date| Value::String(date.day().to_string())),
        FieldType::Datetime => {
            let moment = date::read(trimmed, zone)?.moment(zone)?.timestamp();
            Some(Value::String(format!("{moment:.3}")))
        }
        FieldType::Email => is_email(trimmed).then(|| trimmed.into()),
        FieldType::Phone => phone::read(trimmed).map(Value::String),
        FieldType::Url => web_address::read(trimmed).map(Value::String),
        FieldType::Choice(options) => options.iter().any(|option| option == trimmed).then(|| trimmed.into()),
        FieldType::Reference(module) => reference(module, trimmed),
        FieldType::List(_) => None,
    }
}

/// The number of an own record, or the whole name of a record of another system.
fn reference(module: &ModuleName, text: &str) -> Option<Value> {
    match text.parse().ok()? {
        RecordRef::Own(id) => Some(Value::from(id.get())),
        RecordRef::Connected(record) if record.module == *module => Some(record.by_number().to_string().into()),
        RecordRef::Connected(_) => None,
    }
}

/// A single value is a list of one.
fn list(options: &[String], value: &Value) -> Option<Value> {
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        one => vec![one.clone()],
    };
    let is_option =
        |item: &Value| options.is_empty() || item.as_str().is_some_and(|item| options.iter().any(|o| o == item));
    let is_list = items.iter().all(is_option);
    is_list.then(|| if items.is_empty() { Value::Null } else { Value::Array(items) })
}
