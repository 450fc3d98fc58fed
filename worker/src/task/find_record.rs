//! `find_record`: finds records of a module by their fields; leaves by `found` or `not_found`.

use std::sync::Arc;

use postern_shared::env::MAX_NUMBER_CHARS;
use postern_shared::store::search::Shape;
use postern_shared::task::find_record::{FieldCondition, FindRecord, Operator};
use serde_json::Value;

use super::{Answer, Context, Outcome, Question, TaskError};

pub fn perform(settings: &FindRecord, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let Some(Answer::Found(ids)) = answer else { return ask(settings, context) };
    let numbers: Vec<Value> = ids.iter().map(|id| Value::from(id.get())).collect();
    if let Some(name) = &settings.store_id {
        context.set_env(name, numbers.first().cloned().unwrap_or(Value::Null));
    }
    if let Some(name) = &settings.store_ids {
        context.set_env(name, Value::Array(numbers));
    }
    Ok(Outcome::Continue(if ids.is_empty() { "not_found" } else { "found" }))
}

fn ask(settings: &FindRecord, context: &Context<'_>) -> Result<Outcome, TaskError> {
    let values = settings.conditions.iter().map(|one| value(one, context)).collect::<Result<_, _>>()?;
    let shape = Shape {
        module: settings.module.clone(),
        conditions: settings.conditions.iter().map(|one| (one.field.clone(), one.operator)).collect(),
        sort: settings.sort.clone(),
        limit: settings.limit,
    };
    Ok(Outcome::Ask(Question::Search { shape: Arc::new(shape), values }))
}

fn value(condition: &FieldCondition, context: &Context<'_>) -> Result<String, TaskError> {
    let field = &condition.field;
    let text = condition.value.text(context.scope).map_err(|error| TaskError::in_field(field, &error))?;
    match condition.operator {
        Operator::Is | Operator::IsNot | Operator::Contains => Ok(text),
        Operator::Above | Operator::Below => decimal(text.trim())
            .ok_or_else(|| TaskError(format!("{field}: it is compared with a text that is not a number"))),
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
