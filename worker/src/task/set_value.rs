//! `set_value`: changes fields of the run's record or of a named one, which is locked first, so that what is read
//! and what is written are of one moment.

use postern_shared::record_ref::RecordRef;
use postern_shared::task::set_value::SetValue;

use super::connected;
use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query, reported};
use super::typed_fields::{self, Changed};
use crate::bundle::unit_of_work::Known;

pub fn perform(settings: &SetValue, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let id = match context.target(settings.record.as_ref())? {
        RecordRef::Own(record) => record,
        RecordRef::Connected(record) => return connected::set_value(settings, *record, reported(answer), context),
    };
    match context.unit.get(id) {
        Known::Unknown => Ok(Outcome::Ask(Query::Lock(id))),
        Known::Missing => Err(TaskError::RecordMissing { record: id }),
        Known::There(..) => {
            let values = context.values(&settings.fields)?;
            if !matches!(answer, Some(Answer::Rekeyed { .. })) {
                context.write_values(id, &values)?;
            }
            Ok(match typed_fields::change(context, id, values, answer)? {
                Changed::Done => {
                    context.touched.record(id);
                    context.touched.fields.extend(settings.fields.iter().map(|(name, _)| name.clone()));
                    Outcome::Continue("next")
                }
                Changed::Ask(query) => Outcome::Ask(query),
            })
        }
    }
}
