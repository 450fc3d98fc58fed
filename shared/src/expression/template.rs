//! Texts with placeholders, and JSON values made of such.

use serde_json::{Map, Value};

use super::reference::{self, Place, Reference};
use super::scan::End;
use super::value::{render, render_into};
use super::{EvalError, Expression, MAX_VALUE_BYTES, Related, Scope, SyntaxError};

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

    /// The value: one lone reference or `{{ … }}` keeps its type, everything else is text.
    pub fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        match &self.0 {
            Kind::Fixed(value) => Ok(value.clone()),
            Kind::Lone(part) => part.value(scope),
            Kind::Text(parts) => concatenate(parts, scope).map(Value::String),
            Kind::List(items) => items.iter().map(|item| item.value(scope)).collect::<Result<_, _>>().map(Value::Array),
            Kind::Map(items) => {
                let mut map = Map::with_capacity(items.len());
                for (name, item) in items {
                    map.insert(name.clone(), item.value(scope)?);
                }
                Ok(Value::Object(map))
            }
        }
    }

    /// The fields of referenced records that it reads.
    pub fn related(&self) -> Vec<Related> {
        match &self.0 {
            Kind::Fixed(_) => Vec::new(),
            Kind::Lone(part) => part.related().to_vec(),
            Kind::Text(parts) => parts.iter().flat_map(Part::related).cloned().collect(),
            Kind::List(items) => items.iter().flat_map(Self::related).collect(),
            Kind::Map(items) => items.iter().flat_map(|(_, item)| item.related()).collect(),
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
    fn related(&self) -> &[Related] {
        match self {
            Self::Text(_) => &[],
            Self::Reference(reference) => reference.related().map_or(&[], std::slice::from_ref),
            Self::Expression(expression) => expression.related(),
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
            return Err(EvalError(format!("the text is larger than {MAX_VALUE_BYTES} bytes")));
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
        return Err(SyntaxError("the text holds a NUL character, which cannot be stored".to_owned()));
    }
    Ok(())
}
