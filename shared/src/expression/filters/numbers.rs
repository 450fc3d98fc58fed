//! Numbers: `is number`, `round`, `format_number`. A text is a number by the rules of [`crate::number`].

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters, tests};

use super::{failed, holds, is_nothing};
use crate::env::MAX_NUMBER_CHARS;
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
const MAX_DIGITS: usize = 20;

pub(super) fn add(environment: &mut Environment<'static>) {
    let rounded = Value::from_function(filters::round);
    environment.add_filter("round", move |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| {
        let value = match value.as_str() {
            Some(text) => {
                number::read(text).and_then(|number| value_of(number.as_str())).ok_or_else(|| no_number("round"))?
            }
            None if is_nothing(&value) => return Ok(Value::UNDEFINED),
            None => value,
        };
        let args: Vec<Value> =
            std::iter::once(value).chain(args.0.into_iter().map(ValueOrKwargs::into_value)).collect();
        rounded.call(state, &args)
    });
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
    text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from)).ok()
}

fn no_number(filter: &str) -> Error {
    failed(CalculationFault::NeedsNumber { filter: filter.to_owned() })
}

/// `format_number("ru", 2)`, `format_number("en", digits=0)`: without `digits` the fraction stays as it is.
fn format_number(value: &Value, locale: Option<&str>, digits: Option<usize>, kwargs: Kwargs) -> Result<Value, Error> {
    let digits = match digits {
        Some(_) => digits,
        None => kwargs.get("digits")?,
    };
    kwargs.assert_all_used()?;
    if is_nothing(value) || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(Value::UNDEFINED);
    }
    let language = locale.unwrap_or(LOCALES[0].0);
    let short = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let Some((_, between, point)) = LOCALES.iter().find(|(name, ..)| *name == short) else {
        return Err(failed(CalculationFault::NumberLocales {
            known: LOCALES.map(|(name, ..)| name.to_owned()).to_vec(),
        }));
    };
    let text = match value.as_str() {
        Some(text) => number::read(text).map(|number| number.to_string()),
        None if value.is_number() => Some(value.to_string()),
        None => None,
    };
    let plain = text.and_then(|text| decimal(&text)).ok_or_else(|| no_number("format_number"))?;
    let rounded = match digits {
        Some(digits) if digits > MAX_DIGITS => return Err(failed(CalculationFault::DigitsMost { most: MAX_DIGITS })),
        Some(digits) => rounded(&plain, digits),
        None => plain,
    };
    Ok(Value::from(grouped(&rounded, between, point)))
}

/// A number without an exponent.
fn decimal(text: &str) -> Option<String> {
    if !text.contains(['e', 'E']) {
        return Some(text.to_owned());
    }
    let number: f64 = text.parse().ok()?;
    Some(number.to_string()).filter(|text| text.len() <= MAX_NUMBER_CHARS)
}

/// Half away from zero, on the digits themselves: no number of floating point is nearer to one side.
fn rounded(text: &str, digits: usize) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let kept: String = fraction.chars().chain("0".repeat(digits).chars()).take(digits).collect();
    let rounds_up = fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
    let mut all: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    let mut carries = rounds_up;
    for digit in all.iter_mut().rev() {
        if carries {
            carries = *digit == b'9';
            *digit = if carries { b'0' } else { *digit + 1 };
        }
    }
    if carries {
        all.insert(0, b'1');
    }
    let (whole, fraction) = all.split_at(all.len() - digits);
    let is_zero = all.iter().all(|digit| *digit == b'0');
    let text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
    let sign = if is_zero { "" } else { sign };
    if digits == 0 { format!("{sign}{}", text(whole)) } else { format!("{sign}{}.{}", text(whole), text(fraction)) }
}

fn grouped(text: &str, between: &str, point: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    let fraction = if fraction.is_empty() { String::new() } else { format!("{point}{fraction}") };
    format!("{sign}{}{fraction}", groups.join(between))
}
