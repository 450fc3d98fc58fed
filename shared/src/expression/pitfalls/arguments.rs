//! Arguments and values that a filter does not take, and how it is used instead.

use minijinja::value::Kwargs;
use minijinja::{ErrorKind, Value as Jinja};

use crate::expression::examples::FILTERS;
use crate::expression::node::{Argument, Node};
use crate::expression::{EvalError, date, explain, functions};
use crate::message::{CalculationFault, Message};

/// Arguments that are written out are tried with no value and with an empty one: the filter says what it does not take.
pub fn wrong_arguments(name: &str, arguments: &[Argument]) -> Option<Message> {
    let mut state = functions::environment().empty_state();
    let (mut values, mut named) = (vec![Jinja::UNDEFINED], Vec::new());
    for argument in arguments {
        let Node::Fixed(value) = &argument.value else { return None };
        match &argument.name {
            None => values.push(value.clone()),
            Some(name) => named.push((name.as_str(), value.clone())),
        }
    }
    if name == "format_date"
        && let Some(fault) = values.get(1).and_then(Jinja::as_str).and_then(date::foreign_format)
    {
        return Some(fault.into());
    }
    // `map("price")` would put each item through a filter of that name.
    if name == "map" && values.get(1).and_then(Jinja::as_str).is_some_and(|filter| !functions::is_filter(filter)) {
        let example = format!("$env[\"items\"]|map(attribute=\"{}\")", values[1]);
        return Some(CalculationFault::ArgumentsUnfit { filter: name.to_owned(), example }.into());
    }
    if !named.is_empty() {
        values.push(Jinja::from(named.into_iter().collect::<Kwargs>()));
    }
    if name.starts_with("regex_") {
        values[0] = Jinja::from("");
    }
    let error = state.apply_filter(name, &values).err()?;
    match error.kind() {
        ErrorKind::MissingArgument | ErrorKind::TooManyArguments => Some(arguments_of(name).into()),
        // What it takes, it does not take so.
        _ => match explain(&error) {
            EvalError(Message::Calculation(fault)) => Some(Message::Calculation(fault)),
            _ => None,
        },
    }
}

/// How a filter is used.
pub fn arguments_of(name: &str) -> CalculationFault {
    let example = FILTERS.iter().find(|(known, ..)| *known == name).map_or(name, |(_, example, _)| example);
    CalculationFault::ArgumentsUnfit { filter: name.to_owned(), example: example.to_owned() }
}

/// What a filter says of values that it cannot take.
pub fn values_of(name: &str) -> CalculationFault {
    match arguments_of(name) {
        CalculationFault::ArgumentsUnfit { filter, .. } if filter == "sum" => CalculationFault::SumUnfit,
        CalculationFault::ArgumentsUnfit { filter, example } => CalculationFault::ValuesUnfit { filter, example },
        other => other,
    }
}
