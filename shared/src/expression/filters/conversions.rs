//! `int` and `float`, which read a text by the rules of [`crate::number`]: whatever `is number` says is a number is one here.

use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, ErrorKind, State, Value, filters};

use super::failed;
use crate::expression::arithmetic::kind_of;
use crate::message::{CalculationFault, Message};
use crate::number;

/// Whole numbers are calculated in so many bits; a larger one would become the largest of these in silence.
const WHOLE_NUMBERS: std::ops::Range<f64> = -1.7e38..1.7e38;

pub(super) fn add(environment: &mut Environment<'static>) {
    convert(environment, "float", Value::from_function(filters::float));
    convert(environment, "int", Value::from_function(filters::int));
}

/// What a value is to `int` or `float`.
enum Read {
    /// minijinja's filter converts it.
    Fits(Value),
    /// It is a number, and too large.
    TooLarge,
}

/// minijinja's filter with our reading of texts; a blank text, which a form posts for an empty field, is nothing.
fn convert(environment: &mut Environment<'static>, name: &'static str, filter: Value) {
    environment.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        let mut args: Vec<Value> = args.0.into_iter().map(ValueOrKwargs::into_value).collect();
        let has_base = has_base(&args);
        let Some(value) = args.first_mut() else { return filter.call(state, &args) };
        let kind = kind_of(value);
        let read = match value.as_str().map(str::trim) {
            Some(text) if has_base => Read::Fits(Value::from(text)),
            Some(text) => of_text(name, text),
            None => of_number(name, value),
        };
        let is_too_large = matches!(read, Read::TooLarge);
        // What is no number at all: the filter gives its default then, or fails.
        *value = if let Read::Fits(value) = read { value } else { Value::from("-") };
        filter.call(state, &args).map_err(|error| match error.kind() {
            ErrorKind::InvalidOperation if is_too_large => failed(Message::ValueOutOfRange),
            ErrorKind::InvalidOperation => failed(CalculationFault::NumberUnfit { filter: name.to_owned(), of: kind }),
            _ => error,
        })
    });
}

/// `int(0, 16)`: such a number is written in other digits.
fn has_base(args: &[Value]) -> bool {
    let named = args.last().filter(|last| last.is_kwargs()).cloned();
    args.get(2).is_some_and(|base| !base.is_kwargs())
        || named.and_then(|named| Kwargs::try_from(named).ok()).is_some_and(|named| named.has("base"))
}

fn of_text(name: &str, text: &str) -> Read {
    if text.is_empty() {
        return Read::Fits(Value::UNDEFINED);
    }
    let Some(number) = number::read(text) else {
        // `inf` and `nan` are numbers to minijinja.
        let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
        return if is_number { of_digits(name, text) } else { Read::Fits(Value::from("-")) };
    };
    of_digits(name, number.as_str())
}

fn of_digits(name: &str, digits: &str) -> Read {
    let whole = digits.split('.').next().unwrap_or_default();
    if name == "int"
        && !digits.contains(['e', 'E'])
        && let Ok(whole) = whole.parse::<i128>()
    {
        return Read::Fits(i64::try_from(whole).map_or_else(|_| Value::from(whole), Value::from));
    }
    digits.parse::<f64>().map_or(Read::TooLarge, |number| of_number(name, &Value::from(number)))
}

fn of_number(name: &str, value: &Value) -> Read {
    let is_whole = value.is_integer() || !value.is_number();
    let number = f64::try_from(value.clone()).ok();
    match number {
        Some(number) if name == "int" && !is_whole && !WHOLE_NUMBERS.contains(&number) => Read::TooLarge,
        _ => Read::Fits(value.clone()),
    }
}
