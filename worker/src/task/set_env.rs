//! `set_env`: assigns `$env` names in written order, so that a later one sees the earlier ones.

use postern_shared::task::set_env::SetEnv;

use super::{Context, Outcome, TaskError};

pub fn perform(settings: &SetEnv, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    for (name, template) in &settings.values {
        let value = context.value(name, template)?;
        context.set_env(name, value);
    }
    Ok(Outcome::Continue("next"))
}
