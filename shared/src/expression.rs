//! Expressions and templates: `$`-references over minijinja, compiled once, evaluated under fuel.

use std::sync::Arc;

use serde_json::Value;

use crate::env::Env;

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
}

/// Why a text is not an expression or a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(pub String);

/// Why an evaluation failed: the fuel is spent, or an operation does not fit its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub String);

/// A compiled Jinja expression in which `$` references stand.
#[derive(Debug)]
pub struct Expression;

impl Expression {
    /// Compiles a text.
    pub fn parse(_source: &str) -> Result<Self, SyntaxError> {
        Ok(Self)
    }

    /// The value; an unknown name is null.
    pub fn eval(&self, _scope: &Scope) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }

    /// Whether the value counts as true: not null, false, zero, or empty.
    pub fn is_true(&self, _scope: &Scope) -> Result<bool, EvalError> {
        Ok(false)
    }
}

/// A compiled value of a task's setting: a text with placeholders, or any other JSON value whose texts are such.
#[derive(Debug)]
pub struct Template;

impl Template {
    /// Compiles a value. Lists and maps are compiled item by item; numbers, booleans and null stand for themselves.
    pub fn parse(_source: &Value) -> Result<Self, SyntaxError> {
        Ok(Self)
    }

    /// The value: one lone reference or `{{ … }}` keeps its type, everything else is text.
    pub fn value(&self, _scope: &Scope) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }

    /// The value as text, as [`render`] writes it.
    pub fn text(&self, scope: &Scope) -> Result<String, EvalError> {
        Ok(render(&self.value(scope)?))
    }
}

/// A value in the middle of a text: a list joined by ", ", a map as JSON, null as nothing, booleans as true/false.
pub fn render(_value: &Value) -> String {
    String::new()
}
