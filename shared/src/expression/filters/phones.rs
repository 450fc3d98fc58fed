//! `phone(region)` and `is phone`, by the rules of [`crate::phone`].

use minijinja::{Environment, Error, State, Value};

use super::{failed, holds, text};
use crate::message::CalculationFault;
use crate::phone::{self, REGIONS};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("phone", international);
    environment.add_test("phone", |value: &Value| holds(value, |text| phone::read(text).is_some()));
}

/// `phone("RU")`: the number as E.164 writes it; nothing if it is none, or if it names no country and no region is given.
fn international(state: &State, value: &Value, region: Option<&str>) -> Result<Value, Error> {
    let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
    let known = |name: &str| REGIONS.iter().find(|region| region.name.eq_ignore_ascii_case(name));
    let unknown =
        || failed(CalculationFault::PhoneRegions { known: REGIONS.map(|region| region.name.to_owned()).to_vec() });
    let region = region.map(|name| known(name).ok_or_else(unknown)).transpose()?;
    Ok(phone::e164(&text, region).map_or(Value::UNDEFINED, Value::from))
}
