//! `condition`: leaves by `then` if its expression is true, else by `else`.

use postern_shared::task::condition::Condition;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Condition, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    match settings.expression.is_true(context.scope) {
        Ok(true) => Ok(Outcome::Continue("then")),
        Ok(false) => Ok(Outcome::Continue("else")),
        Err(error) => Err(TaskError::in_field("condition", error)),
    }
}
