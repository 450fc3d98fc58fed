//! The engine: takes one run through its graph. A run holds the list of its pending steps and takes the last of
//! them; an output puts its successors there in reverse, so the order is depth first, in written order, and a
//! step reached twice runs twice. A run stops at a query to the database and goes on with the answer; the records
//! that a step refers to are the first of them. A delay parks its branch alone; when only such branches are left, the
//! run is suspended and leaves a checkpoint.

mod elsewhere;
mod follow;
mod frames;
mod leave;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::expression::Local;
use postern_shared::id::RecordId;
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::checkpoints::Tried;
use postern_shared::workflow::Step;

use super::checkpoint::{Next, Sleeping, Wake};
use super::execution::{Execution, Progress};
use super::references;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::query::{Answer, Query};
use crate::task::{self};
use elsewhere::Looked;
pub use elsewhere::is_read;

/// The most steps a run may take: a loop that never ends is a fault of its workflow and must not hold up others. The steps
/// of each item of a `for_each` are counted by themselves.
pub const MAX_STEPS: i32 = 10_000;

/// The most steps a run may take with all items of its loops: its path must be kept, and shown to a person.
pub const MAX_ALL_STEPS: i32 = 100_000;

impl Execution {
    /// Goes on until the run needs the database, has to leave the transaction, or ends. `answer` is that to the
    /// query asked last.
    pub fn advance(&mut self, mut answer: Option<Answer>, unit: &mut UnitOfWork) -> Progress {
        let pinned = Arc::clone(&self.pinned);
        if self.run.steps == 0 && answer.is_none() && self.now.is_none() {
            self.run.started_at = SystemTime::now();
        }
        self.budget.go_on();
        if let Some(Answer::Found { took, .. } | Answer::CutOff { took }) = &answer {
            self.budget.query(*took);
        }
        while let Some(next) = self.asking.take().or_else(|| self.pending.pop()).or_else(|| self.wake_up()) {
            let Some(step) = pinned.workflow.step(next.step) else { continue };
            if let Some(progress) = self.take(next, step, answer.take(), unit) {
                return progress;
            }
            if self.budget.wants_to_yield() {
                return Progress::Yields;
            }
        }
        match self.sleeping.iter().map(|one| one.due_at).min() {
            Some(due_at) if self.sleeping.iter().any(Sleeping::awaits) => self.await_children(due_at),
            Some(due_at) => self.suspend(Wake::At(due_at)),
            None => self.end(false, None),
        }
    }

    /// Takes one step; returns where the run stands if it cannot go on to the next.
    fn take(&mut self, next: Next, step: &Step, answer: Option<Answer>, unit: &mut UnitOfWork) -> Option<Progress> {
        if let Some(reason) = self.exhausted(&next, answer.as_ref()) {
            return Some(self.fail(next, reason));
        }
        if let Some(progress) = self.leave_others(&next, step, answer.as_ref(), unit) {
            return Some(progress);
        }
        self.begin_step(&next, step, answer.as_ref(), unit);
        let record = self.run.record.as_ref().and_then(RecordRef::own);
        self.scope.record = record.and_then(|id| unit.fields(id));
        let (mut next, mut answer) = match self.look_elsewhere(next, step, answer, unit) {
            Looked::Known(next, answer) => (next, answer),
            Looked::Asks(next, call) => return Some(self.reach_out(next, call)),
            Looked::Failed(next, outcome) => return self.follow(next, step, outcome, unit),
        };
        if let Some(query) = self.ask_before(&mut next, step, &mut answer, unit) {
            self.asking = Some(next);
            return Some(Progress::Asks(query));
        }
        let (run, number, alone) = (self.run.key(), self.run.steps + 1, self.now.is_some());
        let (workflow, depth, trace, touched) = (self.run.workflow, self.depth, self.trace, &mut self.touched);
        let (scope, budget) = (&mut self.scope, &mut self.budget);
        let (record, elsewhere) = (self.run.record.clone(), &mut self.elsewhere);
        let tries = next.tried.unwrap_or(Tried { first: number, ..Tried::default() });
        let request = next.request.clone();
        let (awaits, parent, pinned) = (next.awaits, self.awaited.as_mut(), &self.pinned);
        let loops = self.frames.chain(next.frame).len();
        let tracestate = self.tracestate.as_ref();
        let frame = next.round.and_then(|id| self.frames.open.get_mut(&id));
        let mut context = Context {
            scope,
            record,
            elsewhere,
            unit,
            run,
            pinned,
            step: &step.name,
            workflow,
            depth,
            trace,
            tracestate,
            number,
            alone,
            tries,
            request,
            awaits,
            frame,
            loops,
            parent,
            budget,
            touched,
        };
        let outcome = task::perform(&step.task, answer, &mut context);
        let frame = next.frame;
        let progress = self.follow(next, step, outcome, unit);
        if progress.is_none() {
            self.end_item(frame);
        }
        progress
    }

    /// Why the run may take no further step.
    fn exhausted(&mut self, next: &Next, answer: Option<&Answer>) -> Option<Message> {
        let (counted, all) = (self.frames.counted(next.innermost(), self.run.steps), self.run.steps);
        if answer.is_none() && (counted >= MAX_STEPS || all >= MAX_ALL_STEPS) {
            let most = if counted >= MAX_STEPS { MAX_STEPS } else { MAX_ALL_STEPS };
            return Some(Message::TooManySteps { most });
        }
        self.budget.compute().err().map(TaskError::from)
    }

    fn begin_step(&mut self, next: &Next, step: &Step, answer: Option<&Answer>, unit: &mut UnitOfWork) {
        if answer.is_none() {
            self.budget.step();
            unit.budget.step();
        }
        self.show(next.innermost());
        // An answer finds the clock and the lots of the step that asked for it.
        if matches!(answer, None | Some(Answer::Outside(_))) {
            self.scope.local = self.local(next, step, unit);
        }
    }

    /// The clock of a step, and what it draws: the same however often this visit of the step is computed or tried.
    fn local(&self, next: &Next, step: &Step, unit: &UnitOfWork) -> Arc<Local> {
        let visit = next.tried.map_or(self.run.steps + 1, |tried| tried.first);
        unit.local(&self.pinned.workflow, format!("{} {} {visit}", self.run.key(), step.name))
    }

    /// What the step must know before it is evaluated: the numbers that it draws, and the records that it refers to.
    fn ask_before(
        &mut self,
        next: &mut Next,
        step: &Step,
        answer: &mut Option<Answer>,
        unit: &mut UnitOfWork,
    ) -> Option<Query> {
        if answer.is_none() && is_first_visit(next) && !step.reads.counters.is_empty() {
            return Some(Query::Count(step.reads.counters.clone()));
        }
        if let Some(Answer::Counted(numbers)) = answer {
            next.drawn = std::mem::take(numbers);
            *answer = None;
        }
        if !next.drawn.is_empty() {
            Arc::make_mut(&mut self.scope.local).counters.clone_from(&next.drawn);
        }
        self.relate(next, step, answer.as_ref(), unit).map(Query::Look)
    }

    /// Waits for the runs that it started, and for its branches.
    fn await_children(&mut self, due_at: SystemTime) -> Progress {
        let waiting = self.sleeping.iter().find(|one| one.awaits()).and_then(|one| one.steps.last());
        let step = waiting.and_then(|next| self.pinned.workflow.step(next.step));
        self.run.message = step.map(|step| Message::WaitsForRuns { step: step.name.clone() });
        self.suspend(Wake::Children(due_at))
    }

    /// The first step of the branch that has been due for longest. A step that waits for runs looks at them once in each
    /// transaction: a run that ended while this one was doing something else did not wake it.
    fn wake_up(&mut self) -> Option<Next> {
        let now = self.now?;
        let is_due = |one: &Sleeping| one.due_at <= now || (one.awaits() && !one.has_looked);
        while let Some((at, _)) =
            (self.sleeping.iter().enumerate()).filter(|(_, one)| is_due(one)).min_by_key(|(_, one)| one.due_at)
        {
            let Sleeping { steps, frame, .. } = self.sleeping.remove(at);
            if steps.last().is_some_and(|next| next.request.is_none()) {
                // What is sent was rendered before; all else may have changed while the branch waited.
                self.elsewhere.forget();
            }
            self.pending = steps;
            if self.pending.is_empty() {
                self.end_item(frame);
            }
            if let Some(next) = self.pending.pop() {
                return Some(next);
            }
        }
        None
    }

    /// Reads what the step refers to; returns a record that must be looked at before. A step whose own query was
    /// answered keeps what it read when it asked, and one that is rendered needs no more.
    fn relate(&mut self, next: &Next, step: &Step, answer: Option<&Answer>, unit: &UnitOfWork) -> Option<RecordId> {
        if step.reads.related.is_empty()
            || next.request.is_some()
            || matches!(
                answer,
                Some(
                    Answer::Created { .. }
                        | Answer::Rekeyed { .. }
                        | Answer::Found { .. }
                        | Answer::CutOff { .. }
                        | Answer::Numbers(_)
                        | Answer::Children(_)
                        | Answer::Outside(_)
                )
            )
        {
            return None;
        }
        let record = self.scope.record.as_deref();
        let own = || step.reads.related.iter().filter(|one| unit.connection(&one.module).is_none());
        let missing = references::missing(own(), record, &self.scope.env, unit);
        if missing.is_empty() {
            let mut related = references::values(own(), record, &self.scope.env, unit);
            self.add_related(&mut related, step, unit);
            self.scope.related = related;
        }
        missing.first().copied()
    }
}

/// Whether the step is begun: it draws numbers once, however often it goes on.
fn is_first_visit(next: &Next) -> bool {
    let is_new = next.request.is_none() && next.awaits.is_none() && next.round.is_none() && next.tried.is_none();
    is_new && next.drawn.is_empty()
}
