//! `delete_record`: deletes the run's record or a named one; what is gone already is none of its concern.

use postern_shared::task::delete_record::DeleteRecord;

use super::{Context, Outcome, Question, TaskError};
use crate::desk::Known;

pub fn perform(settings: &DeleteRecord, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let record = context.target(settings.record.as_ref())?;
    if matches!(context.desk.get(record), Known::Unknown) {
        return Ok(Outcome::Ask(Question::Lock(record)));
    }
    context.desk.delete(record);
    Ok(Outcome::Continue("next"))
}
