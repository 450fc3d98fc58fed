//! A run as the store has it: read from what its checkpoint left, and turned into what is written.

use std::sync::Arc;

use postern_shared::comparison::Notes;
use postern_shared::env::Env;
use postern_shared::expression::Scope;
use postern_shared::id::StepName;
use postern_shared::message::Message;
use postern_shared::store::checkpoints::{Checkpoint, Frames, Taken};
use postern_shared::store::runs::{Run, State};
use postern_shared::task::Task;
use postern_shared::workflow::{KeepLog, Workflow};

use super::execution::{Execution, first_steps};
use crate::bundle::effects::{Before, RunEffects};
use crate::matching::catalog::Pinned;
use crate::run::budget::RunBudget;
use crate::run::checkpoint::{self, MAX_CHECKPOINT_BYTES, Sleeping, Wake};
use crate::run::field_usage::FieldUsage;
use crate::task::context::Touched;

impl Execution {
    /// A run as its checkpoint left it, with what `$var` reads; the error names a step that its version does not have.
    pub fn resume(pinned: Arc<Pinned>, taken: &Taken, variables: Arc<Env>) -> Result<Self, Message> {
        let Checkpoint { env, pending, parked, is_new, .. } = &taken.checkpoint;
        let scope = Scope {
            env: Arc::new(env.clone()),
            query: Arc::new(taken.query.clone()),
            request: Arc::new(taken.request.clone()),
            var: variables,
            record: None,
            related: Arc::default(),
            local: Arc::default(),
            notes: Notes::default(),
        };
        let frames = loops(&pinned.workflow, &taken.checkpoint.frames)?;
        let mut sleeping = checkpoint::sleeping(&pinned.workflow, parked)?;
        if taken.is_woken
            && let Some(first) = first_for_a_time(&mut sleeping)
        {
            first.due_at = taken.now;
        }
        Ok(Self {
            run: Run { state: State::Running, message: None, ..taken.run.clone() },
            scope,
            pending: match is_new {
                true => first_steps(&pinned.workflow),
                false => checkpoint::found(&pinned.workflow, pending)?,
            },
            sleeping,
            pinned,
            now: Some(taken.now),
            asking: None,
            is_fresh: false,
            log: Vec::new(),
            touched: Touched::default(),
            depth: taken.checkpoint.depth,
            awaited: taken.checkpoint.awaited.clone(),
            handled: Vec::new(),
            frames,
            elsewhere: taken.checkpoint.elsewhere.clone(),
            budget: RunBudget::new(),
            field_usage: FieldUsage::default(),
            wake: None,
            slow: None,
            trace: taken.checkpoint.trace,
            tracestate: taken.checkpoint.tracestate.clone(),
        })
    }

    /// What is written of it, and the names that it read.
    pub fn into_effects(mut self, before: Before) -> (RunEffects, FieldUsage) {
        if let Some(next) = self.asking.take() {
            self.pending.push(next);
        }
        let document = if self.run.state == State::Finished { None } else { self.document() };
        if self.wake.is_some() {
            // What its later steps read nobody knows yet; none of it shall count as posted in vain.
            self.field_usage.expect(&self.pinned.reads);
        }
        let (keeps, forgets) = match (self.pinned.workflow.start.keep_log, self.run.state) {
            (KeepLog::All, _) => (true, false),
            (KeepLog::Failures, State::Finished) => (false, true),
            (KeepLog::Failures, _) => (true, false),
            (KeepLog::None, _) => (false, false),
        };
        let Self { run, log, wake, slow, awaited: result, handled, trace, .. } = self;
        let effects = RunEffects { run, before, log, keeps, forgets, document, wake, slow, result, handled, trace };
        (effects, self.field_usage)
    }

    /// Where it stands. What is too large to be kept fails a run that is to go on; a failed one cannot be replayed.
    fn document(&mut self) -> Option<String> {
        let workflow = &self.pinned.workflow;
        let mut checkpoint = Checkpoint {
            env: Arc::unwrap_or_clone(std::mem::take(&mut self.scope.env)),
            pending: checkpoint::written(workflow, &self.pending),
            parked: checkpoint::parked(workflow, &self.sleeping),
            is_new: self.wake == Some(Wake::Held),
            begins: false,
            depth: self.depth,
            calling: matches!(self.wake, Some(Wake::Call { .. })),
            awaited: self.awaited.clone(),
            frames: std::mem::take(&mut self.frames),
            elsewhere: std::mem::take(&mut self.elsewhere),
            trace: self.trace,
            tracestate: self.tracestate.clone(),
        };
        if self.run.state == State::Failed {
            checkpoint.forget_tries();
        }
        match checkpoint::encode(&checkpoint) {
            Ok(document) => Some(document),
            Err(bytes) => {
                if self.wake.take().is_some() {
                    self.end(true, Some(Message::KeepsTooMuch { bytes, most: MAX_CHECKPOINT_BYTES }));
                }
                None
            }
        }
    }
}

/// Of the parts that wait for a time the one whose time comes first.
fn first_for_a_time(sleeping: &mut [Sleeping]) -> Option<&mut Sleeping> {
    sleeping.iter_mut().filter(|one| !one.awaits()).min_by_key(|one| one.due_at)
}

/// The loops of a checkpoint, whose steps this version of the workflow must have.
fn loops(workflow: &Workflow, frames: &Frames) -> Result<Frames, Message> {
    let is_loop = |name: &StepName| {
        let step = workflow.find(name).and_then(|index| workflow.step(index));
        step.is_some_and(|step| matches!(step.task, Task::ForEach(_)))
    };
    match frames.open.values().find(|frame| !is_loop(&frame.step)) {
        Some(frame) => Err(Message::StepMissing { step: frame.step.clone() }),
        None => Ok(frames.clone()),
    }
}
