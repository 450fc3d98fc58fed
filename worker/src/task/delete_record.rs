//! `delete_record`: deletes the run's record or a named one; what is gone already is none of its concern.

use postern_shared::record_ref::RecordRef;
use postern_shared::task::delete_record::DeleteRecord;

use super::connected;
use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query, reported};
use crate::bundle::unit_of_work::Known;

pub fn perform(
    settings: &DeleteRecord,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let record = match context.target(settings.record.as_ref())? {
        RecordRef::Own(record) => record,
        RecordRef::Connected(record) => return connected::delete_record(*record, reported(answer), context),
    };
    if matches!(context.unit.get(record), Known::Unknown) {
        return Ok(Outcome::Ask(Query::Lock(record)));
    }
    context.unit.delete(record);
    context.touched.record(record);
    Ok(Outcome::Continue("next"))
}
