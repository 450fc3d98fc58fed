//! A time zone that is written out in an expression, and that nobody knows: `now("Europe/Moskow")`.

use crate::date::{named_zone, unknown_zone};
use crate::expression::node::{Argument, Node};
use crate::message::Message;

/// What is wrong with the zone among the arguments of a filter, a test or a function.
pub(super) fn wrong(name: &str, arguments: &[Argument]) -> Option<Message> {
    let is_zone = |(at, argument): &(usize, &Argument)| match &argument.name {
        Some(named) => named == "zone",
        None => name == "now" && *at == 0,
    };
    let (_, argument) = arguments.iter().enumerate().find(is_zone)?;
    let Node::Fixed(value) = &argument.value else { return None };
    let zone = value.as_str().filter(|zone| named_zone(zone).is_none())?;
    Some(Message::in_field("zone", unknown_zone(zone)))
}
