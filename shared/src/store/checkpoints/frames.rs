//! The loops in which a run stands, as its checkpoint keeps them.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::StepName;
use crate::message::Message;

/// The name of a loop in which a run stands.
pub type FrameId = u16;

/// The loops in which a run stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Frames {
    /// Those that have not ended.
    pub open: BTreeMap<FrameId, Frame>,
    /// The innermost one of those whose items `$env` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<FrameId>,
    /// How many steps the loops took that have ended and stood in no other loop: the limit of steps counts for each item.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spent: i32,
}

/// A loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Its step.
    pub step: StepName,
    /// The loop inside of which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<FrameId>,
    /// The `$env` names of the item and of its place.
    pub names: (String, String),
    /// What these had before the loop.
    pub had: (Value, Value),
    /// The item whose steps are taken.
    pub item: Value,
    /// Its place, from 1.
    pub at: usize,
    /// The number of items.
    pub count: usize,
    /// The items that follow.
    pub items: VecDeque<Value>,
    /// What the items gave.
    pub collected: Vec<Value>,
    /// How many items failed.
    pub failed: usize,
    /// Why this item failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Message>,
    /// The run was started for this one item of a loop of another run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_part: bool,
    /// How many steps the run had taken when the loop began, and when this item began.
    pub began: (i32, i32),
    /// How many steps the loops took that have ended inside of this item.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spent: i32,
}

impl Frames {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A loop and those around it, the innermost first.
    pub fn chain(&self, innermost: Option<FrameId>) -> Vec<FrameId> {
        let mut chain = Vec::new();
        let mut next = innermost;
        while let Some((id, frame)) = next.and_then(|id| Some((id, self.open.get(&id)?))) {
            chain.push(id);
            next = frame.outer;
        }
        chain
    }

    /// Whether the run was started for one item of a loop of another run.
    pub fn is_part(&self) -> bool {
        self.open.values().any(|frame| frame.is_part)
    }

    /// How many steps were taken that count for the limit: of `steps` those of the item, or those outside of loops.
    pub fn counted(&self, innermost: Option<FrameId>, steps: i32) -> i32 {
        match innermost.and_then(|id| self.open.get(&id)) {
            Some(frame) => steps - frame.began.1 - frame.spent,
            None => steps - self.spent,
        }
    }

    /// Adds a loop; returns its name.
    pub fn add(&mut self, frame: Frame) -> FrameId {
        let id = (0..).find(|id| !self.open.contains_key(id)).unwrap_or(FrameId::MAX);
        self.open.insert(id, frame);
        id
    }

    /// Removes a loop that has ended when the run had taken so many steps.
    pub fn end(&mut self, id: FrameId, steps: i32) {
        let Some(ended) = self.open.remove(&id) else { return };
        let took = steps - ended.began.0;
        match ended.outer.and_then(|outer| self.open.get_mut(&outer)) {
            Some(outer) => outer.spent += took,
            None => self.spent += took,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(outer: Option<FrameId>, began: i32) -> Frame {
        serde_json::from_value(serde_json::json!({
            "step": "a", "outer": outer, "names": ["item", "index"], "had": [null, null], "item": 1, "at": 1, "count": 1,
            "items": [], "collected": [], "failed": 0, "began": [began, began]
        }))
        .unwrap()
    }

    #[test]
    fn the_steps_of_loops_that_ended_do_not_count_for_those_around_them() {
        let mut frames = Frames::default();
        let outer = frames.add(frame(None, 5));
        let inner = frames.add(frame(Some(outer), 8));
        assert_eq!((frames.chain(Some(inner)), frames.chain(None)), (vec![inner, outer], vec![]));
        assert_eq!((frames.counted(Some(inner), 20), frames.counted(Some(outer), 20)), (12, 15));
        frames.end(inner, 20);
        assert_eq!(frames.counted(Some(outer), 21), 4);
        frames.end(outer, 25);
        assert_eq!((frames.counted(None, 25), frames.open.len()), (5, 0));
    }
}
