//! What differs from call to call: `random`, `uuid`, `now`. A step draws each once, under a name: a step that is computed
//! or tried again has the same values, and so have two places of one step. `uuid("second")` is another one.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};

use super::dates::{iso, zone_of};
use super::{failed, is_nothing};
use crate::date::Reading;
use crate::expression::Local;
use crate::message::CalculationFault;

/// What is drawn under no name.
const UNNAMED: &str = "";

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("random", random);
    environment.add_filter("random", random_item);
    environment.add_function("uuid", uuid);
    environment.add_function("now", now);
}

/// `random(1, 6)`, `random(1, 6, "second")`: a whole number, both ends included.
fn random(state: &State, from: i64, to: i64, name: Option<&str>) -> Result<i64, Error> {
    let span = i128::from(to) - i128::from(from) + 1;
    if span <= 0 {
        return Err(failed(CalculationFault::RandomRange { from, to }));
    }
    // It lies between both ends, which are such numbers.
    Ok(i64::try_from(i128::from(from) + i128::from(lot(state, name)) % span).unwrap_or(from))
}

/// An item of a list.
fn random_item(state: &State, value: &Value, name: Option<&str>) -> Result<Value, Error> {
    if is_nothing(value) {
        return Ok(Value::UNDEFINED);
    }
    let length = value.len().unwrap_or_default() as u64;
    if length == 0 {
        return Ok(Value::UNDEFINED);
    }
    let at = usize::try_from(lot(state, name) % length).unwrap_or_default();
    match value.as_str() {
        Some(text) => Ok(text.chars().nth(at).map_or(Value::UNDEFINED, |c| Value::from(c.to_string()))),
        None => Ok(value.try_iter()?.nth(at).unwrap_or_default()),
    }
}

fn lot(state: &State, name: Option<&str>) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = Local::of(state).draw(&format!("random {}", name.unwrap_or(UNNAMED)));
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// A UUID of version 4 (RFC 9562).
fn uuid(state: &State, name: Option<&str>) -> String {
    let bytes = Local::of(state).draw(&format!("uuid {}", name.unwrap_or(UNNAMED)));
    ::uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// `now()`, `now("Europe/Moscow")`: when the step began, as RFC 3339 writes it.
fn now(state: &State, zone: Option<&str>, kwargs: Kwargs) -> Result<String, Error> {
    let local = Local::of(state);
    let zone = match zone {
        Some(_) => zone_of(zone, &local)?,
        None => zone_of(kwargs.get("zone")?, &local)?,
    };
    kwargs.assert_all_used()?;
    let seconds = jiff::Timestamp::from_second(local.now.as_second()).unwrap_or(local.now);
    Ok(iso(&Reading::Moment(seconds.to_zoned_datetime(zone))))
}
