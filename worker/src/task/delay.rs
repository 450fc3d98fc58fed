//! `delay`: parks its branch until its time has come.

use std::time::SystemTime;

use jiff::Timestamp;
use postern_shared::task::delay::Delay;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Delay, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let (field, template) = settings.until.template();
    let text = template.text(context.scope).map_err(|error| TaskError::in_field(field, error))?;
    let now = Timestamp::try_from(context.now()).map_err(|error| TaskError::foreign(&error))?;
    let due_at =
        settings.due_at(&text, &context.scope.local.zone, now).map_err(|error| TaskError::in_field(field, error))?;
    let sleeps = SystemTime::try_from(due_at).ok().filter(|_| due_at > now);
    Ok(match sleeps {
        Some(due_at) => Outcome::SleepUntil { due_at, output: "next" },
        None => Outcome::Continue("next"),
    })
}
