//! `stop`: ends the run as finished or failed.

use postern_shared::task::stop::Stop;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Stop, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let message = match &settings.message {
        Some(template) => {
            let text = template.text(context.scope).map_err(|error| TaskError::in_field("message", error))?;
            Some(TaskError::said(text))
        }
        None => None,
    };
    Ok(Outcome::Stop { failed: settings.failed, message })
}
