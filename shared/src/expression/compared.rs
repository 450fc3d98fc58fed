//! Comparisons in expressions, which all go by [`crate::comparison`].

use minijinja::value::ValueKind;
use minijinja::{State, Value as Jinja};

use super::arithmetic::{is_list, is_nothing};
use super::node::Comparator;
use super::value::{as_text, number_text};
use super::{EvalError, spend_bytes, spend_copy};
use crate::comparison::{self, Basis, Operand};
use crate::message::{CalculationFault, Message};

/// Levels of lists in lists that are compared.
const MAX_LEVELS: usize = 64;

/// Whether a comparison of two values holds.
pub(super) fn holds(
    state: &State,
    basis: Basis,
    comparator: Comparator,
    left: &Side,
    right: &Side,
) -> Result<bool, EvalError> {
    let compare = Compare { state, basis };
    match comparator {
        Comparator::Equal => compare.equal(left, right, 0),
        Comparator::NotEqual => compare.equal(left, right, 0).map(|is_equal| !is_equal),
        Comparator::In => compare.is_in(left, &right.value),
        Comparator::NotIn => compare.is_in(left, &right.value).map(|is_in| !is_in),
        Comparator::Less | Comparator::AtMost | Comparator::Greater | Comparator::AtLeast => {
            compare.spend(left, right)?;
            let order = comparison::order(left.operand(), right.operand(), basis);
            Ok(order.is_some_and(|order| comparator.holds(order)))
        }
    }
}

/// A value that is compared.
pub(super) struct Side {
    pub(super) value: Jinja,
    /// What it is as a number, unless that is a whole one or the value is none.
    pub(super) digits: Option<String>,
}

impl Side {
    /// A value that was computed.
    pub(super) fn of(value: Jinja) -> Self {
        Self { digits: number_text(&value), value }
    }

    fn operand(&self) -> Operand<'_> {
        match self.value.kind() {
            ValueKind::Undefined | ValueKind::None => Operand::Nothing,
            ValueKind::Bool => Operand::Flag(self.value.is_true()),
            ValueKind::String => Operand::Text(self.value.as_str().unwrap_or_default()),
            ValueKind::Number => match &self.digits {
                Some(digits) => Operand::Number(digits),
                None => i128::try_from(self.value.clone()).map_or(Operand::Items, Operand::Integer),
            },
            _ => Operand::Items,
        }
    }
}

struct Compare<'a, 't, 'e> {
    state: &'a State<'t, 'e>,
    basis: Basis<'a>,
}

impl Compare<'_, '_, '_> {
    /// A step, and what reading two texts as far as the shorter one costs.
    fn spend(&self, left: &Side, right: &Side) -> Result<(), EvalError> {
        self.state.consume_fuel(1)?;
        let bytes = |side: &Side| side.value.as_str().map_or(0, str::len);
        spend_bytes(self.state, bytes(left).min(bytes(right)))
    }

    fn equal(&self, left: &Side, right: &Side, level: usize) -> Result<bool, EvalError> {
        self.spend(left, right)?;
        if level > MAX_LEVELS {
            return Err(EvalError(Message::ValueTooDeep { most: MAX_LEVELS }));
        }
        let is_map = |side: &Side| side.value.kind() == ValueKind::Map;
        if is_list(&left.value) && is_list(&right.value) {
            return self.equal_lists(&left.value, &right.value, level);
        }
        if is_map(left) && is_map(right) {
            return self.equal_maps(&left.value, &right.value, level);
        }
        Ok(comparison::equal(left.operand(), right.operand(), self.basis))
    }

    fn equal_lists(&self, left: &Jinja, right: &Jinja, level: usize) -> Result<bool, EvalError> {
        let (mut left, mut right) = (left.try_iter()?, right.try_iter()?);
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ok(true),
                (Some(one), Some(other)) => {
                    if !self.equal(&self.item(one)?, &self.item(other)?, level + 1)? {
                        return Ok(false);
                    }
                }
                _ => return Ok(false),
            }
        }
    }

    fn equal_maps(&self, left: &Jinja, right: &Jinja, level: usize) -> Result<bool, EvalError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for key in left.try_iter()? {
            let (one, other) = (left.get_item(&key)?, right.get_item(&key)?);
            if other.is_undefined() || !self.equal(&self.item(one)?, &self.item(other)?, level + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An item of a list or a map, which was copied.
    fn item(&self, value: Jinja) -> Result<Side, EvalError> {
        spend_copy(self.state, &value)?;
        Ok(Side::of(value))
    }

    /// An item of a list, a key of a map, or a part of a text; nothing and the empty text are part of no text, since a form
    /// posts an empty text for a field that nobody has filled in.
    fn is_in(&self, left: &Side, right: &Jinja) -> Result<bool, EvalError> {
        if let Some(text) = right.as_str() {
            let part = as_text(&left.value)?;
            spend_bytes(self.state, text.len() + part.len())?;
            return Ok(!part.is_empty() && text.contains(part.as_str()));
        }
        if is_nothing(right) {
            return Ok(false);
        }
        match right.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                for item in right.try_iter()? {
                    if self.equal(left, &self.item(item)?, 1)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ValueKind::Map => Ok(!is_nothing(&right.get_item(&left.value)?)),
            _ => Err(EvalError(CalculationFault::InUnfit.into())),
        }
    }
}
