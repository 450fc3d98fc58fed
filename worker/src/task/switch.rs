//! `switch`: leaves by the output of the case that its value is equal to, or else by `else`.

use postern_shared::task::switch::{self, Switch};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Switch, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let value = context.value("switch", &settings.value)?;
    Ok(match settings.case_of(&value, context.scope.basis()) {
        Some(case) => Outcome::Case { output: switch::output(case) },
        None => Outcome::Continue("else"),
    })
}
