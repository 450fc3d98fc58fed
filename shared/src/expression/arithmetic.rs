//! `+ - * / // % **` of two values, as Jinja knows them: whole numbers are exact, and what does not fit is an error with advice.

use minijinja::value::ValueKind;
use minijinja::{State, Value as Jinja};

use super::node::Arithmetic;
use super::{EvalError, MAX_VALUE_BYTES, local, spend_bytes};
use crate::message::{CalculationFault, Inner, Message};
use crate::number::{self, as_number};

/// Two numbers of one kind.
enum Pair {
    Whole(i128, i128),
    Float(f64, f64),
}

/// The value of one operator.
pub(super) fn apply(state: &State, sign: Arithmetic, left: &Jinja, right: &Jinja) -> Result<Jinja, EvalError> {
    match (pair(left, right), sign) {
        (Some(Pair::Whole(one, other)), _) => match whole(sign, one, other) {
            Some(number) => Ok(number),
            None => float(sign, one as f64, other as f64).ok_or_else(|| cannot(sign)),
        },
        (Some(Pair::Float(one, other)), _) => float(sign, one, other).ok_or_else(|| cannot(sign)),
        (None, Arithmetic::Add) => add(state, left, right),
        (None, Arithmetic::Multiply) => multiply(state, left, right),
        (None, _) => Err(unfit(sign, left, right)),
    }
}

/// The number with the other sign.
pub(super) fn negative(value: &Jinja) -> Result<Jinja, EvalError> {
    match pair(value, value) {
        Some(Pair::Whole(number, _)) => number.checked_neg().map(small).ok_or_else(out_of_range),
        Some(Pair::Float(number, _)) => Ok(Jinja::from(-number)),
        None => Err(EvalError(CalculationFault::MinusUnfit { of: kind_of(value) }.into())),
    }
}

fn pair(left: &Jinja, right: &Jinja) -> Option<Pair> {
    let is_number = |value: &Jinja| matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
    if !is_number(left) || !is_number(right) {
        return None;
    }
    match (i128::try_from(left.clone()), i128::try_from(right.clone())) {
        (Ok(one), Ok(other)) if is_whole(left) && is_whole(right) => Some(Pair::Whole(one, other)),
        _ => Some(Pair::Float(f64::try_from(left.clone()).ok()?, f64::try_from(right.clone()).ok()?)),
    }
}

fn is_whole(value: &Jinja) -> bool {
    value.is_integer() || value.kind() == ValueKind::Bool
}

/// Nothing = it is no whole number, or one too large.
fn whole(sign: Arithmetic, one: i128, other: i128) -> Option<Jinja> {
    Some(small(match sign {
        Arithmetic::Add => one.checked_add(other)?,
        Arithmetic::Subtract => one.checked_sub(other)?,
        Arithmetic::Multiply => one.checked_mul(other)?,
        Arithmetic::Divide => return None,
        // Towards the smaller number, as Python divides.
        Arithmetic::DivideWhole => {
            let quotient = one.checked_div(other)?;
            if one % other != 0 && (one < 0) != (other < 0) { quotient - 1 } else { quotient }
        }
        Arithmetic::Remainder => {
            let rest = one.checked_rem(other)?;
            if rest != 0 && (rest < 0) != (other < 0) { rest + other } else { rest }
        }
        Arithmetic::Power => one.checked_pow(u32::try_from(other).ok()?)?,
    }))
}

fn float(sign: Arithmetic, one: f64, other: f64) -> Option<Jinja> {
    let number = match sign {
        Arithmetic::Add => one + other,
        Arithmetic::Subtract => one - other,
        Arithmetic::Multiply => one * other,
        Arithmetic::Divide => one / other,
        Arithmetic::DivideWhole => (one / other).floor(),
        Arithmetic::Remainder => one - other * (one / other).floor(),
        Arithmetic::Power => one.powf(other),
    };
    // Divided by zero it is none; what is merely too large is refused when it is to be stored.
    let by_zero = matches!(sign, Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder) && other == 0.0;
    (!by_zero && !number.is_nan()).then(|| Jinja::from(number))
}

fn small(number: i128) -> Jinja {
    i64::try_from(number).map_or_else(|_| Jinja::from(number), Jinja::from)
}

/// Two texts, a text and nothing, or two lists.
fn add(state: &State, left: &Jinja, right: &Jinja) -> Result<Jinja, EvalError> {
    match (left.as_str(), right.as_str()) {
        (Some(one), Some(other)) => {
            if as_number(one).is_some() && as_number(other).is_some() {
                local::notes_of(state).joined_numbers();
            }
            joined(state, one, other)
        }
        (Some(_), None) if is_nothing(right) => Ok(left.clone()),
        (None, Some(_)) if is_nothing(left) => Ok(right.clone()),
        (None, None) if is_nothing(left) && is_nothing(right) => Ok(Jinja::UNDEFINED),
        (None, None) if is_list(left) && is_list(right) => {
            let mut items = Vec::new();
            for item in left.try_iter()?.chain(right.try_iter()?) {
                state.consume_fuel(1)?;
                items.push(item);
            }
            Ok(Jinja::from(items))
        }
        (None, None) => Err(unfit(Arithmetic::Add, left, right)),
        _ => Err(EvalError(Message::JoinOrAdd { left: kind_of(left), right: kind_of(right) })),
    }
}

/// Two texts as one.
pub(super) fn joined(state: &State, one: &str, other: &str) -> Result<Jinja, EvalError> {
    let bytes = one.len() + other.len();
    if bytes > MAX_VALUE_BYTES {
        return Err(EvalError(Message::ValueTooLarge { most: MAX_VALUE_BYTES }));
    }
    spend_bytes(state, bytes)?;
    Ok(Jinja::from([one, other].concat()))
}

/// A text that is repeated; a posted number is a text, too, and is not.
fn multiply(state: &State, left: &Jinja, right: &Jinja) -> Result<Jinja, EvalError> {
    if is_list(left) || is_list(right) {
        return Err(EvalError(CalculationFault::ListTimes.into()));
    }
    let (text, times) = match (left.as_str(), right.as_str()) {
        (Some(text), None) => (text, right),
        (None, Some(text)) => (text, left),
        _ => return Err(unfit(Arithmetic::Multiply, left, right)),
    };
    if number::read(text).is_some() {
        return Err(unfit(Arithmetic::Multiply, left, right));
    }
    let times = i128::try_from(times.clone()).ok().filter(|_| is_whole(times));
    let Some(times) = times else { return Err(unfit(Arithmetic::Multiply, left, right)) };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    let bytes = text.len().saturating_mul(times);
    spend_bytes(state, bytes)?;
    if bytes > MAX_VALUE_BYTES {
        return Err(EvalError(Message::ValueTooLarge { most: MAX_VALUE_BYTES }));
    }
    Ok(Jinja::from(text.repeat(times)))
}

/// Null or unknown.
pub(super) fn is_nothing(value: &Jinja) -> bool {
    value.is_undefined() || value.is_none()
}

/// Whether a value has items in an order.
pub(super) fn is_list(value: &Jinja) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// What a value is, for people.
pub(super) fn kind_of(value: &Jinja) -> Inner {
    Box::new(Message::from(match value.kind() {
        ValueKind::Undefined | ValueKind::None => CalculationFault::KindNothing,
        ValueKind::Bool => CalculationFault::KindFlag,
        ValueKind::Number => CalculationFault::KindNumber,
        ValueKind::String => CalculationFault::KindText,
        ValueKind::Seq | ValueKind::Iterable => CalculationFault::KindList,
        ValueKind::Map => CalculationFault::KindMap,
        _ => CalculationFault::KindValue,
    }))
}

fn unfit(sign: Arithmetic, left: &Jinja, right: &Jinja) -> EvalError {
    let sign = sign.sign().to_owned();
    EvalError(CalculationFault::SignUnfit { sign, left: kind_of(left), right: kind_of(right) }.into())
}

fn cannot(sign: Arithmetic) -> EvalError {
    EvalError(CalculationFault::NotCalculable { sign: sign.sign().to_owned() }.into())
}

fn out_of_range() -> EvalError {
    EvalError(Message::ValueOutOfRange)
}
