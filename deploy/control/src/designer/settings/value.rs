//! Values of a document as a person types them in a field.

use postern_shared::yaml;
use serde_json::{Map, Value};

use super::Control;

/// A condition on a field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// How it is compared.
    pub operator: String,
    /// With what.
    pub value: Value,
}

/// The operator of a value that stands alone.
pub(super) const IS: &str = "is";

/// What stands in a field.
pub(super) fn shown(control: Control, value: &Value) -> String {
    match control {
        Control::Value if value.is_null() => String::new(),
        Control::Value => yaml::write(value).trim_end().to_owned(),
        Control::Line | Control::Text if value.is_array() => texts(value).join(", "),
        Control::Line | Control::Text | Control::Choice | Control::Rule => scalar(value),
        _ => String::new(),
    }
}

/// What stands in the field of an entry of a map. A list and a map are shown as JSON.
pub(super) fn shown_entry(value: &Value) -> String {
    scalar(value)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The texts of a list, or one alone.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(scalar).collect(),
        Value::Null => Vec::new(),
        one => vec![scalar(one)],
    }
}

/// The conditions of `where`, one for each operator.
pub(super) fn conditions(value: &Value) -> Vec<Condition> {
    let mut all = Vec::new();
    for (field, value) in value.as_object().into_iter().flatten() {
        let one = |operator: &str, value: &Value| Condition {
            field: field.clone(),
            operator: operator.to_owned(),
            value: value.clone(),
        };
        match value {
            Value::Object(operators) => all.extend(operators.iter().map(|(name, value)| one(name, value))),
            value => all.push(one(IS, value)),
        }
    }
    all
}

/// The `where` that conditions make. A value that is compared with `is` alone stands alone, unless it stood in a map.
pub(super) fn with_conditions(conditions: &[Condition], old: &Value) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for Condition { field, operator, value } in conditions {
        let alone = conditions.iter().filter(|other| other.field == *field).count() == 1;
        if operator == IS && alone && !old[field].is_object() {
            map.insert(field.clone(), value.clone());
        } else if let Some(operators) =
            map.entry(field.clone()).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
        {
            operators.insert(operator.clone(), value.clone());
        }
    }
    map
}

/// The value that was typed for an entry. What was not touched stays; a list or a map is typed as JSON; a number and
/// true or false have their types.
pub(super) fn entry(typed: &str, old: Option<&Value>, has_types: bool) -> Value {
    if let Some(old) = old.filter(|old| shown_entry(old) == typed) {
        return old.clone();
    }
    match serde_json::from_str::<Value>(typed) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) if has_types => value,
        Ok(Value::Number(number)) if has_types && number.as_str() == typed => Value::Number(number),
        Ok(value @ Value::Bool(_)) if has_types => value,
        _ => Value::from(typed),
    }
}
