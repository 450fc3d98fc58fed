//! `delete_record` of a record that another system keeps. Deleting a missing record succeeds.

use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::Action;

use super::asked::{Stands, on, stands};
use crate::outside::call::Report;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

pub fn delete_record(
    record: ConnectedRecord,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let prepare = |_: &mut Context<'_>| Ok(on(&record, Action::Delete { id: record.id.clone() }));
    if let Stands::Waits(outcome) = stands(report, false, context, prepare)? {
        return Ok(outcome);
    }
    context.elsewhere.renew(&record, None);
    context.touched.record(record);
    Ok(Outcome::Continue("next"))
}
