//! Expressions and templates: Jinja with `$`-references, compiled once, evaluated under fuel.
//!
//! The grammar and the operators are ours, so that comparisons, errors and fuel follow our rules; values, filters, tests and
//! functions are minijinja's. An evaluation converts only the values that it touches. An unknown name, JSON null and
//! `none` are one and the same: empty.
//! What an evaluation may cost is bounded by [`FUEL`], [`MAX_VALUE_BYTES`], [`MAX_EXPRESSION_BYTES`] and [`MAX_TOKENS`].

mod arithmetic;
mod bare;
mod compared;
mod context;
mod counters;
mod date;
mod evaluation;
pub mod examples;
mod filters;
mod functions;
mod lexer;
mod local;
mod names;
mod node;
mod parser;
mod part;
pub mod pitfalls;
mod reads;
mod reference;
mod template;
mod text;
mod truth;
mod value;
mod written;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use minijinja::{ErrorKind, State};
use serde_json::Value;

use crate::comparison::{Basis, Notes};
use crate::env::Env;
use crate::id::ModuleName;
use crate::message::{ExpressionFault, Message};
use evaluation::Evaluation;
use lexer::End;
use node::Node;

pub use bare::{bare_expression, bare_filter, name_in};
pub use context::Context;
pub use local::Local;
pub use reads::Reads;
pub use template::Template;
pub use value::render;

/// Steps of one evaluation: of an expression, or of all expressions and statements of a text. One is charged for an
/// operator, for 64 bytes that are produced or passed through a filter, and for an item or two that are visited, so this
/// bounds time (some milliseconds) and memory (6 MB) alike. A list is never multiplied: no step would count its items.
pub const FUEL: u64 = 100_000;

/// Bytes of a value or a rendered text: as much as a whole posted body may have.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// Bytes of one expression's text: more than a person writes.
pub const MAX_EXPRESSION_BYTES: usize = 16 * 1024;

/// Words, numbers, texts, references and signs of one expression.
pub const MAX_TOKENS: usize = 512;

/// What an expression can read. Cheap to clone: every map is shared.
#[derive(Debug, Clone)]
pub struct Scope {
    /// `$env[…]`
    pub env: Arc<Env>,
    /// `$query[…]`
    pub query: Arc<Env>,
    /// `$request[…]`
    pub request: Arc<Env>,
    /// `$var[…]`
    pub var: Arc<Env>,
    /// The fields of the run's record, `$lastname`; none = every field is empty.
    pub record: Option<Arc<Env>>,
    /// The fields of referenced records, each under the text of its [`Related`]; what is missing is empty.
    pub related: Arc<Env>,
    /// The clock, its zone, and what is drawn.
    pub local: Arc<Local>,
    /// What comparisons of the step did that people might not expect.
    pub notes: Notes,
}

impl Scope {
    /// By what the comparisons of the step go.
    pub fn basis(&self) -> Basis<'_> {
        Basis { zone: &self.local.zone, notes: &self.notes }
    }
}

/// `$(contact_id: (Contacts) leadsource)`: a field of the record whose id stands in a field of the run's record, or in a
/// name of `$env` that a step assigns. Whoever evaluates fills [`Scope::related`] first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The field of the run's record that holds the id, or the name of `$env`.
    pub field: String,
    /// Whether it is a name of `$env`, which only the workflow knows.
    pub by_env: bool,
    /// The module that the referenced record must belong to.
    pub module: ModuleName,
    /// The field of the referenced record.
    pub name: String,
}

/// Its name in [`Scope::related`].
impl fmt::Display for Related {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.field, self.module, self.name)
    }
}

/// Why a text is not an expression or a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(pub Message);

/// Why an evaluation failed: the fuel is spent, or an operation does not fit its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub Message);

/// What is wrong at a place of a text, in bytes.
#[derive(Debug)]
struct Fault {
    at: usize,
    message: Message,
}

impl Fault {
    /// The place is told where a text has several lines; in one line it is seen.
    fn in_text(self, text: &str) -> SyntaxError {
        let before = &text[..self.at.min(text.len())];
        if !text.trim_end().contains('\n') {
            return SyntaxError(self.message);
        }
        let (line, last) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default());
        let column = last.chars().count() + 1;
        ExpressionFault::AtLine { line, column, message: Box::new(self.message) }.into()
    }
}

/// A compiled Jinja expression in which `$` references stand.
pub struct Expression {
    source: String,
    node: Node,
    reads: Reads,
}

impl From<SyntaxError> for Message {
    fn from(SyntaxError(message): SyntaxError) -> Self {
        message
    }
}

impl From<ExpressionFault> for SyntaxError {
    fn from(fault: ExpressionFault) -> Self {
        Self(fault.into())
    }
}

impl From<EvalError> for Message {
    fn from(EvalError(message): EvalError) -> Self {
        message
    }
}

impl From<minijinja::Error> for EvalError {
    fn from(error: minijinja::Error) -> Self {
        explain(&error)
    }
}

impl Expression {
    /// Compiles a text. Unknown names, filters, tests and functions are errors here, not when it is evaluated.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        let parsed = parser::parse(source, 0, End::Text, &[]).map_err(|fault| match source.trim_start() {
            braced if braced.starts_with("{{") => ExpressionFault::BracesInExpression.into(),
            _ => fault.in_text(source),
        })?;
        Ok(Self { source: source.trim().to_owned(), node: parsed.node, reads: parsed.reads })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of `$env` that it reads.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The value; an unknown name is null.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        match &self.node {
            // Read straight from its map: a number keeps its digits.
            Node::Reference(reference) => Ok(reference.value(scope)),
            node => value::to_json(&Evaluation::new(scope).value(node)?),
        }
    }

    /// Whether the value counts as true: not null, false, zero, or empty.
    pub fn is_true(&self, scope: &Scope) -> Result<bool, EvalError> {
        match &self.node {
            Node::Reference(reference) => Ok(reference.is_true(scope)),
            node => Evaluation::new(scope).decides(node),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// Whether a text can be an e-mail address, as the test `is email` says.
pub fn is_email(text: &str) -> bool {
    functions::is_email(text)
}

/// Counts bytes that are made or read.
fn spend_bytes(state: &State, bytes: usize) -> Result<(), EvalError> {
    Ok(state.consume_fuel(bytes as u64 / BYTES_OF_A_STEP)?)
}

/// Counts a value that was read: a text is copied.
fn spend_copy(state: &State, value: &minijinja::Value) -> Result<(), EvalError> {
    let bytes = value.as_str().map_or(0, str::len);
    Ok(state.consume_fuel(bytes as u64 / BYTES_OF_A_COPY)?)
}

/// Bytes of a text that one step copies.
const BYTES_OF_A_COPY: u64 = 512;

/// Bytes that one step makes or reads.
const BYTES_OF_A_STEP: u64 = 64;

/// Characters of minijinja's own message, which may quote numbers and short texts.
const MAX_DETAIL_CHARS: usize = 160;

fn explain(error: &minijinja::Error) -> EvalError {
    if let Some(ours) = error.source().and_then(|source| source.downcast_ref::<EvalError>()) {
        return ours.clone();
    }
    let detail: String = match error.detail() {
        Some(detail) => detail.chars().take(MAX_DETAIL_CHARS).collect(),
        None => error.kind().to_string(),
    };
    EvalError(match error.kind() {
        ErrorKind::OutOfFuel => Message::ExpressionTooLong { most: FUEL },
        ErrorKind::UnknownMethod => Message::NoMethods { reason: detail },
        ErrorKind::InvalidOperation if error.detail().is_none_or(|detail| detail.starts_with("tried to use")) => {
            Message::ConvertFirst { reason: detail }
        }
        _ => Message::Foreign { reason: detail },
    })
}

#[cfg(test)]
mod tests;
