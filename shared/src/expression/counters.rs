//! `counter("name")` and `next_of(list, "name")`: numbers that are shared by all runs. The database gives a number to a step
//! before it is evaluated, so the name of a counter is written out.

use minijinja::{Environment, Error, State, Value};

use super::Local;
use super::arithmetic::is_nothing;
use super::functions::failed;
use super::node::{Argument, Node};
use crate::message::ExpressionFault;

/// The longest name of a counter, in bytes.
const MAX_NAME_BYTES: usize = 100;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("counter", counter);
    environment.add_function("next_of", next_of);
}

/// Which argument of a function is the name of a counter.
pub(super) fn place_of_name(function: &str) -> Option<usize> {
    match function {
        "counter" => Some(0),
        "next_of" => Some(1),
        _ => None,
    }
}

/// The name of a counter, if it is written out.
pub(super) fn written_name(argument: &Argument) -> Option<String> {
    let Argument { name: None, value: Node::Fixed(value) } = argument else { return None };
    let name = value.as_str().filter(|name| !name.is_empty() && name.len() <= MAX_NAME_BYTES);
    name.map(str::to_owned)
}

/// `counter("orders")`: 1, 2, 3, … without gaps; a step has one number of a counter, however often it names it. Runs that
/// draw from one counter go one after another: a bundle holds it until its end.
fn counter(state: &State, name: &str) -> Result<i64, Error> {
    Local::of(state).counters.get(name).copied().ok_or_else(|| failed(ExpressionFault::CounterPlace))
}

/// `next_of(list, "sales")`: the items of a list in turn.
fn next_of(state: &State, list: &Value, name: &str) -> Result<Value, Error> {
    let number = counter(state, name)?;
    if is_nothing(list) {
        return Ok(Value::UNDEFINED);
    }
    let items: Vec<Value> = list.try_iter()?.collect();
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = (number - 1).checked_rem_euclid(length).and_then(|place| usize::try_from(place).ok());
    Ok(place.and_then(|place| items.into_iter().nth(place)).unwrap_or_default())
}
