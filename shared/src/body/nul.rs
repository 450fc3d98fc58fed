//! NUL characters in values, which programs with texts of a fixed length send. PostgreSQL keeps none in a text, so each of
//! them becomes U+FFFD, as it does in a query.

use std::collections::HashSet;
use std::ops::BitOr;

use serde_json::Value;

use super::fields::Fields;
use crate::env::{EnvError, Limits};

/// Checks the variables of a body, after NUL characters in their values have become U+FFFD.
pub(super) fn checked(fields: &mut Fields, limits: &Limits) -> Result<(), EnvError> {
    match limits.check(&fields.env) {
        Err(EnvError::Nul(_)) => {}
        checked => return checked,
    }
    let known: HashSet<String> = fields.altered.iter().cloned().collect();
    for (name, value) in &mut fields.env.0 {
        if replaced(value) && !known.contains(name) {
            fields.altered.push(name.clone());
        }
    }
    limits.check(&fields.env)
}

/// Whether a value had such characters. It is no deeper than the limit: the readers of bodies see to that.
fn replaced(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text.contains('\0') => {
            *text = text.replace('\0', "\u{fffd}");
            true
        }
        Value::Array(items) => items.iter_mut().map(replaced).fold(false, bool::bitor),
        Value::Object(map) => map.values_mut().map(replaced).fold(false, bool::bitor),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
