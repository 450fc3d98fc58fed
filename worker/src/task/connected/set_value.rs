//! `set_value` on a record that another system keeps. The same change twice is harmless, so it is made again when nobody knows
//! what came of it.

use postern_shared::message::Message;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::{Action, ConnectedCall};
use postern_shared::task::set_value::SetValue;

use super::asked::{Stands, on, scalars, stands};
use crate::outside::call::Report;
use crate::outside::connected::{Done, What};
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

pub fn set_value(
    settings: &SetValue,
    record: ConnectedRecord,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let prepare = |context: &mut Context<'_>| prepare(settings, &record, context);
    match stands(report, false, context, prepare)? {
        Stands::Waits(outcome) => return Ok(outcome),
        Stands::Decided => {}
        Stands::Done(Done { what: What::Changed(fields), .. }) => context.elsewhere.renew(&record, Some(fields)),
        Stands::Done(_) => return Err(Message::RequestImpossible),
    }
    context.touched.record(record);
    context.touched.fields.extend(settings.fields.iter().map(|(name, _)| name.clone()));
    Ok(Outcome::Continue("next"))
}

fn prepare(
    settings: &SetValue,
    record: &ConnectedRecord,
    context: &mut Context<'_>,
) -> Result<ConnectedCall, TaskError> {
    let mut values = context.values(&settings.fields)?;
    if let Some(module) = context.unit.modules().get(&record.module) {
        let typed = module.changed_values(values, &context.scope.local.zone)?;
        context.touched.note(typed.dropped);
        values = typed.values;
    }
    let fields = scalars(values)?;
    context.write(fields.iter().map(|(name, value)| name.len() + value.len()).sum())?;
    Ok(on(record, Action::Change { id: record.id.clone(), fields }))
}
