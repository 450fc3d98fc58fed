//! `find_record` in a module that another system keeps.

use postern_shared::expression::render;
use postern_shared::id::ConnectionName;
use postern_shared::message::Message;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::{Action, Comparison, ConnectedCall};
use postern_shared::task::find_record::{FindRecord, Operator};
use serde_json::Value;

use super::asked::{Stands, scalar, stands};
use crate::outside::call::Report;
use crate::outside::connected::{Done, What};
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

pub fn find_record(
    settings: &FindRecord,
    connection: ConnectionName,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let prepare = |context: &mut Context<'_>| prepare(settings, connection.clone(), context);
    let ids = match stands(report, false, context, prepare)? {
        Stands::Waits(outcome) => return Ok(outcome),
        Stands::Decided => Vec::new(),
        Stands::Done(Done { what: What::Found(ids), .. }) => ids,
        Stands::Done(_) => return Err(Message::RequestImpossible),
    };
    let module = &settings.module;
    let record = |id| ConnectedRecord { connection: connection.clone(), module: module.clone(), id };
    let found: Vec<Value> = ids.into_iter().map(|id| Value::from(record(id).to_string())).collect();
    let output = if found.is_empty() { "not_found" } else { "found" };
    if let Some(name) = &settings.store_id {
        context.set_env(name, found.first().cloned().unwrap_or(Value::Null))?;
    }
    if let Some(name) = &settings.store_ids {
        context.set_env(name, Value::Array(found))?;
    }
    Ok(Outcome::Continue(output))
}

fn prepare(
    settings: &FindRecord,
    connection: ConnectionName,
    context: &mut Context<'_>,
) -> Result<ConnectedCall, TaskError> {
    let mut conditions = Vec::with_capacity(settings.conditions.len());
    for one in &settings.conditions {
        let value = one.value.value(context.scope).map_err(|error| TaskError::in_field(&one.field, error))?;
        let comparison = match one.operator {
            Operator::Is => Comparison::Is,
            Operator::IsNot => Comparison::IsNot,
            Operator::Contains => Comparison::Contains,
            Operator::Above => Comparison::Above,
            Operator::Below => Comparison::Below,
        };
        let text = if one.operator == Operator::Contains { render(&value) } else { scalar(&one.field, &value)? };
        conditions.push((one.field.clone(), comparison, text));
    }
    let sort = match settings.sort.as_slice() {
        [] => None,
        [one] => Some((one.field.clone(), one.descending)),
        _ => return Err(TaskError::in_field("sort", Message::VtigerOneSort)),
    };
    let action = Action::Find { conditions, sort, limit: settings.limit };
    Ok(ConnectedCall { connection, module: settings.module.clone(), url: None, action })
}
