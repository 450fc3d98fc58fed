//! What a step gives a record that it creates, as its module declares it, and what tells the record from all others.

use postern_shared::message::Message;
use postern_shared::module::agreement;
use postern_shared::task::create_record::CreateRecord;
use serde_json::Value;

use super::context::Context;
use super::error::TaskError;

/// A record that is to be created.
pub struct NewRecord {
    pub values: Vec<(String, Value)>,
    /// The text that no other record of its module has; an empty one is none.
    pub unique: Option<String>,
    /// The field with that text, if the module and not the step names it.
    pub unique_field: Option<String>,
}

/// Evaluates the settings of the step.
pub fn new_record(settings: &CreateRecord, context: &mut Context<'_>) -> Result<NewRecord, TaskError> {
    let mut unique = match &settings.unique {
        Some(template) => {
            let text = template.text(context.scope).map_err(|error| TaskError::in_field("unique", error))?;
            if text.trim().is_empty() {
                context.touched.note(vec![Message::UniqueEmpty]);
            }
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let mut values = context.values(&settings.fields)?;
    let mut unique_field = None;
    if let Some(module) = context.unit.modules().get(&settings.module) {
        let typed = module.new_values(values, &context.scope.local.zone)?;
        context.touched.note(typed.dropped);
        values = typed.values;
        if let Some(field) = module.unique() {
            if settings.unique.is_some() {
                return Err(TaskError::in_field("unique", agreement::taken(settings, &field.name)));
            }
            let value = values.iter().rev().find(|(name, _)| *name == field.name);
            unique = value.map(|(_, value)| field.key_text(value));
            unique_field = Some(field.name.clone());
        }
    }
    Ok(NewRecord { values, unique, unique_field })
}
