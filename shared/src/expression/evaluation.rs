//! Evaluates the tree of an expression. Every node costs a step of [`FUEL`](super::FUEL), and so does what it makes and visits; the steps
//! of filters, tests and functions are counted by minijinja in the same state.

mod slice;

use std::error::Error;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{ErrorKind, State, Value as Jinja};

use super::arithmetic::{self, is_nothing, joined};
use super::compared::{self, Side};
use super::node::{Argument, Branches, Comparator, Node};
use super::reference::Reference;
use super::truth::text_is_true;
use super::value::{self, from_owned_json, to_json};
use super::{EvalError, Scope, functions, local, pitfalls, render, spend_bytes, spend_copy, written};
use crate::env::json_bytes;
use crate::message::CalculationFault;
use crate::one_item;

/// An evaluation: of one expression, or of all expressions of a text.
pub(super) struct Evaluation<'s> {
    pub(super) scope: &'s Scope,
    pub(super) state: State<'static, 'static>,
    /// The values of loops and of `set`, the innermost last.
    pub(super) locals: Vec<(String, Jinja)>,
}

impl<'s> Evaluation<'s> {
    /// A new one with all its fuel.
    pub(super) fn new(scope: &'s Scope) -> Self {
        let mut state = functions::environment().empty_state();
        local::put_in(&mut state, scope);
        Self { scope, state, locals: Vec::new() }
    }

    /// The value of a node.
    pub(super) fn value(&mut self, node: &Node) -> Result<Jinja, EvalError> {
        self.state.consume_fuel(1)?;
        match node {
            Node::Fixed(value) => Ok(value.clone()),
            Node::Reference(reference) => self.read(reference),
            Node::Local(name) => Ok(self.local(name)),
            Node::List(items) => {
                items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>().map(Jinja::from)
            }
            Node::Map(items) => {
                let pairs = items.iter().map(|(key, item)| Ok((self.value(key)?, self.value(item)?)));
                pairs.collect::<Result<Vec<_>, EvalError>>().map(Jinja::from_pairs)
            }
            Node::Item(inner, key) => {
                let (inner, key) = (self.value(inner)?, self.value(key)?);
                self.item(&inner, &key)
            }
            Node::Dotted(inner, key) => {
                let inner = self.value(inner)?;
                self.item(&inner, key)
            }
            Node::Slice(inner, bounds) => {
                let inner = self.value(inner)?;
                self.slice(&inner, bounds)
            }
            Node::Negative(inner) => arithmetic::negative(&self.value(inner)?),
            Node::Not(inner) => Ok(Jinja::from(!self.decides(inner)?)),
            Node::Sum(first, others) => {
                let mut sum = self.value(first)?;
                for (sign, other) in others {
                    let other = self.value(other)?;
                    self.state.consume_fuel(1)?;
                    sum = arithmetic::apply(&self.state, *sign, &sum, &other)?;
                }
                Ok(sum)
            }
            Node::Joined(parts) => self.join(parts),
            Node::Compared(first, others) => self.compared(first, others).map(Jinja::from),
            Node::And(all) => self.until(all, false),
            Node::Or(all) => self.until(all, true),
            Node::If(branches) => {
                let Branches { condition, yes, no } = &**branches;
                match (self.decides(condition)?, no) {
                    (true, _) => self.value(yes),
                    (false, Some(no)) => self.value(no),
                    (false, None) => Ok(Jinja::UNDEFINED),
                }
            }
            Node::Filter(inner, name, arguments) => self.filter(inner, name, arguments),
            Node::Test(inner, name, arguments) => self.test(inner, name, arguments),
            Node::Call(name, arguments) => {
                let arguments = self.arguments(None, arguments)?;
                let function = self.state.lookup(name).unwrap_or_default();
                let value = function.call(&mut self.state, &arguments)?;
                self.made(value)
            }
        }
    }

    fn read(&self, reference: &Reference) -> Result<Jinja, EvalError> {
        let value = reference.jinja(self.scope);
        spend_copy(&self.state, &value)?;
        Ok(value)
    }

    fn test(&mut self, inner: &Node, name: &str, arguments: &[Argument]) -> Result<Jinja, EvalError> {
        let inner = self.value(inner)?;
        let arguments = self.arguments(Some(inner), arguments)?;
        let holds = self.state.perform_test(name, &arguments)?;
        self.state.consume_fuel(0)?;
        Ok(Jinja::from(holds))
    }

    /// `a < b <= c`: every pair must hold.
    fn compared(&mut self, first: &Node, others: &[(Comparator, Node)]) -> Result<bool, EvalError> {
        let basis = self.scope.basis();
        let mut left = self.side(first)?;
        for (comparator, right) in others {
            let right = self.side(right)?;
            if !compared::holds(&self.state, basis, *comparator, &left, &right)? {
                return Ok(false);
            }
            left = right;
        }
        Ok(true)
    }

    /// A value to compare, with all its digits if it is a number that was read.
    fn side(&mut self, node: &Node) -> Result<Side, EvalError> {
        let value = self.value(node)?;
        let digits = match node {
            Node::Reference(reference) => reference.digits(self.scope),
            _ => None,
        };
        Ok(if digits.is_some() { Side { value, digits } } else { Side::of(value) })
    }

    /// Whether a node counts as true.
    pub(super) fn decides(&mut self, node: &Node) -> Result<bool, EvalError> {
        let value = self.value(node)?;
        Ok(self.is_true(&value))
    }

    fn is_true(&self, value: &Jinja) -> bool {
        value.as_str().map_or_else(|| value.is_true(), |text| text_is_true(text, self.scope))
    }

    fn local(&self, name: &str) -> Jinja {
        self.locals.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The first value that decides, or the last.
    fn until(&mut self, all: &[Node], decides: bool) -> Result<Jinja, EvalError> {
        let mut value = Jinja::UNDEFINED;
        for (at, node) in all.iter().enumerate() {
            value = self.value(node)?;
            if at + 1 < all.len() && self.is_true(&value) == decides {
                break;
            }
        }
        Ok(value)
    }

    pub(super) fn item(&mut self, inner: &Jinja, key: &Jinja) -> Result<Jinja, EvalError> {
        if is_nothing(inner) {
            return Ok(Jinja::UNDEFINED);
        }
        if inner.kind() == ValueKind::Iterable {
            // It has no places: it is gone through up to the item.
            let place = key.as_i64().map_or(0, i64::unsigned_abs);
            self.state.consume_fuel(place.min(inner.len().map_or(u64::MAX, |length| length as u64)))?;
        }
        let item = inner.get_item(key)?;
        spend_copy(&self.state, &item)?;
        Ok(if is_nothing(&item) { Jinja::UNDEFINED } else { item })
    }

    /// The items of a list or the keys of a map; each costs a step. Any other value is one item, as it is to `for_each`, and
    /// a blank text is none.
    pub(super) fn items(&mut self, list: &Jinja) -> Result<Vec<Jinja>, EvalError> {
        if let Some(text) = list.as_str() {
            if one_item::holds_several(text) {
                self.scope.notes.text_is_one_item();
            }
            spend_copy(&self.state, list)?;
            return Ok(Some(list.clone()).filter(|_| !text.trim().is_empty()).into_iter().collect());
        }
        if matches!(list.kind(), ValueKind::Bool | ValueKind::Number) {
            return Ok(vec![list.clone()]);
        }
        let mut items = Vec::new();
        for item in list.try_iter()? {
            self.state.consume_fuel(1)?;
            spend_copy(&self.state, &item)?;
            items.push(item);
        }
        Ok(items)
    }

    fn join(&mut self, parts: &[Node]) -> Result<Jinja, EvalError> {
        let mut joined_text = Jinja::from("");
        for part in parts {
            let part = self.value(part)?;
            let text = self.text(&part)?;
            joined_text = joined(&self.state, joined_text.as_str().unwrap_or_default(), &text)?;
        }
        Ok(joined_text)
    }

    /// A value that gets a name. What filters make may be lazy and lie in itself: here it becomes plain, and its levels and
    /// bytes are bounded.
    pub(super) fn named(&mut self, value: Jinja) -> Result<Jinja, EvalError> {
        if value.as_object().is_none() || value.downcast_object_ref::<value::Node>().is_some() {
            return Ok(value);
        }
        let plain = to_json(&value)?;
        spend_bytes(&self.state, 4 * json_bytes(&plain))?;
        Ok(from_owned_json(plain))
    }

    /// A value as text.
    pub(super) fn text(&mut self, value: &Jinja) -> Result<String, EvalError> {
        let text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => render(&to_json(value)?),
        };
        spend_bytes(&self.state, text.len())?;
        Ok(text)
    }

    fn filter(&mut self, inner: &Node, name: &str, arguments: &[Argument]) -> Result<Jinja, EvalError> {
        let inner = self.value(inner)?;
        if let Some(text) = inner.as_str() {
            spend_bytes(&self.state, text.len())?;
        }
        let mut arguments = self.arguments(Some(inner), arguments)?;
        written::arguments(name, &mut arguments)?;
        let value = self.state.apply_filter(name, &arguments).map_err(|error| match error.kind() {
            ErrorKind::MissingArgument | ErrorKind::TooManyArguments => unfit(pitfalls::arguments_of(name)),
            // What minijinja says of its own filters names neither the filter nor what to write.
            ErrorKind::InvalidOperation if error.source().is_none() => unfit(pitfalls::values_of(name)),
            _ => error.into(),
        })?;
        self.made(value)
    }

    /// Counts what a filter or a function has made.
    fn made(&mut self, value: Jinja) -> Result<Jinja, EvalError> {
        match value.as_str() {
            Some(text) => spend_bytes(&self.state, text.len())?,
            None if value.kind() == ValueKind::Seq => self.state.consume_fuel(value.len().unwrap_or(0) as u64 / 2)?,
            None => self.state.consume_fuel(0)?,
        }
        Ok(value)
    }

    fn arguments(&mut self, first: Option<Jinja>, arguments: &[Argument]) -> Result<Vec<Jinja>, EvalError> {
        let mut values: Vec<Jinja> = first.into_iter().collect();
        let mut named = Vec::new();
        for Argument { name, value } in arguments {
            let value = self.value(value)?;
            match name {
                None => values.push(value),
                Some(name) => named.push((name.as_str(), value)),
            }
        }
        if !named.is_empty() {
            values.push(Jinja::from(named.into_iter().collect::<Kwargs>()));
        }
        Ok(values)
    }
}

fn unfit(fault: CalculationFault) -> EvalError {
    EvalError(fault.into())
}
