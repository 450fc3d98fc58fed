//! Whatever two values are compared, the answer is the same from both sides, and numbers are in their order.

use std::cmp::Ordering;

use postern_shared::comparison::{Basis, Notes, Operand, equal, order};
use postern_shared::expression::Local;
use postern_shared::number::as_number;
use serde_json::Value;

/// Fails if it does not hold for this input: two lines, each JSON or a text.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (left, right) = text.split_once('\n').unwrap_or((text, text));
    let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line));
    let (left, right) = (value(left), value(right));
    let (one, other, notes) = (Operand::of(&left), Operand::of(&right), Notes::default());
    let local = Local::default();
    let basis = Basis { zone: &local.zone, notes: &notes };
    let found = order(one, other, basis);
    assert_eq!(found, order(other, one, basis).map(Ordering::reverse));
    assert_eq!(equal(one, other, basis), equal(other, one, basis));
    if let Some(found) = found {
        assert_eq!(equal(one, other, basis), found == Ordering::Equal);
    }
    if let (Some(exact), Some(near), Some(near_other)) = (found, number(&left), number(&right))
        && !(left.is_string() && right.is_string())
        && near != near_other
    {
        assert_eq!(Some(exact), near.partial_cmp(&near_other));
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => as_number(text)?.parse().ok(),
        value => value.as_f64(),
    }
    .filter(|number| number.is_finite())
}
