//! Loops: a run stands in a frame for each of them. The steps of an item belong to its frame; when no pending step and no
//! waiting branch of the frame is left, the step of the loop is taken again, for the next item. So an item ends when all
//! its branches have ended, whatever they waited for, and `$env` shows the item to its own steps only.

use std::sync::Arc;

use postern_shared::message::Message;
use postern_shared::store::checkpoints::{Frame, FrameId};
use postern_shared::task::Task;
use postern_shared::task::for_each::OnError;
use postern_shared::workflow::Step;
use serde_json::Value;

use crate::run::checkpoint::{Next, Sleeping};
use crate::run::execution::{Execution, Progress, followers};
use crate::task::outcome::Turn;

impl Execution {
    /// Shows the items of a loop, and of those around it, in `$env`; nothing = of no loop.
    pub(in crate::run) fn show(&mut self, innermost: Option<FrameId>) {
        if self.frames.shown == innermost {
            return;
        }
        let (from, to) = (self.frames.chain(self.frames.shown), self.frames.chain(innermost));
        let env = Arc::make_mut(&mut self.scope.env);
        let mut put = |name: &str, value: Value| {
            let had = env.get(name).cloned().unwrap_or_default();
            if value.is_null() {
                env.remove(name)
            } else {
                env.set(name, value)
            }
            had
        };
        for id in from.iter().filter(|id| !to.contains(id)) {
            let Some(frame) = self.frames.open.get_mut(id) else { continue };
            put(&frame.names.0, std::mem::take(&mut frame.had.0));
            put(&frame.names.1, std::mem::take(&mut frame.had.1));
        }
        for id in to.iter().rev().filter(|id| !from.contains(id)) {
            let Some(frame) = self.frames.open.get_mut(id) else { continue };
            frame.had.0 = put(&frame.names.0, frame.item.clone());
            frame.had.1 = put(&frame.names.1, frame.at.into());
        }
        self.frames.shown = innermost;
        self.budget.set_env_bytes(None);
    }

    /// Does what becomes of a loop.
    pub(in crate::run) fn turn(&mut self, next: &Next, step: &Step, turn: Turn) {
        match turn {
            Turn::First(frame) => self.begin_loop(next, step, *frame),
            Turn::Next => self.next_item(next, step),
            Turn::Done { message } => {
                self.end_loop(next);
                self.enter(step, None, Some(message));
            }
        }
    }

    /// Begins a loop with its first item.
    fn begin_loop(&mut self, next: &Next, step: &Step, frame: Frame) {
        let (at, count, steps) = (frame.at, frame.count, self.run.steps);
        let id = self.frames.add(Frame { outer: next.frame, began: (steps, steps), ..frame });
        self.show(Some(id));
        self.begin_item(step, id, at, count);
    }

    /// Takes the steps of a loop for its next item, which its frame has already.
    fn next_item(&mut self, next: &Next, step: &Step) {
        let steps = self.run.steps;
        let Some((id, frame)) = next.round.and_then(|id| Some((id, self.frames.open.get_mut(&id)?))) else { return };
        (frame.began.1, frame.spent) = (steps, 0);
        let (item, at, count) = (frame.item.clone(), frame.at, frame.count);
        let names = frame.names.clone();
        let env = Arc::make_mut(&mut self.scope.env);
        env.set(&names.0, item);
        env.set(&names.1, at.into());
        self.budget.set_env_bytes(None);
        self.begin_item(step, id, at, count);
    }

    fn begin_item(&mut self, step: &Step, id: FrameId, at: usize, count: usize) {
        self.enter(step, Some("each"), Some(Message::ItemOf { item: at, count }));
        self.pending.extend(followers(step, "each", Some(id)));
        self.end_item(Some(id));
    }

    /// Ends the loop whose step this is, if it is taken again for that.
    pub(in crate::run) fn end_loop(&mut self, next: &Next) {
        if let Some(id) = next.round {
            self.show(next.frame);
            self.frames.end(id, self.run.steps);
        }
    }

    /// A step of this loop was taken: if it was the last of the item, the step of the loop follows.
    pub(in crate::run) fn end_item(&mut self, frame: Option<FrameId>) {
        let Some(id) = frame else { return };
        let is_inside = |innermost: Option<FrameId>| self.frames.chain(innermost).contains(&id);
        let is_open = self.pending.iter().rev().chain(&self.asking).any(|next| is_inside(next.innermost()))
            || self.sleeping.iter().any(|one| is_inside(one.frame));
        if !is_open {
            self.pending.extend(self.round(id));
        }
    }

    /// Fails at a step. In a loop that takes failing items the item fails and not the run.
    pub(in crate::run) fn fail_at(&mut self, next: Next, message: Message) -> Option<Progress> {
        let is_of_run = matches!(message.cause(), Message::ComputedTooLong { .. } | Message::WrittenTooMuch { .. });
        // A loop whose own step fails with a failing item fails itself.
        let has_failed = |id: FrameId| next.round == Some(id) && self.frames.open[&id].failure.is_some();
        let around = self.frames.chain(next.innermost()).into_iter();
        let catching = around.filter(|id| !is_of_run && !has_failed(*id)).find(|id| self.catches(*id));
        let Some(id) = catching else { return Some(self.fail(next, message)) };
        let loop_step = self.frames.open[&id].step.clone();
        self.handle(&next, &loop_step);
        self.show(Some(id));
        let frames = self.frames.clone();
        let is_outside = |innermost: Option<FrameId>| !frames.chain(innermost).contains(&id);
        self.pending.retain(|next| is_outside(next.innermost()));
        self.sleeping.retain(|one: &Sleeping| is_outside(one.frame));
        self.frames.open.retain(|open, _| *open == id || !frames.chain(Some(*open)).contains(&id));
        if let Some(frame) = self.frames.open.get_mut(&id) {
            frame.failure = Some(message);
            frame.failed += 1;
        }
        self.pending.extend(self.round(id));
        None
    }

    /// Whether a failing item of a loop does not fail the run.
    fn catches(&self, id: FrameId) -> bool {
        let Some(frame) = self.frames.open.get(&id) else { return false };
        let workflow = &self.pinned.workflow;
        let step = workflow.find(&frame.step).and_then(|index| workflow.step(index));
        step.is_some_and(|step| {
            let collects = matches!(&step.task, Task::ForEach(settings) if settings.on_error == OnError::Collect);
            // The run of an item knows what becomes of its failure where that is collected; else the waiting run decides.
            collects || (!frame.is_part && !step.successors("failed").is_empty())
        })
    }

    /// The step of a loop, to be taken again.
    fn round(&self, id: FrameId) -> Option<Next> {
        let frame = self.frames.open.get(&id)?;
        let step = self.pinned.workflow.find(&frame.step)?;
        Some(Next { frame: frame.outer, round: Some(id), ..Next::from(step) })
    }
}
