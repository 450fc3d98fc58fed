//! `find_record`: finds records of a module by their fields; leaves by `found` or `not_found`.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use postern_shared::date;
use postern_shared::expression::render;
use postern_shared::message::Message;
use postern_shared::module::field::{Field, FieldType};
use postern_shared::number::{self, as_number};
use postern_shared::store::search::{As, MAX_SEARCH, Shape};
use postern_shared::task::find_record::{FieldCondition, FindRecord, Operator, Sort};
use serde_json::Value;

use super::connected;
use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query, reported};
use crate::bundle::budget::{Mode, TIGHT_DATABASE};
use crate::run::slow_runs::{Cost, Leave};

pub fn perform(settings: &FindRecord, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    if let Some(connection) = context.unit.connection(&settings.module).cloned() {
        return connected::find_record(settings, connection, reported(answer), context);
    }
    let ids = match answer {
        Some(Answer::Found { ids, .. }) => ids,
        Some(Answer::CutOff { took }) => return cut_off(settings, took, context),
        _ => return ask(settings, context),
    };
    let numbers: Vec<Value> = ids.iter().map(|id| Value::from(id.get())).collect();
    if let Some(name) = &settings.store_id {
        context.set_env(name, numbers.first().cloned().unwrap_or(Value::Null))?;
    }
    if let Some(name) = &settings.store_ids {
        context.set_env(name, Value::Array(numbers))?;
    }
    Ok(Outcome::Continue(if ids.is_empty() { "not_found" } else { "found" }))
}

fn ask(settings: &FindRecord, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let module = context.unit.modules().get(&settings.module);
    let declared = |name: &str| module.and_then(|module| module.field(name));
    let mut values = Vec::with_capacity(settings.conditions.len());
    let mut conditions = Vec::with_capacity(settings.conditions.len());
    for one in &settings.conditions {
        if let Some(module) = module.filter(|module| module.strict && module.field(&one.field).is_none()) {
            return Err(TaskError::FieldNotDeclared { field: one.field.clone(), module: module.name.clone() });
        }
        let (compared, value, note) = value(one, declared(&one.field), context)?;
        context.touched.note(note.into_iter().collect());
        values.push(value);
        conditions.push((one.field.clone(), one.operator, compared));
    }
    let is_numeric = |name: &str| declared(name).is_some_and(|field| field.kind.is_numeric());
    let order = |sort: &Sort| (sort.clone(), if is_numeric(&sort.field) { As::Number } else { As::Text });
    let shape = Shape {
        module: settings.module.clone(),
        conditions,
        sort: settings.sort.iter().map(order).collect(),
        limit: settings.limit,
    };
    if shape.is_indexed() {
        return Ok(Outcome::Ask(Query::Search { shape: Arc::new(shape), values, again: false }));
    }
    let budget = &context.unit.budget;
    if budget.mode() != Mode::Slow && context.budget.is_suspect(|| budget.is_suspect(context.workflow)) {
        let why = Message::SlowLately;
        return Ok(Outcome::Leave(Leave { cost: Cost::Database, why, is_its_own: false }));
    }
    let again = context.budget.search();
    Ok(Outcome::Ask(Query::Search { shape: Arc::new(shape), values, again }))
}

/// The search took too long here. Where a run is alone with its searches that is its end.
fn cut_off(settings: &FindRecord, took: Duration, context: &Context<'_>) -> Result<Outcome, TaskError> {
    if context.unit.budget.mode() == Mode::Slow {
        let fields: Vec<&str> = settings.conditions.iter().map(|one| one.field.as_str()).collect();
        let (module, seconds) = (settings.module.clone(), MAX_SEARCH.as_secs());
        return Err(match fields.as_slice() {
            [] => Message::SearchWithoutField { module, seconds },
            fields => Message::SearchTooLong { module, fields: fields.join(", "), seconds },
        });
    }
    let why = match took {
        Duration::ZERO => Message::OtherSearches,
        took => Message::SearchTook { seconds: format!("{:.2}", took.as_secs_f64()) },
    };
    let is_its_own = context.budget.queried() > TIGHT_DATABASE;
    Ok(Outcome::Leave(Leave { cost: Cost::Database, why, is_its_own }))
}

/// What the field is compared with, in the form in which the field keeps it, as what, and what is noted of it. A text that
/// is no number is above and below no number, as in a condition; with no date a search by time has no sense.
fn value(
    condition: &FieldCondition,
    declared: Option<&Field>,
    context: &Context<'_>,
) -> Result<(As, String, Option<Message>), TaskError> {
    let name = &condition.field;
    let mut value = condition.value.value(context.scope).map_err(|error| TaskError::in_field(name, error))?;
    if condition.operator == Operator::Contains {
        return Ok((As::Text, render(&value), None));
    }
    let (is_order, zone) = (condition.operator.is_order(), &context.scope.local.zone);
    let (mut note, mut is_above_nothing) = (None, false);
    if let Some(field) = declared {
        match field.convert(&Value::String(render(&value)), zone) {
            Some(value) if field.unique && condition.operator == Operator::Is => {
                return Ok((As::Key, field.key_text(&value), None));
            }
            // Its texts compare with these as those of a condition do.
            Some(_) if field.kind == FieldType::Text && (value.is_number() || value.is_boolean()) => {}
            Some(converted) => value = converted,
            None if is_order && field.kind.is_time() => {
                return Err(TaskError::ComparedWith { field: name.clone(), kind: Box::new(field.kind.must_be()) });
            }
            None if field.kind.is_numeric() => {
                note = value.is_string().then_some(Message::ComparedTextWithNumber);
                is_above_nothing = true;
            }
            None => {}
        }
    }
    if is_order && (is_above_nothing || !matches!(value, Value::Number(_) | Value::String(_))) {
        return Ok((As::Number, String::new(), note));
    }
    if let Value::String(text) = &value
        && declared.is_none_or(|field| field.kind == FieldType::Text)
        && reads_otherwise(condition.operator, text, zone)
    {
        note = Some(Message::FieldComparedAsText { field: name.clone() });
    }
    let text = render(&value);
    Ok(match &value {
        Value::Number(_) => (As::Number, text, note),
        Value::String(_) if as_number(&text).is_some() => (As::NumberText, text, note),
        Value::String(_) | Value::Bool(_) | Value::Null => (As::Text, text, note),
        // A list or a map is no value of a field that could be found.
        Value::Array(_) | Value::Object(_) => (As::Text, value.to_string(), note),
    })
}

/// Whether a condition, or a field that is declared, might find other records by a text: by its order or as a date.
fn reads_otherwise(operator: Operator, text: &str, zone: &TimeZone) -> bool {
    let is_date = || as_number(text).is_none() && date::read(text, zone).is_some();
    !text.trim().is_empty() && (operator.is_order() && number::read(text).is_some() || is_date())
}
