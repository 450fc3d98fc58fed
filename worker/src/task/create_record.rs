//! `create_record`: creates a record, or meets the one that has its unique key; leaves by `created` or `existing`. The
//! key is the one that the step names, or else the value of the module's unique field.

use postern_shared::env::Env;
use postern_shared::store::records::UniqueKey;
use postern_shared::task::create_record::{CreateRecord, IfExists};
use serde_json::Value;

use super::connected;
use super::context::Context;
use super::error::TaskError;
use super::new_record::{NewRecord, new_record};
use super::outcome::Outcome;
use super::query::{Answer, Query, reported};
use super::typed_fields::{self, Changed};
use crate::bundle::unit_of_work;

pub fn perform(
    settings: &CreateRecord,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    if let Some(connection) = context.unit.connection(&settings.module).cloned() {
        return connected::create_record(settings, connection, reported(answer), context);
    }
    let (id, existing) = match answer {
        Some(Answer::Created { id, existing }) => (id, existing),
        _ => return ask(settings, context),
    };
    if existing && settings.if_exists == IfExists::Update {
        let values = context.values(&settings.fields)?;
        context.write_values(id, &values)?;
        // Meanwhile a run of the same wave has given the record another key: nobody has this one now.
        if let Changed::Ask(_) = typed_fields::change(context, id, values, None)? {
            return ask(settings, context);
        }
        context.touched.fields.extend(settings.fields.iter().map(|(name, _)| name.clone()));
    }
    context.touched.record(id);
    if let Some(name) = &settings.store_id {
        context.set_env(name, Value::from(id.get()))?;
    }
    Ok(Outcome::Continue(if existing { "existing" } else { "created" }))
}

fn ask(settings: &CreateRecord, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let NewRecord { values, unique, .. } = new_record(settings, context)?;
    let key = unique.and_then(|text| UniqueKey::of(&text));
    let mut fields = Env::default();
    let bytes = unit_of_work::apply(&mut fields, values)?;
    context.write(bytes)?;
    Ok(Outcome::Ask(Query::Create { module: settings.module.clone(), key, fields }))
}
