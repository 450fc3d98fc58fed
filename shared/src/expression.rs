//! Expressions and templates: `$`-references over minijinja, compiled once, evaluated under fuel.
//!
//! An expression is Jinja with references in it; `scan` rewrites it to plain Jinja over one lazy context, so that
//! only the values it touches are converted. An unknown name, JSON null and `none` are one and the same: empty.
//! What an evaluation may cost is bounded by [`FUEL`], [`MAX_VALUE_BYTES`], [`MAX_EXPRESSION_BYTES`] and [`MAX_TOKENS`].

mod bare_filter;
mod date;
pub mod examples;
mod filters;
mod functions;
mod local;
mod names;
mod reads;
mod reference;
mod scan;
mod template;
mod value;

use std::fmt;
use std::sync::Arc;

use minijinja::ErrorKind;
use serde_json::Value;

use crate::env::Env;
use crate::id::ModuleName;
use crate::message::{ExpressionFault, Message};
use crate::suggestion::{Meant, did_you_mean};
use reference::Reference;
use scan::End;

pub use bare_filter::bare_filter;
pub use local::Local;
pub use reads::Reads;
pub use template::Template;
pub use value::render;

/// Steps of one evaluation. minijinja charges one for an instruction, for 64 bytes that it produces or passes
/// through a filter, and for two items that it visits, so this bounds time (some milliseconds) and memory (6 MB) alike.
/// Not counted is what some operators and filters do with the items of a list, so a list cannot be multiplied.
pub const FUEL: u64 = 100_000;

/// Bytes of a value or a rendered text: as much as a whole posted body may have.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// Bytes of one expression's text: more than a person writes.
pub const MAX_EXPRESSION_BYTES: usize = 16 * 1024;

/// Words, numbers, texts, references and signs of one expression. The parser's syntax tree is as deep as a chain of
/// operators is long, and about 1,400 of them exhaust the 2 MiB stack of a thread.
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
    /// The fields of the run's record, `$lastname`; none = every field is empty.
    pub record: Option<Arc<Env>>,
    /// The fields of referenced records, each under the text of its [`Related`]; what is missing is empty.
    pub related: Arc<Env>,
    /// The clock, its zone, and what is drawn.
    pub local: Arc<Local>,
}

/// `$(contact_id: (Contacts) leadsource)`: a field of the record whose id stands in a field of the run's record.
/// Whoever evaluates fills [`Scope::related`] first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The field of the run's record that holds the id.
    pub field: String,
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

/// A compiled Jinja expression in which `$` references stand.
pub struct Expression {
    source: String,
    kind: Kind,
    reads: Reads,
}

enum Kind {
    /// Read straight from its map: no minijinja, and a number keeps its digits.
    Reference(Reference),
    Jinja(minijinja::Expression<'static, 'static>),
}

impl From<SyntaxError> for Message {
    fn from(SyntaxError(message): SyntaxError) -> Self {
        message
    }
}

/// In English only: a finding in the reader's language has a code instead.
impl From<String> for SyntaxError {
    fn from(text: String) -> Self {
        Self(text.into())
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

impl Expression {
    /// Compiles a text. Unknown names, filters, tests and functions are errors here, not when it is evaluated.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        Self::parse_until(source, End::Text).map(|(expression, _)| expression)
    }

    /// Compiles what stands before the end, and says where the end stands.
    fn parse_until(source: &str, end: End) -> Result<(Self, usize), SyntaxError> {
        let scanned = scan::scan(source, end)?;
        let text = source[..scanned.end].trim();
        let kind = match scanned.lone {
            Some(reference) => Kind::Reference(reference),
            None => Kind::Jinja(compile(scanned.jinja)?),
        };
        Ok((Self { source: text.to_owned(), kind, reads: scanned.reads }, scanned.end))
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
        match &self.kind {
            Kind::Reference(reference) => Ok(reference.value(scope)),
            Kind::Jinja(jinja) => value::to_json(&run(jinja, scope)?),
        }
    }

    /// Whether the value counts as true: not null, false, zero, or empty.
    pub fn is_true(&self, scope: &Scope) -> Result<bool, EvalError> {
        match &self.kind {
            Kind::Reference(reference) => Ok(reference.is_true(scope)),
            Kind::Jinja(jinja) => Ok(run(jinja, scope)?.is_true()),
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

fn compile(jinja: String) -> Result<minijinja::Expression<'static, 'static>, SyntaxError> {
    let environment = functions::environment();
    let compiled = environment.compile_expression_owned(jinja).map_err(|error| match error.detail() {
        Some(detail) => SyntaxError(Message::foreign(&detail)),
        None => ExpressionFault::NotAnExpression.into(),
    })?;
    let unknown = compiled.undeclared_variables(false).into_iter().filter(|name| !functions::is_known_name(name)).min();
    match unknown {
        Some(name) => Err(SyntaxError(unknown_name(&name))),
        None => Ok(compiled),
    }
}

fn unknown_name(name: &str) -> Message {
    let fault = Message::from(ExpressionFault::NameUnknown { name: name.to_owned() });
    let word = did_you_mean(name, ["true", "false", "none"]);
    fault.meant(match word.is_empty() {
        true => Meant::of([format!("${name}"), format!("$env[\"{name}\"]")]),
        false => word,
    })
}

fn run(jinja: &minijinja::Expression<'static, 'static>, scope: &Scope) -> Result<minijinja::Value, EvalError> {
    jinja.eval(minijinja::Value::from_object(value::Context(scope.clone()))).map_err(|error| explain(&error))
}

/// Characters of minijinja's own message, which may quote numbers and short texts.
const MAX_DETAIL_CHARS: usize = 160;

fn explain(error: &minijinja::Error) -> EvalError {
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
