//! Numbers: `is number`, `round`, `format_number`. A text is a number by the rules of [`crate::number`].

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value, tests};

use super::rounding::{Rounding, decimal, rounded};
use super::{failed, holds, is_nothing};
use crate::message::CalculationFault;
use crate::number::{self, as_number};

/// How numbers are written: the language, what stands between thousands, and before the fraction.
const LOCALES: [(&str, &str, &str); 12] = [
    ("en", ",", "."),
    ("ru", "\u{a0}", ","),
    ("uk", "\u{a0}", ","),
    ("kk", "\u{a0}", ","),
    ("pl", "\u{a0}", ","),
    ("cs", "\u{a0}", ","),
    ("fr", "\u{202f}", ","),
    ("de", ".", ","),
    ("es", ".", ","),
    ("it", ".", ","),
    ("tr", ".", ","),
    ("ch", "’", "."),
];

/// The most digits of a fraction that is written.
const MAX_DIGITS: i32 = 20;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("round", round);
    environment.add_filter("format_number", format_number);
    environment.add_test("even", |value: Value| tests::is_even(read(value)));
    environment.add_test("odd", |value: Value| tests::is_odd(read(value)));
    environment.add_test("divisibleby", |value: Value, by: Value| {
        let (value, by) = (read(value), read(by));
        if by.is_number() && !by.is_true() {
            return Err(failed(CalculationFault::NotCalculable { sign: "%".to_owned() }));
        }
        Ok(tests::is_divisibleby(&value, &by))
    });
    environment.add_test("number", |value: &Value| {
        value.kind() == ValueKind::Number || holds(value, |text| number::read(text).is_some())
    });
}

/// A text that reads as a number is the number, as in a comparison.
fn read(value: Value) -> Value {
    value.as_str().and_then(as_number).and_then(value_of).unwrap_or(value)
}

fn value_of(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<i128>().map(Value::from));
    whole.or_else(|_| text.parse::<f64>().map(Value::from)).ok()
}

fn no_number(filter: &str) -> Error {
    failed(CalculationFault::NeedsNumber { filter: filter.to_owned() })
}

/// `round`, `round(2)`, `round(-3)`, `round(0, "floor")`, `round(method="ceil")`: a whole number, unless digits are named.
fn round(value: &Value, digits: Option<i32>, method: Option<&str>, kwargs: Kwargs) -> Result<Value, Error> {
    let digits = match digits {
        Some(digits) => digits,
        None => kwargs.get::<Option<i32>>("precision")?.unwrap_or_default(),
    };
    let method = match method {
        Some(method) => method,
        None => kwargs.get::<Option<&str>>("method")?.unwrap_or("common"),
    };
    kwargs.assert_all_used()?;
    // As any argument that it does not take: the fault is made of it with the example of the filter.
    let how = Rounding::of(method).ok_or_else(|| Error::from(ErrorKind::TooManyArguments))?;
    if is_blank(value) {
        return Ok(Value::UNDEFINED);
    }
    let text = digits_of(value).ok_or_else(|| no_number("round"))?;
    // What has more digits is whole, or rounded already.
    let Some(plain) = decimal(&text) else { return Ok(value.clone()) };
    let is_whole = !plain.contains('.');
    let text = rounded(&plain, if is_whole { at_most(digits)?.min(0) } else { at_most(digits)? }, how);
    value_of(&text).ok_or_else(|| no_number("round"))
}

/// `format_number("ru", 2)`, `format_number("en", digits=0)`: without `digits` the fraction stays as it is.
fn format_number(value: &Value, locale: Option<&str>, digits: Option<u16>, kwargs: Kwargs) -> Result<Value, Error> {
    let digits = match digits {
        Some(_) => digits,
        None => kwargs.get("digits")?,
    };
    kwargs.assert_all_used()?;
    if is_blank(value) {
        return Ok(Value::UNDEFINED);
    }
    let language = locale.unwrap_or(LOCALES[0].0);
    let short = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let Some((_, between, point)) = LOCALES.iter().find(|(name, ..)| *name == short) else {
        return Err(failed(CalculationFault::NumberLocales {
            known: LOCALES.map(|(name, ..)| name.to_owned()).to_vec(),
        }));
    };
    let plain = digits_of(value).and_then(|text| decimal(&text)).ok_or_else(|| no_number("format_number"))?;
    let rounded = match digits {
        Some(digits) => rounded(&plain, at_most(digits.into())?, Rounding::Nearest),
        None => plain,
    };
    Ok(Value::from(grouped(&rounded, between, point)))
}

/// Nothing, or a blank text, which a form posts for an empty field.
fn is_blank(value: &Value) -> bool {
    is_nothing(value) || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The digits of a number, or of a text that is one.
fn digits_of(value: &Value) -> Option<String> {
    match value.as_str() {
        Some(text) => number::read(text).map(|number| number.to_string()),
        None if value.is_number() => Some(value.to_string()),
        None => None,
    }
}

fn at_most(digits: i32) -> Result<i32, Error> {
    let is_within = digits.unsigned_abs() <= MAX_DIGITS.unsigned_abs();
    if is_within { Ok(digits) } else { Err(failed(CalculationFault::DigitsMost { most: MAX_DIGITS as usize })) }
}

fn grouped(text: &str, between: &str, point: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    let fraction = if fraction.is_empty() { String::new() } else { format!("{point}{fraction}") };
    format!("{sign}{}{fraction}", groups.join(between))
}
