//! `find_record`: finds records of a module by their fields; leaves by `found` or `not_found`.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::env::MAX_NUMBER_CHARS;
use postern_shared::expression::render;
use postern_shared::message::Message;
use postern_shared::module::field::Field;
use postern_shared::store::search::{As, MAX_SEARCH, Shape};
use postern_shared::task::find_record::{FieldCondition, FindRecord, Operator, Sort};
use serde_json::Value;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query};
use crate::bundle::budget::{Mode, TIGHT_DATABASE};
use crate::run::slow_runs::{Cost, Leave};

pub fn perform(settings: &FindRecord, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
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
        let compared = compared(one.operator, declared(&one.field));
        values.push(value(one, compared, declared(&one.field), context)?);
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

/// As what a field is compared.
fn compared(operator: Operator, declared: Option<&Field>) -> As {
    match (operator, declared) {
        (Operator::Contains, _) => As::Text,
        (Operator::Is, Some(field)) if field.unique => As::Key,
        (Operator::Is | Operator::IsNot, Some(field)) if field.kind.is_numeric() => As::Number,
        (Operator::Is | Operator::IsNot, _) => As::Text,
        (Operator::Above | Operator::Below, Some(field)) if field.kind.is_time() => As::Text,
        (Operator::Above | Operator::Below, _) => As::Number,
    }
}

/// What the field is compared with, in the form in which the field keeps it. What cannot be such a value is no value of
/// any record, but greater or less than one it cannot be.
fn value(
    condition: &FieldCondition,
    compared: As,
    declared: Option<&Field>,
    context: &Context<'_>,
) -> Result<String, TaskError> {
    let name = &condition.field;
    let mut text = condition.value.text(context.scope).map_err(|error| TaskError::in_field(name, error))?;
    let is_order = matches!(condition.operator, Operator::Above | Operator::Below);
    if let Some(field) = declared.filter(|_| condition.operator != Operator::Contains) {
        match field.convert(&Value::String(text.clone()), &context.scope.local.zone) {
            Some(value) if compared == As::Key => text = field.key_text(&value),
            Some(value) => text = render(&value),
            None if is_order => {
                return Err(TaskError::ComparedWith { field: name.clone(), kind: Box::new(field.kind.must_be()) });
            }
            None => {}
        }
    }
    match compared {
        As::Number if is_order => decimal(text.trim())
            .ok_or_else(|| TaskError::ComparedWith { field: name.clone(), kind: Box::new(Message::KindNumber) }),
        As::Number => Ok(decimal(text.trim()).unwrap_or_default()),
        As::Text | As::Key => Ok(text),
    }
}

/// A number as PostgreSQL's `numeric` reads it in full, so that no value of a caller can make the statement fail.
fn decimal(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    Some(if plain && text.len() <= MAX_NUMBER_CHARS { text.to_owned() } else { number.to_string() })
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn only_numbers_are_compared_as_numbers() {
        for (text, expected) in [
            ("5", Some("5")),
            ("-0.50", Some("-0.50")),
            ("1e3", Some("1000")),
            ("", None),
            ("five", None),
            ("NaN", None),
            ("inf", None),
            ("1-2", None),
            (&format!("4.{}", "5".repeat(20_000)), Some("4.555555555555555")),
        ] {
            assert_eq!(decimal(text).as_deref(), expected, "{text}");
        }
    }
}
