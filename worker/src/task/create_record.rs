//! `create_record`: creates a record, or meets the one that has its unique key; leaves by `created` or `existing`.

use postern_shared::env::Env;
use postern_shared::store::records::UniqueKey;
use postern_shared::task::create_record::{CreateRecord, IfExists};
use serde_json::Value;

use super::{Answer, Context, Outcome, Question, TaskError};
use crate::desk;

pub fn perform(
    settings: &CreateRecord,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let Some(Answer::Created { id, existing }) = answer else { return ask(settings, context) };
    if existing && settings.if_exists == IfExists::Update {
        let values = context.values(&settings.fields)?;
        context.desk.set(id, values).map_err(TaskError)?;
    }
    if let Some(name) = &settings.store_id {
        context.set_env(name, Value::from(id.get()));
    }
    Ok(Outcome::Continue(if existing { "existing" } else { "created" }))
}

fn ask(settings: &CreateRecord, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let key = match &settings.unique {
        Some(template) => {
            let text = template.text(context.scope).map_err(|error| TaskError::in_field("unique", &error))?;
            UniqueKey::of(text.trim())
        }
        None => None,
    };
    let mut fields = Env::default();
    let bytes = desk::apply(&mut fields, context.values(&settings.fields)?).map_err(TaskError)?;
    context.allowance.write(bytes)?;
    Ok(Outcome::Ask(Question::Create { module: settings.module.clone(), key, fields }))
}
