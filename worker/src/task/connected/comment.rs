//! `comment` on a record that another system keeps: there the comment is a record of its own.

use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::Action;
use postern_shared::task::comment::Comment;

use super::asked::{Stands, on, stands};
use crate::outside::call::Report;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

pub fn comment(
    settings: &Comment,
    record: ConnectedRecord,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    if report.is_none() && context.request.is_none() {
        let text = settings.text.text(context.scope).map_err(|error| TaskError::in_field("comment", error))?;
        if text.trim().is_empty() {
            return Ok(Outcome::Continue("next"));
        }
    }
    let prepare = |context: &mut Context<'_>| {
        let text = settings.text.text(context.scope).map_err(|error| TaskError::in_field("comment", error))?;
        context.write(text.len())?;
        Ok(on(&record, Action::Comment { id: record.id.clone(), text }))
    };
    if let Stands::Waits(outcome) = stands(report, false, context, prepare)? {
        return Ok(outcome);
    }
    context.touched.record(record);
    Ok(Outcome::Continue("next"))
}
