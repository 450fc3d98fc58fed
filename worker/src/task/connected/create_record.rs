//! `create_record` in a module that another system keeps. The record is found by its unique value, so the unique key must be
//! the value of a field.

use postern_shared::id::ConnectionName;
use postern_shared::message::Message;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::{Action, ConnectedCall};
use postern_shared::task::create_record::{CreateRecord, IfExists, IfUnknown};
use serde_json::Value;

use super::asked::{Stands, scalars, stands};
use crate::outside::call::Report;
use crate::outside::connected::{Done, What};
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::new_record::{NewRecord, new_record};
use crate::task::outcome::Outcome;

pub fn create_record(
    settings: &CreateRecord,
    connection: ConnectionName,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let has_unique = settings.unique.is_some()
        || context.unit.modules().get(&settings.module).is_some_and(|module| module.unique().is_some());
    let asks = !has_unique && settings.if_unknown == IfUnknown::Ask;
    let prepare = |context: &mut Context<'_>| prepare(settings, connection.clone(), context);
    let (id, fields, existing) = match stands(report, asks, context, prepare)? {
        Stands::Waits(outcome) => return Ok(outcome),
        Stands::Decided => return Ok(Outcome::Continue("created")),
        Stands::Done(Done { what: What::Created(id, fields), .. }) => (id, fields, false),
        Stands::Done(Done { what: What::Existing(id, fields), .. }) => (id, fields, true),
        Stands::Done(_) => return Err(Message::RequestImpossible),
    };
    let record = ConnectedRecord { connection, module: settings.module.clone(), id };
    if existing && settings.if_exists == IfExists::Update {
        context.touched.fields.extend(settings.fields.iter().map(|(name, _)| name.clone()));
    }
    context.elsewhere.renew(&record, Some(fields));
    let text = record.to_string();
    context.touched.record(record);
    if let Some(name) = &settings.store_id {
        context.set_env(name, Value::from(text))?;
    }
    Ok(Outcome::Continue(if existing { "existing" } else { "created" }))
}

fn prepare(
    settings: &CreateRecord,
    connection: ConnectionName,
    context: &mut Context<'_>,
) -> Result<ConnectedCall, TaskError> {
    let NewRecord { mut values, unique, unique_field } = new_record(settings, context)?;
    let mut unique = unique.filter(|text| !text.is_empty());
    values.retain(|(_, value)| !value.is_null());
    let mut fields = scalars(values)?;
    context.write(fields.iter().map(|(name, value)| name.len() + value.len()).sum())?;
    if let Some(field) = unique_field {
        let value = fields.iter().rev().find(|(name, _)| *name == field).map(|(_, value)| value.trim().to_owned());
        unique = value.filter(|value| !value.is_empty());
    }
    let unique = unique.map(|value| Ok::<_, TaskError>((field_of(&fields, &value)?, value))).transpose()?;
    if let Some((field, _)) = &unique {
        trim(&mut fields, field);
    }
    let update = settings.if_exists == IfExists::Update;
    let action = Action::Create { fields, unique, update };
    Ok(ConnectedCall { connection, module: settings.module.clone(), url: None, action })
}

/// Takes the blanks off the value of the unique field: it is sent as it is looked for and claimed.
fn trim(fields: &mut [(String, String)], unique: &str) {
    for (_, value) in fields.iter_mut().filter(|(name, _)| name == unique) {
        *value = value.trim().to_owned();
    }
}

/// The field that has this value, in upper or lower case: the other system compares so.
fn field_of(fields: &[(String, String)], value: &str) -> Result<String, TaskError> {
    let folded = value.to_lowercase();
    let is_it = |(_, text): &&(String, String)| text.trim().to_lowercase() == folded;
    let field = fields.iter().find(is_it).map(|(name, _)| name.clone());
    field.ok_or_else(|| TaskError::in_field("unique", Message::VtigerUniqueField))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unique_value_is_sent_without_blanks_and_other_values_keep_theirs() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![pair("email", " a@example.org\n"), pair("city", " B ")];
        trim(&mut fields, "email");
        assert_eq!(fields, [pair("email", "a@example.org"), pair("city", " B ")]);
    }
}
