//! Comparisons in expressions, which all go by [`crate::comparison`].

use minijinja::value::ValueKind;
use minijinja::{State, Value as Jinja};

use super::arithmetic::{is_list, is_nothing};
use super::node::Comparator;
use super::value::{as_text, number_text};
use super::{EvalError, spend_bytes};
use crate::comparison::{self, Notes, Operand};
use crate::message::Message;

/// Levels of lists in lists that are compared.
const MAX_LEVELS: usize = 64;

/// Whether a comparison of two values holds.
pub(super) fn holds(
    state: &State,
    notes: &Notes,
    comparator: Comparator,
    left: &Jinja,
    right: &Jinja,
) -> Result<bool, EvalError> {
    let compare = Compare { state, notes };
    match comparator {
        Comparator::Equal => compare.equal(left, right, 0),
        Comparator::NotEqual => compare.equal(left, right, 0).map(|is_equal| !is_equal),
        Comparator::In => compare.is_in(left, right),
        Comparator::NotIn => compare.is_in(left, right).map(|is_in| !is_in),
        Comparator::Less | Comparator::AtMost | Comparator::Greater | Comparator::AtLeast => {
            let (one, other) = (number_text(left), number_text(right));
            let order = comparison::order(operand(left, &one), operand(right, &other), notes);
            Ok(order.is_some_and(|order| comparator.holds(order)))
        }
    }
}

struct Compare<'a, 't, 'e> {
    state: &'a State<'t, 'e>,
    notes: &'a Notes,
}

impl Compare<'_, '_, '_> {
    fn equal(&self, left: &Jinja, right: &Jinja, level: usize) -> Result<bool, EvalError> {
        self.state.consume_fuel(1)?;
        if level > MAX_LEVELS {
            return Err(EvalError(Message::ValueTooDeep { most: MAX_LEVELS }));
        }
        if is_list(left) && is_list(right) {
            return self.equal_lists(left, right, level);
        }
        if left.kind() == ValueKind::Map && right.kind() == ValueKind::Map {
            return self.equal_maps(left, right, level);
        }
        let (one, other) = (number_text(left), number_text(right));
        Ok(comparison::equal(operand(left, &one), operand(right, &other), self.notes))
    }

    fn equal_lists(&self, left: &Jinja, right: &Jinja, level: usize) -> Result<bool, EvalError> {
        let (mut left, mut right) = (left.try_iter()?, right.try_iter()?);
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ok(true),
                (Some(one), Some(other)) if self.equal(&one, &other, level + 1)? => {}
                _ => return Ok(false),
            }
        }
    }

    fn equal_maps(&self, left: &Jinja, right: &Jinja, level: usize) -> Result<bool, EvalError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for key in left.try_iter()? {
            let other = right.get_item(&key)?;
            if other.is_undefined() || !self.equal(&left.get_item(&key)?, &other, level + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An item of a list, a key of a map, or a part of a text.
    fn is_in(&self, left: &Jinja, right: &Jinja) -> Result<bool, EvalError> {
        if let Some(text) = right.as_str() {
            let part = as_text(left)?;
            spend_bytes(self.state, text.len() + part.len())?;
            return Ok(text.contains(part.as_str()));
        }
        if is_nothing(right) {
            return Ok(false);
        }
        match right.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                for item in right.try_iter()? {
                    if self.equal(left, &item, 1)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ValueKind::Map => Ok(!is_nothing(&right.get_item(left)?)),
            _ => Err(EvalError(Message::Foreign { reason: "in stands before a list, a map or a text".to_owned() })),
        }
    }
}

/// A value as it is compared; `number` is its text if it is a number that is no whole one.
fn operand<'a>(value: &'a Jinja, number: &'a Option<String>) -> Operand<'a> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Operand::Nothing,
        ValueKind::Bool => Operand::Flag(value.is_true()),
        ValueKind::String => Operand::Text(value.as_str().unwrap_or_default()),
        ValueKind::Number => match number {
            Some(text) => Operand::Number(text),
            None => i128::try_from(value.clone()).map_or(Operand::Items, Operand::Integer),
        },
        _ => Operand::Items,
    }
}
