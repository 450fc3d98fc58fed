//! `delete_record`: deletes the run's record or a named one; what is gone already is none of its concern.

use postern_shared::task::delete_record::DeleteRecord;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::Query;
use crate::bundle::unit_of_work::Known;

pub fn perform(settings: &DeleteRecord, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let record = context.target(settings.record.as_ref())?;
    if matches!(context.unit.get(record), Known::Unknown) {
        return Ok(Outcome::Ask(Query::Lock(record)));
    }
    context.unit.delete(record);
    context.touched.record(record);
    Ok(Outcome::Continue("next"))
}
