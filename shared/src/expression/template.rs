//! Texts with placeholders, and JSON values made of such.

use serde_json::{Map, Value};

use super::reads::Reads;
use super::reference::{self, Place, Reference};
use super::scan::End;
use super::value::{Budget, render, render_into};
use super::{EvalError, Expression, MAX_VALUE_BYTES, Scope, SyntaxError};
use crate::id::SecretName;
use crate::message::{ExpressionFault, Message};

/// A compiled value of a task's setting: a text with placeholders, or any other JSON value whose texts are such.
#[derive(Debug)]
pub struct Template(Kind);

#[derive(Debug)]
enum Kind {
    Fixed(Value),
    /// One lone placeholder: its value keeps its type.
    Lone(Part),
    Text(Vec<Part>),
    List(Vec<Template>),
    Map(Vec<(String, Template)>),
}

#[derive(Debug)]
enum Part {
    Text(String),
    Reference(Reference),
    Expression(Expression),
}

impl Template {
    /// Compiles a value. Lists and maps are compiled item by item; numbers, booleans and null stand for themselves.
    pub fn parse(source: &Value) -> Result<Self, SyntaxError> {
        Ok(Self(match source {
            Value::String(text) => parse_text(text)?,
            Value::Array(items) => Kind::List(items.iter().map(Self::parse).collect::<Result<_, _>>()?),
            Value::Object(map) => {
                let mut items = Vec::with_capacity(map.len());
                for (name, item) in map {
                    refuse_nul(name)?;
                    items.push((name.clone(), Self::parse(item)?));
                }
                Kind::Map(items)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Kind::Fixed(source.clone()),
        }))
    }

    /// Its text, if it is the same whatever it is evaluated with.
    pub fn fixed_text(&self) -> Option<String> {
        match &self.0 {
            Kind::Fixed(value) => Some(render(value)),
            Kind::Lone(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The secret that it is, if it is nothing else.
    pub fn lone_secret(&self) -> Option<&SecretName> {
        match &self.0 {
            Kind::Lone(Part::Reference(Reference::Secret(name))) => Some(name),
            _ => None,
        }
    }

    /// Whether it is one reference and nothing else: its value is a copy.
    pub fn is_lone_reference(&self) -> bool {
        matches!(&self.0, Kind::Lone(Part::Reference(_)))
    }

    /// Whether scheme, host and port of the URL that it renders are written out, or come from a variable of the
    /// installation: no other reference chooses them.
    pub fn names_its_host(&self) -> bool {
        let parts = match &self.0 {
            Kind::Fixed(Value::String(_)) => return true,
            Kind::Lone(part) => std::slice::from_ref(part),
            Kind::Text(parts) => parts,
            Kind::Fixed(_) | Kind::List(_) | Kind::Map(_) => return false,
        };
        match parts {
            [Part::Text(text), ..] => text.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?', '#'])),
            [Part::Reference(first), rest @ ..] if first.is_variable() => match rest {
                [] => true,
                [Part::Text(text), ..] => text.starts_with(['/', '?', '#']),
                [..] => false,
            },
            _ => false,
        }
    }

    /// Its text with `…` for whatever depends on what it is evaluated with; nothing if no words are left.
    pub fn outline(&self) -> Option<String> {
        match &self.0 {
            Kind::Fixed(value) => Some(render(value)),
            Kind::Text(parts) if parts.iter().any(|part| matches!(part, Part::Text(_))) => {
                Some(parts.iter().map(Part::outline).collect())
            }
            Kind::Text(_) | Kind::Lone(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The value: one lone reference or `{{ … }}` keeps its type, everything else is text. A list or map stays within
    /// [`MAX_VALUE_BYTES`] and the levels of a value: a loop that puts a value into itself must come to an end.
    pub fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        self.value_within(&mut Budget::default(), 0, scope)
    }

    fn value_within(&self, budget: &mut Budget, depth: usize, scope: &Scope) -> Result<Value, EvalError> {
        let value = match &self.0 {
            Kind::Fixed(value) => value.clone(),
            Kind::Lone(part) => part.value(scope)?,
            Kind::Text(parts) => Value::String(concatenate(parts, scope)?),
            Kind::List(items) => {
                budget.enter(depth)?;
                let items = items.iter().map(|item| item.value_within(budget, depth + 1, scope));
                return items.collect::<Result<_, _>>().map(Value::Array);
            }
            Kind::Map(items) => {
                budget.enter(depth)?;
                let mut map = Map::with_capacity(items.len());
                for (name, item) in items {
                    map.insert(name.clone(), item.value_within(budget, depth + 1, scope)?);
                }
                return Ok(Value::Object(map));
            }
        };
        // A lone text or number is as large as what it was read from.
        if depth > 0 || value.is_array() || value.is_object() {
            budget.walk(&value, depth)?;
        }
        Ok(value)
    }

    /// The names of `$env` that it reads.
    pub fn reads(&self) -> Reads {
        let mut reads = Reads::default();
        self.note_reads(&mut reads);
        reads
    }

    fn note_reads(&self, reads: &mut Reads) {
        match &self.0 {
            Kind::Fixed(_) => {}
            Kind::Lone(part) => part.note_reads(reads),
            Kind::Text(parts) => parts.iter().for_each(|part| part.note_reads(reads)),
            Kind::List(items) => items.iter().for_each(|item| item.note_reads(reads)),
            Kind::Map(items) => items.iter().for_each(|(_, item)| item.note_reads(reads)),
        }
    }

    /// The value as text, as [`render`] writes it.
    pub fn text(&self, scope: &Scope) -> Result<String, EvalError> {
        match self.value(scope)? {
            Value::String(text) => Ok(text),
            value => Ok(render(&value)),
        }
    }
}

impl Part {
    fn outline(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Reference(_) | Self::Expression(_) => "…",
        }
    }

    fn note_reads(&self, reads: &mut Reads) {
        match self {
            Self::Text(_) => {}
            Self::Reference(reference) => reference.note_reads("", reads),
            Self::Expression(expression) => reads.add(expression.reads()),
        }
    }

    fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        match self {
            Self::Text(text) => Ok(Value::String(text.clone())),
            Self::Reference(reference) => Ok(reference.value(scope)),
            Self::Expression(expression) => expression.eval(scope),
        }
    }
}

fn concatenate(parts: &[Part], scope: &Scope) -> Result<String, EvalError> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(fixed) => text.push_str(fixed),
            Part::Reference(_) | Part::Expression(_) => render_into(&mut text, &part.value(scope)?),
        }
        if text.len() > MAX_VALUE_BYTES {
            return Err(EvalError(Message::TextTooLarge { most: MAX_VALUE_BYTES }));
        }
    }
    Ok(text)
}

fn parse_text(text: &str) -> Result<Kind, SyntaxError> {
    refuse_nul(text)?;
    // Searched once: `${` is a placeholder only if its end follows somewhere, and a text may hold many `${`.
    let last_end = text.rfind("}}>");
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['$', '{']) {
        let start = at + found;
        fixed.push_str(&text[at..start]);
        let rest = &text[start..];
        let (part, length) = if rest.starts_with("$$") {
            fixed.push('$');
            (None, 2)
        } else if rest.starts_with("{{") {
            placeholder(rest, End::Braces)?
        } else if rest.starts_with("${") && last_end.is_some_and(|end| end > start) {
            placeholder(rest, End::BracesAngle)?
        } else if let Some(after) = rest.strip_prefix('$')
            && let Some((reference, length)) = reference::parse(after, Place::Text)?
        {
            (Some(Part::Reference(reference)), length + 1)
        } else {
            fixed.push_str(&rest[..1]);
            (None, 1)
        };
        if let Some(part) = part {
            if !fixed.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut fixed)));
            }
            parts.push(part);
        }
        at = start + length;
    }
    fixed.push_str(&text[at..]);
    if parts.is_empty() {
        return Ok(Kind::Fixed(Value::String(fixed)));
    }
    if !fixed.is_empty() {
        parts.push(Part::Text(fixed));
    }
    Ok(match <[Part; 1]>::try_from(parts) {
        Ok([lone]) => Kind::Lone(lone),
        Err(parts) => Kind::Text(parts),
    })
}

/// An inline expression with its two opening characters, and its whole length.
fn placeholder(rest: &str, end: End) -> Result<(Option<Part>, usize), SyntaxError> {
    let (expression, length) = Expression::parse_until(&rest[2..], end)?;
    Ok((Some(Part::Expression(expression)), 2 + length + end.marker().len()))
}

fn refuse_nul(text: &str) -> Result<(), SyntaxError> {
    if text.contains('\0') {
        return Err(ExpressionFault::TextNul.into());
    }
    Ok(())
}
