//! `comment`: says something of a record, which is locked first: it must exist when the comment is written.

use postern_shared::record_ref::RecordRef;
use postern_shared::store::comments::NewComment;
use postern_shared::task::comment::Comment;

use super::connected;
use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query, reported};
use crate::bundle::unit_of_work::Known;

pub fn perform(settings: &Comment, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let record = match context.target(settings.record.as_ref())? {
        RecordRef::Own(record) => record,
        RecordRef::Connected(record) => return connected::comment(settings, *record, reported(answer), context),
    };
    match context.unit.get(record) {
        Known::Unknown => return Ok(Outcome::Ask(Query::Lock(record))),
        Known::Missing => return Err(TaskError::RecordMissing { record }),
        Known::There(..) => {}
    }
    let text = settings.text.text(context.scope).map_err(|error| TaskError::in_field("comment", error))?;
    if !text.trim().is_empty() {
        context.write(text.len())?;
        let (run, step) = (context.run, context.number);
        context.unit.effects.comments.push(NewComment { record, run, step, text });
        context.touched.record(record);
    }
    Ok(Outcome::Continue("next"))
}
