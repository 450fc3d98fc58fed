//! The parts of a text with placeholders and statements, and how they are written out.

use minijinja::Value as Jinja;
use minijinja::value::ValueKind;
use serde_json::Value;

use super::context::{Output, Trust};
use super::evaluation::Evaluation;
use super::node::Node;
use super::reference::Reference;
use super::value::{render, to_json};
use super::{EvalError, Scope};

/// A part of a text.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Reference(Reference),
    /// `{{ … }}`
    Inline(Inline),
    /// The first branch whose condition holds; a branch without one always does.
    If(Vec<(Option<Node>, Vec<Part>)>),
    For(Box<Loop>),
    /// `{% set name = … %}`
    Set(String, Node),
}

/// An inline expression.
#[derive(Debug)]
pub(super) struct Inline {
    pub(super) node: Node,
    /// What its last filter promises.
    pub(super) trust: Trust,
}

/// `{% for name in list if condition %}`
#[derive(Debug)]
pub(super) struct Loop {
    /// One name, or several of which each gets a part of the item.
    pub(super) names: Vec<String>,
    pub(super) list: Node,
    pub(super) condition: Option<Node>,
    pub(super) body: Vec<Part>,
    /// What is written if the list is empty.
    pub(super) otherwise: Vec<Part>,
    /// Whether `loop` is read.
    pub(super) counts: bool,
}

impl Part {
    /// Its value, which keeps its type.
    pub(super) fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        match self {
            Self::Text(text) => Ok(Value::String(text.clone())),
            Self::Reference(reference) => Ok(reference.value(scope)),
            Self::Inline(Inline { node: Node::Reference(reference), .. }) => Ok(reference.value(scope)),
            Self::Inline(inline) => to_json(&Evaluation::new(scope).value(&inline.node)?),
            Self::If(_) | Self::For(_) | Self::Set(..) => Ok(Value::Null),
        }
    }
}

/// Writes a text out. All its expressions have the fuel of one evaluation.
pub(super) struct Writer<'s, 'o> {
    scope: &'s Scope,
    /// Most texts need none.
    evaluation: Option<Evaluation<'s>>,
    output: &'o mut Output,
}

impl<'s, 'o> Writer<'s, 'o> {
    /// A writer to an output.
    pub(super) fn new(scope: &'s Scope, output: &'o mut Output) -> Self {
        Self { scope, evaluation: None, output }
    }

    /// Writes parts, one after another.
    pub(super) fn write(&mut self, parts: &[Part]) -> Result<(), EvalError> {
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => self.output.fixed(text)?,
                // Read straight from its map: a number keeps its digits.
                Part::Reference(reference)
                | Part::Inline(Inline { node: Node::Reference(reference), trust: Trust::Posted }) => {
                    let text = render(&reference.value(self.scope));
                    let is_name = self.output.takes_names() && is_name(&parts[at + 1..]);
                    self.output.value(&text, Trust::Posted, is_name)?;
                }
                Part::Inline(Inline { node, trust }) => {
                    let value = self.evaluation().value(node)?;
                    let trust = if value.is_safe() && *trust == Trust::Posted { Trust::Markup } else { *trust };
                    let text = self.evaluation().text(&value)?;
                    let is_name = self.output.takes_names() && is_name(&parts[at + 1..]);
                    self.output.value(&text, trust, is_name)?;
                }
                Part::If(branches) => self.branch(branches)?,
                Part::For(all) => self.repeat(all)?,
                Part::Set(name, node) => {
                    let value = self.evaluation().value(node)?;
                    let value = self.evaluation().named(value)?;
                    self.evaluation().locals.push((name.clone(), value));
                }
            }
        }
        Ok(())
    }

    fn evaluation(&mut self) -> &mut Evaluation<'s> {
        self.evaluation.get_or_insert_with(|| Evaluation::new(self.scope))
    }

    fn branch(&mut self, branches: &[(Option<Node>, Vec<Part>)]) -> Result<(), EvalError> {
        for (condition, parts) in branches {
            let holds = match condition {
                Some(condition) => self.evaluation().decides(condition)?,
                None => true,
            };
            if holds {
                return self.write(parts);
            }
        }
        Ok(())
    }

    fn repeat(&mut self, all: &Loop) -> Result<(), EvalError> {
        let mut list = self.evaluation().value(&all.list)?;
        if all.names.len() > 1 && list.kind() == ValueKind::Map {
            // Its names alone would be taken apart into letters.
            list = self.evaluation().state.apply_filter("items", &[list])?;
        }
        let mut items = self.evaluation().items(&list)?;
        let depth = self.evaluation().locals.len();
        if let Some(condition) = &all.condition {
            let mut kept = Vec::new();
            for item in items {
                self.name(&all.names, &item)?;
                let holds = self.evaluation().decides(condition)?;
                self.evaluation().locals.truncate(depth);
                kept.extend(Some(item).filter(|_| holds));
            }
            items = kept;
        }
        if items.is_empty() {
            return self.write(&all.otherwise);
        }
        let length = items.len();
        for (index, item) in items.into_iter().enumerate() {
            self.evaluation().state.consume_fuel(1)?;
            self.name(&all.names, &item)?;
            if all.counts {
                self.evaluation().locals.push(("loop".to_owned(), count(index, length)));
            }
            self.write(&all.body)?;
            self.evaluation().locals.truncate(depth);
        }
        Ok(())
    }

    fn name(&mut self, names: &[String], item: &Jinja) -> Result<(), EvalError> {
        let item = &self.evaluation().named(item.clone())?;
        if let [name] = names {
            self.evaluation().locals.push((name.clone(), item.clone()));
            return Ok(());
        }
        for (place, name) in names.iter().enumerate() {
            let part = self.evaluation().item(item, &Jinja::from(place))?;
            self.evaluation().locals.push((name.clone(), part));
        }
        Ok(())
    }
}

/// Whether `<` follows in the same mail address.
fn is_name(behind: &[Part]) -> bool {
    let texts = behind.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    texts.filter_map(|text| text.chars().find(|c| matches!(c, '<' | '>' | ','))).next() == Some('<')
}

/// `loop`, as far as texts need it.
fn count(index: usize, length: usize) -> Jinja {
    Jinja::from_pairs([
        ("index", Jinja::from(index + 1)),
        ("index0", Jinja::from(index)),
        ("length", Jinja::from(length)),
        ("first", Jinja::from(index == 0)),
        ("last", Jinja::from(index + 1 == length)),
    ])
}
