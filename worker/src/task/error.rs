//! Why a run fails at a step.

use postern_shared::expression::EvalError;

use crate::run::budget::Exceeded;

/// Why a run fails at a step. Trying again would not help.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TaskError(pub String);

impl TaskError {
    /// A value of a field cannot be made.
    pub fn in_field(field: &str, error: &EvalError) -> Self {
        Self(format!("{field}: {error}"))
    }
}

impl From<Exceeded> for TaskError {
    fn from(exceeded: Exceeded) -> Self {
        Self(exceeded.to_string())
    }
}
