//! Filters, tests and functions of ours, a file per subject. Every filter takes a missing value, and the answer is missing
//! then. Work that grows with its input is paid for with fuel before it is done.

mod conversions;
mod dates;
mod drawn;
mod hashes;
mod names;
mod nested;
mod numbers;
mod patterns;
mod phones;
mod rounding;
mod tables;
mod texts;

use std::borrow::Cow;

use minijinja::{Environment, Error, State, Value};

use super::arithmetic::is_nothing;
use super::functions::{failed, steps};
use super::render;
use super::value::to_json;

/// Adds all of them.
pub(super) fn add(environment: &mut Environment<'static>) {
    conversions::add(environment);
    dates::add(environment);
    drawn::add(environment);
    hashes::add(environment);
    names::add(environment);
    nested::add(environment);
    numbers::add(environment);
    patterns::add(environment);
    phones::add(environment);
    tables::add(environment);
    texts::add(environment);
}

/// The text of a value, paid for; nothing if the value is missing.
fn text<'v>(state: &State, value: &'v Value) -> Result<Option<Cow<'v, str>>, Error> {
    if is_nothing(value) {
        return Ok(None);
    }
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(render(&to_json(value).map_err(|error| failed(error.0))?)),
    };
    state.consume_fuel(steps(text.len()))?;
    Ok(Some(text))
}

/// Applies what makes a text of a text.
fn mapped(state: &State, value: &Value, map: impl FnOnce(&str) -> String) -> Result<Value, Error> {
    Ok(text(state, value)?.map_or(Value::UNDEFINED, |text| Value::from(map(&text))))
}

/// Whether a value is a text or a number of which this holds.
fn holds(value: &Value, test: impl FnOnce(&str) -> bool) -> bool {
    match value.as_str() {
        Some(text) => test(text.trim()),
        None => value.is_number() && test(&value.to_string()),
    }
}

#[cfg(test)]
mod tests;
