//! `condition`: leaves by `then` or `else`.

use crate::expression::Expression;

/// Settings of a `condition` step.
#[derive(Debug)]
pub struct Condition {
    /// What decides.
    pub expression: Expression,
}
