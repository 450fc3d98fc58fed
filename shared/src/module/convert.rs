//! Values as the types of fields keep them. Forms post texts, so a text that means a value of the type becomes that
//! value, in one form, by which equal values are equal and greater ones sort behind. What means nothing is no value.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use super::field::FieldType;
use crate::env::is_storable;
use crate::expression::{is_email, render};
use crate::id::RecordId;

/// Characters of a phone number: those of E.164 with signs between them and an extension.
const PHONE_CHARS: std::ops::RangeInclusive<usize> = 3..=40;

/// The value of the type; what is empty is null, and none = it cannot be one.
pub(super) fn convert(kind: &FieldType, value: &Value) -> Option<Value> {
    if let FieldType::List(options) = kind {
        return list(options, value);
    }
    if matches!(value, Value::Object(_)) {
        return None;
    }
    let text = render(value);
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Some(Value::Null);
    }
    match kind {
        FieldType::Text => Some(Value::String(text)),
        FieldType::Integer => integer(trimmed).map(Value::Number),
        FieldType::Number => number(trimmed).map(Value::Number),
        FieldType::Boolean => boolean(trimmed).map(Value::Bool),
        FieldType::Date => date(trimmed).map(|date| Value::String(date.to_string())),
        FieldType::Datetime => moment(trimmed).map(|at| Value::String(format!("{at:.3}"))),
        FieldType::Email => is_email(trimmed).then(|| trimmed.into()),
        FieldType::Phone => is_phone(trimmed).then(|| trimmed.into()),
        FieldType::Url => is_url(trimmed).then(|| trimmed.into()),
        FieldType::Choice(options) => options.iter().any(|option| option == trimmed).then(|| trimmed.into()),
        FieldType::Reference(_) => trimmed.parse::<RecordId>().ok().map(|id| Value::from(id.get())),
        FieldType::List(_) => None,
    }
}

/// A single value is a list of one.
fn list(options: &[String], value: &Value) -> Option<Value> {
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        one => vec![one.clone()],
    };
    let is_option =
        |item: &Value| options.is_empty() || item.as_str().is_some_and(|item| options.iter().any(|o| o == item));
    let is_list = items.iter().all(is_option);
    is_list.then(|| if items.is_empty() { Value::Null } else { Value::Array(items) })
}

fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) { None } else { number(text) }
}

/// JSON knows neither a leading plus nor leading zeros, which forms post. There is one zero.
fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if digits.contains(|c| matches!(c, '1'..='9')) => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let whole = digits.trim_start_matches('0');
    let zero = if whole.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    let number = Number::from_str(&format!("{sign}{zero}{whole}")).ok()?;
    (digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && is_storable(&number)).then_some(number)
}

/// What HTML forms and JSON say; a ticked box posts `on`.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `2026-12-31`, or `31.12.2026`.
fn date(text: &str) -> Option<Date> {
    if let [day, month, year] = text.split('.').collect::<Vec<_>>().as_slice() {
        let are_digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && year.len() == 4;
        return Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok().filter(|_| are_digits);
    }
    (text.len() == "2026-12-31".len()).then(|| text.parse().ok()).flatten()
}

/// A moment with its zone, or a date and time or a date in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil = date(text).map(DateTime::from).or_else(|| text.parse().ok())?;
    Some(civil.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
}

fn is_phone(text: &str) -> bool {
    PHONE_CHARS.contains(&text.chars().count())
        && text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "+-()./ x#,;".contains(c))
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    !host.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
