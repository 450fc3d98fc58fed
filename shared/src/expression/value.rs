//! Values on their way between JSON and minijinja. Maps and lists are not converted: a [`Node`] looks into the shared
//! map when it is asked, so order and digits survive, and an evaluation pays only for what it touches.

use std::fmt::{self, Write};
use std::sync::Arc;

use minijinja::Value as Jinja;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use serde_json::{Map, Number, Value};

use super::{EvalError, MAX_VALUE_BYTES};
use crate::env::{Env, is_storable};
use crate::message::Message;

/// Levels of a value: more than a body may have, little enough to walk by recursion.
const MAX_DEPTH: usize = 64;

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Name(String),
    Index(usize),
}

/// A map of a scope, or a value inside it.
#[derive(Debug, Clone, Copy)]
pub(super) enum View<'a> {
    Map(&'a Map<String, Value>),
    Value(&'a Value),
}

/// One step. A number also names a map's key and a numeric name a list's item: PHP's `a[0]` may be either.
pub(super) fn look_up<'a>(view: View<'a>, key: &Key) -> Option<&'a Value> {
    match (view, key) {
        (View::Map(map) | View::Value(Value::Object(map)), Key::Name(name)) => map.get(name),
        (View::Map(map) | View::Value(Value::Object(map)), Key::Index(index)) => map.get(&index.to_string()),
        (View::Value(Value::Array(items)), Key::Index(index)) => items.get(*index),
        (View::Value(Value::Array(items)), Key::Name(name)) => items.get(name.parse::<usize>().ok()?),
        (View::Value(_), _) => None,
    }
}

/// A value in the middle of a text: a list joined by ", ", a map as JSON, null as nothing, booleans as true/false.
pub fn render(value: &Value) -> String {
    let mut text = String::new();
    render_into(&mut text, value);
    text
}

/// As [`render`], at the end of a text.
pub(super) fn render_into(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(part) => text.push_str(part),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                render_into(text, item);
            }
        }
        // Writing to a String cannot fail.
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => _ = write!(text, "{value}"),
    }
}

/// A map or a list inside a shared value.
#[derive(Debug)]
pub(super) enum Node {
    Map(Arc<Env>),
    Root(Arc<Value>),
    Child(Arc<Node>, Key),
}

impl Node {
    fn view(&self) -> Option<View<'_>> {
        match self {
            Self::Map(map) => Some(View::Map(&map.0)),
            Self::Root(value) => Some(View::Value(value)),
            Self::Child(parent, key) => look_up(parent.view()?, key).map(View::Value),
        }
    }

    fn list_len(&self) -> Option<usize> {
        match self.view()? {
            View::Value(Value::Array(items)) => Some(items.len()),
            View::Map(_) | View::Value(_) => None,
        }
    }

    fn map(&self) -> Option<&Map<String, Value>> {
        match self.view()? {
            View::Map(map) | View::Value(Value::Object(map)) => Some(map),
            View::Value(_) => None,
        }
    }
}

impl Object for Node {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.list_len().is_some() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let key = match (key.as_str(), key.as_usize()) {
            (Some(name), _) => Key::Name(name.to_owned()),
            (None, Some(index)) => Key::Index(index),
            (None, None) => return None,
        };
        let value = look_up(self.view()?, &key)?;
        Some(from_json(value).unwrap_or_else(|| Jinja::from_object(Self::Child(Arc::clone(self), key))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match (self.list_len(), self.map()) {
            (Some(length), _) => Enumerator::Seq(length),
            (None, Some(map)) => Enumerator::Values(map.keys().map(|name| Jinja::from(name.as_str())).collect()),
            (None, None) => Enumerator::Empty,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.list_len().or_else(|| self.map().map(Map::len))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view() {
            Some(View::Value(value)) => f.write_str(&render(value)),
            Some(View::Map(map)) => f.write_str(&serde_json::to_string(map).map_err(|_| fmt::Error)?),
            None => Ok(()),
        }
    }
}

/// The value that a path leads to inside a map; unknown is undefined.
pub(super) fn inside(map: &Arc<Env>, path: &[Key]) -> Jinja {
    let Some(view) = path.iter().try_fold(View::Map(&map.0), |view, key| look_up(view, key).map(View::Value)) else {
        return Jinja::UNDEFINED;
    };
    if let View::Value(value) = view
        && let Some(plain) = from_json(value)
    {
        return plain;
    }
    let root = Arc::new(Node::Map(Arc::clone(map)));
    let node = path.iter().fold(root, |parent, key| Arc::new(Node::Child(parent, key.clone())));
    Jinja::from_dyn_object(node)
}

/// The digits of a number that is no whole one; nothing = any other value.
pub(super) fn number_text(value: &Jinja) -> Option<String> {
    if value.kind() != ValueKind::Number || i128::try_from(value.clone()).is_ok_and(|_| value.is_integer()) {
        return None;
    }
    to_number(value).ok().map(|number| number.to_string())
}

/// A value as text, as it stands in the middle of one.
pub(super) fn as_text(value: &Jinja) -> Result<String, EvalError> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => to_json(value).map(|value| render(&value)),
    }
}

/// A parsed JSON value that belongs to no map.
pub(super) fn from_owned_json(value: Value) -> Jinja {
    from_json(&value).unwrap_or_else(|| Jinja::from_object(Node::Root(Arc::new(value))))
}

/// A plain value; nothing = a list or a map, which stay where they are.
fn from_json(value: &Value) -> Option<Jinja> {
    Some(match value {
        Value::Null => Jinja::UNDEFINED,
        Value::Bool(flag) => Jinja::from(*flag),
        Value::String(text) => Jinja::from(text.as_str()),
        Value::Number(number) => from_number(number),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn from_number(number: &Number) -> Jinja {
    if let Some(small) = number.as_i64() {
        return Jinja::from(small);
    }
    match number.to_string().parse::<i128>() {
        Ok(large) => Jinja::from(large),
        Err(_) => Jinja::from(number.as_f64().unwrap_or(f64::INFINITY)),
    }
}

/// The JSON of a result, within [`MAX_VALUE_BYTES`] and storable.
pub(super) fn to_json(value: &Jinja) -> Result<Value, EvalError> {
    Budget::default().convert(value, 0)
}

/// What a value may still take. Lists in expressions are lazy and may share their items, so that a few bytes of
/// them can stand for gigabytes: every item counts each time it is written.
pub(super) struct Budget {
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MAX_VALUE_BYTES }
    }
}

impl Budget {
    fn convert(&mut self, value: &Jinja, depth: usize) -> Result<Value, EvalError> {
        if let Some(node) = value.downcast_object_ref::<Node>() {
            return self.copy(node, depth);
        }
        self.enter(depth)?;
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => Ok(Value::Null),
            ValueKind::Bool => Ok(Value::Bool(value.is_true())),
            ValueKind::Number => {
                let number = to_number(value)?;
                self.spend(number.as_str().len())?;
                Ok(Value::Number(number))
            }
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                self.spend_text(text)?;
                Ok(Value::String(text.to_owned()))
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| super::explain(&error))?;
                items.map(|item| self.convert(&item, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
            }
            ValueKind::Map => {
                let mut map = Map::new();
                for key in value.try_iter().map_err(|error| super::explain(&error))? {
                    let item = value.get_item(&key).map_err(|error| super::explain(&error))?;
                    let name = as_text(&key)?;
                    self.spend_text(&name)?;
                    map.insert(name, self.convert(&item, depth + 1)?);
                }
                Ok(Value::Object(map))
            }
            kind => Err(EvalError(Message::NoValue { kind: kind.to_string() })),
        }
    }

    fn copy(&mut self, node: &Node, depth: usize) -> Result<Value, EvalError> {
        match node.view() {
            None => Ok(Value::Null),
            Some(View::Value(value)) => self.walk(value, depth).map(|()| value.clone()),
            Some(View::Map(map)) => self.walk_map(map, depth).map(|()| Value::Object(map.clone())),
        }
    }

    /// Counts a value of ours.
    pub(super) fn walk(&mut self, value: &Value, depth: usize) -> Result<(), EvalError> {
        self.enter(depth)?;
        match value {
            Value::String(text) => self.spend_text(text),
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth + 1)),
            Value::Object(map) => self.walk_map(map, depth),
            Value::Number(number) if !is_storable(number) => Err(out_of_range()),
            Value::Number(number) => self.spend(number.as_str().len()),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn walk_map(&mut self, map: &Map<String, Value>, depth: usize) -> Result<(), EvalError> {
        map.iter().try_for_each(|(name, item)| {
            self.spend_text(name)?;
            self.walk(item, depth + 1)
        })
    }

    /// A value costs some bytes however small it is.
    pub(super) fn enter(&mut self, depth: usize) -> Result<(), EvalError> {
        if depth > MAX_DEPTH {
            return Err(EvalError(Message::ValueTooDeep { most: MAX_DEPTH }));
        }
        self.spend(8)
    }

    fn spend_text(&mut self, text: &str) -> Result<(), EvalError> {
        if text.contains('\0') {
            return Err(EvalError(Message::ValueNul));
        }
        self.spend(text.len())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), EvalError> {
        self.bytes =
            self.bytes.checked_sub(bytes).ok_or(EvalError(Message::ValueTooLarge { most: MAX_VALUE_BYTES }))?;
        Ok(())
    }
}

fn to_number(value: &Jinja) -> Result<Number, EvalError> {
    let number = if value.is_integer() {
        value.to_string().parse().ok()
    } else {
        f64::try_from(value.clone()).ok().and_then(Number::from_f64)
    };
    number.ok_or_else(out_of_range)
}

fn out_of_range() -> EvalError {
    EvalError(Message::ValueOutOfRange)
}
