//! `for_each`: begins with the first item, and is taken again when the steps of an item have ended. With `parallel` each
//! item has a run of its own, for which this one waits.

mod items;
mod parts;

use std::collections::VecDeque;

use postern_shared::message::Message;
use postern_shared::one_item;
use postern_shared::store::checkpoints::Frame;
use postern_shared::task::for_each::{ForEach, MAX_ITEMS, MAX_NESTED, OnError, items_of};
use serde_json::{Value, json};

use self::items::{done, frame};
use super::context::Context;
use super::error::TaskError;
use super::outcome::{Outcome, Turn};
use super::query::Answer;

pub fn perform(settings: &ForEach, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    if let Some(frame) = context.frame.take() {
        return go_on(settings, frame, context);
    }
    if let Some(awaits) = context.awaits {
        return parts::awaited(settings, awaits, answer, context);
    }
    let list = context.value("for_each", &settings.items)?;
    if list.as_str().is_some_and(one_item::holds_several) {
        context.touched.note(vec![Message::TextIsOneItem]);
    }
    let items = items_of(list);
    let count = items.len();
    if count > MAX_ITEMS {
        return Err(TaskError::ListTooLong { field: "for_each".to_owned(), items: count, most: MAX_ITEMS });
    }
    if context.loops >= MAX_NESTED {
        return Err(TaskError::LoopsTooDeep { most: MAX_NESTED });
    }
    if count == 0 {
        return done(settings, Vec::new(), (0, 0), context);
    }
    if let Some(at_once) = settings.parallel {
        return parts::start(settings, at_once, &items, answer, context);
    }
    context.hold_values(&items)?;
    let mut items: VecDeque<Value> = items.into();
    let item = items.pop_front().unwrap_or_default();
    let frame = Frame { items, ..frame(settings, context, (item, 1, count)) };
    Ok(Outcome::Loop(Turn::First(Box::new(frame))))
}

/// The steps of an item have ended. The step may be broken off and taken again as long as the frame is as it was.
fn go_on(settings: &ForEach, frame: &mut Frame, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let value = match (&frame.failure, &settings.collect) {
        (Some(message), _) if settings.on_error == OnError::Fail => {
            return Ok(Outcome::Failed { message: message.clone() });
        }
        (_, None) => None,
        (Some(message), Some(_)) => Some(json!({"error": message.to_string()})),
        (None, Some((template, _))) => Some(context.value("collect", template)?),
    };
    context.hold_values(value.as_slice())?;
    if frame.is_part {
        if let Some(parent) = &mut context.parent {
            (parent.value, parent.failed) = (value, frame.failure.is_some());
        }
        let message = Message::ItemOf { item: frame.at, count: frame.count };
        return Ok(Outcome::Loop(Turn::Done { message }));
    }
    if frame.items.is_empty() {
        let collected = frame.collected.iter().cloned().chain(value).collect();
        return done(settings, collected, (frame.count, frame.failed), context);
    }
    frame.collected.extend(value);
    frame.item = frame.items.pop_front().unwrap_or_default();
    frame.at += 1;
    frame.failure = None;
    Ok(Outcome::Loop(Turn::Next))
}
