//! What a step sets on a record that is there, as its module declares it: every value as its field's type, and a value
//! of the unique field only once the record holds its key.

use postern_shared::env::Env;
use postern_shared::id::RecordId;
use postern_shared::module::{Module, Typed};
use postern_shared::store::records::UniqueKey;
use serde_json::Value;

use super::context::Context;
use super::error::TaskError;
use super::query::{Answer, Query};
use crate::bundle::unit_of_work::{self, Known};

/// What became of values that a step sets on a record.
pub enum Changed {
    /// They are set.
    Done,
    /// First the record must get another unique key.
    Ask(Query),
}

/// Sets values on a record that the unit of work holds. `answer` is that to the query which this asked before.
pub fn change(
    context: &mut Context<'_>,
    record: RecordId,
    values: Vec<(String, Value)>,
    answer: Option<Answer>,
) -> Result<Changed, TaskError> {
    let unit = &mut *context.unit;
    let Known::There(name, before) = unit.get(record) else {
        return Err(TaskError::RecordMissing { record });
    };
    let Some(module) = unit.modules().get(name) else {
        unit.set(record, values)?;
        return Ok(Changed::Done);
    };
    let Typed { values, dropped } = module.changed_values(values, &context.scope.local.zone)?;
    context.touched.note(dropped);
    if let Some(key) = new_key(module, before, &values) {
        match (key.and_then(|key| unit.by_key(name, key)), answer) {
            // Asked anew also when a run of the same wave has given the record another key meanwhile.
            (Some(holder), _) if holder == record => {}
            (_, Some(Answer::Rekeyed { key: None, .. })) if key.is_none() => {}
            (_, Some(Answer::Rekeyed { key: asked, holder: Some(holder) })) if asked == key => {
                return Err(module.taken(holder));
            }
            _ => {
                // The key must not change if the values cannot be set.
                unit_of_work::apply(&mut Env::clone(before), values)?;
                return Ok(Changed::Ask(Query::Rekey { record, module: name.clone(), key }));
            }
        }
    }
    unit.set(record, values)?;
    Ok(Changed::Done)
}

/// The key, or none, that the record must have before these values are set; nothing if it has it.
fn new_key(module: &Module, before: &Env, values: &[(String, Value)]) -> Option<Option<UniqueKey>> {
    let field = module.unique()?;
    let (_, value) = values.iter().rev().find(|(name, _)| *name == field.name)?;
    let key = |value: &Value| UniqueKey::of(&field.key_text(value));
    let (had, gets) = (before.get(&field.name).and_then(key), key(value));
    (had != gets).then_some(gets)
}
