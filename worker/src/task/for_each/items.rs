//! What an item of a loop is to its run, and what is left of all items.

use std::collections::VecDeque;

use postern_shared::message::Message;
use postern_shared::store::checkpoints::Frame;
use postern_shared::task::for_each::ForEach;
use serde_json::Value;

use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

/// The frame of an item, with none behind it.
pub fn frame(settings: &ForEach, context: &Context<'_>, (item, at, count): (Value, usize, usize)) -> Frame {
    Frame {
        step: context.step.clone(),
        outer: None,
        names: (settings.item.clone(), settings.index.clone()),
        had: (Value::Null, Value::Null),
        item,
        at,
        count,
        items: VecDeque::new(),
        collected: Vec::new(),
        failed: 0,
        failure: None,
        is_part: false,
        began: (0, 0),
        spent: 0,
    }
}

/// All items have had their steps.
pub fn done(
    settings: &ForEach,
    collected: Vec<Value>,
    (count, failed): (usize, usize),
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    if let Some((_, store)) = &settings.collect {
        context.set_env(store, Value::Array(collected))?;
    }
    Ok(Outcome::Said { output: "next", message: Message::ItemsDone { count, failed } })
}
