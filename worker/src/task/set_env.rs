//! `set_env`: assigns `$env` names in written order, so that a later one sees the earlier ones. All are assigned, or none.

use std::sync::Arc;

use postern_shared::task::set_env::SetEnv;

use serde_json::Value;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

/// What a name had before.
type Had<'a> = (&'a str, Option<Value>);

pub fn perform(settings: &SetEnv, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let mut assigned = Vec::new();
    match assign(settings, context, &mut assigned) {
        Ok(()) => Ok(Outcome::Continue("next")),
        Err(error) => {
            undo(assigned, context);
            Err(error)
        }
    }
}

fn assign<'a>(settings: &'a SetEnv, context: &mut Context<'_>, assigned: &mut Vec<Had<'a>>) -> Result<(), TaskError> {
    for (name, template) in &settings.values {
        let value = context.value(name, template)?;
        assigned.push((name, context.set_env(name, value)?));
    }
    Ok(())
}

/// The step may be done again: from the same `$env`.
fn undo(assigned: Vec<Had<'_>>, context: &mut Context<'_>) {
    if assigned.is_empty() {
        return;
    }
    context.budget.set_env_bytes(None);
    let env = Arc::make_mut(&mut context.scope.env);
    for (name, had) in assigned.into_iter().rev() {
        match had {
            Some(value) => env.set(name, value),
            None => env.remove(name),
        }
    }
}
