//! The filters, tests and functions of expressions: minijinja's, plus ours, minus those that show internals.
//! Every filter takes a missing value: the answer is empty (or 0), not an error.

use std::sync::LazyLock;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters};

use super::arithmetic::is_nothing;
use super::compared::{self, Side};
use super::examples::{FILTERS, FUNCTIONS, TESTS, names as names_of};
use super::node::Comparator;
use super::value::{render_into, to_json};
use super::{EvalError, FUEL, Local, MAX_VALUE_BYTES, counters, local, names, render};
use crate::comparison::Basis;
use crate::message::{CalculationFault, ExpressionFault, Message};
use crate::suggestion::{Meant, did_you_mean_or};
use crate::{blank, boolean};

/// The one environment: a constant table, built on first use.
pub(super) fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(build);
    &ENVIRONMENT
}

/// Whether `|name` exists.
pub(super) fn is_filter(name: &str) -> bool {
    environment().empty_state().perform_test("filter", &[Value::from(name)]).unwrap_or(false)
}

/// Whether `is name` exists.
pub(super) fn is_test(name: &str) -> bool {
    environment().empty_state().perform_test("test", &[Value::from(name)]).unwrap_or(false)
}

/// Whether `name(…)` exists.
pub(super) fn is_function(name: &str) -> bool {
    names_of(&FUNCTIONS).contains(&name)
}

/// What an unknown filter probably is.
pub(super) fn unknown_filter(name: &str) -> Message {
    let owned = name.to_owned();
    if is_test(name) {
        return ExpressionFault::FilterIsTest { name: owned }.into();
    }
    Message::from(ExpressionFault::FilterUnknown { name: owned }).meant(near_filters(name))
}

/// What an unknown test probably is.
pub(super) fn unknown_test(name: &str) -> Message {
    let owned = name.to_owned();
    if is_filter(name) {
        return ExpressionFault::TestIsFilter { name: owned }.into();
    }
    let meant = did_you_mean_or(name, names_of(&TESTS), &names::OTHER_TESTS);
    Message::from(ExpressionFault::TestUnknown { name: owned }).meant(meant)
}

/// What an unknown function probably is.
pub(super) fn unknown_function(name: &str) -> Message {
    let owned = name.to_owned();
    if is_filter(name) {
        return ExpressionFault::FunctionIsFilter { name: owned }.into();
    }
    let fault = Message::from(ExpressionFault::FunctionUnknown { name: owned });
    let meant = did_you_mean_or(name, names_of(&FUNCTIONS), &[]);
    let filter = near_filters(name);
    if meant.is_empty() && !filter.is_empty() {
        return ExpressionFault::FiltersStandBehind { message: Box::new(fault.meant(filter)) }.into();
    }
    fault.meant(meant)
}

/// Filters that a word of another program probably is, or that it nearly is.
pub(super) fn near_filters(name: &str) -> Meant {
    did_you_mean_or(name, names_of(&FILTERS), &names::OTHER_FILTERS)
}

/// Bytes of the local part of a mail address, RFC 5321 section 4.5.3.1 and its erratum 1690.
const MAX_LOCAL_BYTES: usize = 64;
/// Bytes of a whole mail address.
const MAX_EMAIL_BYTES: usize = 254;
/// Bytes of a label of a domain name, RFC 1035 section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

fn build() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    // They print what the engine holds, not what a workflow needs.
    environment.remove_global("debug");
    environment.remove_global("namespace");
    environment.remove_filter("pprint");

    lenient(&mut environment, "abs", Value::from_function(filters::abs));
    lenient(&mut environment, "attr", Value::from_function(filters::attr));
    lenient(&mut environment, "dictsort", Value::from_function(filters::dictsort));
    lenient(&mut environment, "format", Value::from_function(format));
    lenient(&mut environment, "lines", Value::from_function(filters::lines));
    lenient(&mut environment, "split", Value::from_function(filters::split));

    environment.add_filter("bool", bool);
    environment.add_filter("join", join);
    environment.add_filter("string", string);
    environment.add_filter("to_json", write_json);
    environment.add_filter("tojson", write_json);
    environment.add_test("email", |value: &Value| value.as_str().is_some_and(|text| is_email(blank::trim(text))));
    environment.add_test("empty", is_empty);
    environment.add_test("none", is_nothing);
    compare_by_our_rules(&mut environment);
    super::filters::add(&mut environment);
    counters::add(&mut environment);
    environment
}

/// minijinja's filter, except that nothing gives what an empty value gives.
fn lenient(environment: &mut Environment<'static>, name: &'static str, filter: Value) {
    environment.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        let args: Vec<Value> = args.0.into_iter().map(ValueOrKwargs::into_value).collect();
        if args.first().is_some_and(is_nothing) {
            return Ok(Value::UNDEFINED);
        }
        filter.call(state, &args)
    });
}

/// The longest number in a placeholder of `format`: of digits, or of characters to fill.
const MAX_FORMAT_NUMBER: usize = 1_000;

/// minijinja's filter, which breaks off at a number that the standard library cannot take.
fn format(state: &mut State, text: &Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    if text.as_str().is_some_and(|text| text.split('%').skip(1).any(is_too_wide)) {
        return Err(failed(CalculationFault::DigitsMost { most: MAX_FORMAT_NUMBER }));
    }
    filters::format(state, text, args)
}

/// Whether a placeholder, without its `%`, fills too many characters or writes too many digits.
fn is_too_wide(placeholder: &str) -> bool {
    let numbers = placeholder.trim_start_matches(['#', '0', '-', ' ', '+']);
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(numbers.len());
    let is_too_large = |digits: &str| digits.parse::<usize>().map_or(!digits.is_empty(), |it| it > MAX_FORMAT_NUMBER);
    numbers[..end].split('.').any(is_too_large)
}

/// A text as a boolean field reads it; whether any other value is one.
fn bool(value: &Value) -> bool {
    match value.as_str().map(str::trim) {
        Some(text) => boolean::read(text).unwrap_or(!text.is_empty()),
        None => value.is_true(),
    }
}

fn write_json(state: &State, value: &Value) -> Result<String, Error> {
    let text = to_json(value).map_err(|error| failed(error.0))?.to_string();
    state.consume_fuel(steps(text.len()))?;
    Ok(text)
}

/// The text of a value, as it stands in the middle of a text.
fn string(state: &State, value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    let text = render(&to_json(value).map_err(|error| failed(error.0))?);
    state.consume_fuel(steps(text.len()))?;
    Ok(Value::from(text))
}

/// The items of a list as one text. A plain value is a list of one: a field posted once is no list, and Jinja's own
/// filter would join its letters.
fn join(state: &State, value: &Value, separator: Option<&str>) -> Result<Value, Error> {
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return string(state, value);
    }
    let mut text = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        let before = text.len();
        if index > 0 {
            text.push_str(separator.unwrap_or_default());
        }
        render_into(&mut text, &to_json(&item).map_err(|error| failed(error.0))?);
        state.consume_fuel(1 + steps(text.len() - before))?;
        if text.len() > MAX_VALUE_BYTES {
            return Err(failed(Message::ValueTooLarge { most: MAX_VALUE_BYTES }));
        }
    }
    Ok(Value::from(text))
}

/// A pragmatic check, not RFC 5322: one `@`; a local part of at most 64 bytes without blanks, brackets, quotes or
/// misplaced dots; a domain of at least two labels. Addresses in other scripts are let through.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_local = !local.is_empty()
        && local.len() <= MAX_LOCAL_BYTES
        && local.split('.').all(|part| !part.is_empty())
        && !local.contains(|c: char| c.is_whitespace() || c.is_control() || "()<>[]\\,;:\"".contains(c));
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    is_local
        && local.len() + 1 + domain.len() <= MAX_EMAIL_BYTES
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

/// Nothing, `""`, or a list or map without items; 0 and false are values.
fn is_empty(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Bool | ValueKind::Number => false,
        _ => !value.is_true(),
    }
}

/// The tests that compare, for `select("lt", 5)` and its like.
fn compare_by_our_rules(environment: &mut Environment<'static>) {
    const NAMES: [&str; 16] = [
        "eq",
        "equalto",
        "==",
        "ne",
        "!=",
        "lt",
        "lessthan",
        "<",
        "le",
        "<=",
        "gt",
        "greaterthan",
        ">",
        "ge",
        ">=",
        "in",
    ];
    for name in NAMES {
        let Some(comparator) = Comparator::of(name) else { continue };
        environment.add_test(name, move |state: &State, left: Value, right: Value| {
            let (local, notes) = (Local::of(state), local::notes_of(state));
            let basis = Basis { zone: &local.zone, notes: &notes };
            compared::holds(state, basis, comparator, &Side::of(left), &Side::of(right))
                .map_err(|error| failed(error.0))
        });
    }
}

/// What reading or writing so many bytes of JSON costs: four times what minijinja charges for copying them.
pub(super) fn steps(bytes: usize) -> u64 {
    bytes as u64 / 16
}

/// An error of a filter, a test or a function: [`EvalError`] is made of it again.
pub(super) fn failed(reason: impl Into<Message>) -> Error {
    let reason = EvalError(reason.into());
    Error::new(ErrorKind::InvalidOperation, reason.to_string()).with_source(reason)
}
