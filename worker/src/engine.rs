//! The engine: takes one run through its graph. A run holds the list of its pending steps and takes the last of
//! them; an output puts its successors there in reverse, so the order is depth first, in written order, and a
//! step reached twice runs twice. A run stops at a question to the database and goes on with the answer; the records
//! that a step refers to are the first of them. A delay parks its branch alone; when only such branches are left, the
//! run is suspended and leaves a checkpoint.

mod alone;
mod follow;
mod stored;

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::expression::Scope;
use postern_shared::id::{ReceiptId, RecordId, WorkflowId};
use postern_shared::store::checkpoints::Tried;
use postern_shared::store::run_log::Entry;
use postern_shared::store::runs::{Run, State};
use postern_shared::workflow::{Step, Workflow};

use crate::allowance::Allowance;
use crate::catalog::Pinned;
use crate::checkpoint::{Next, Sleeping, Wake};
use crate::desk::Desk;
use crate::names::Names;
use crate::outside::{self, Call};
use crate::related;
use crate::slow::Cost;
use crate::task::{self, Answer, Context, Question};

pub use stored::Parts;

/// The most steps a run may take: a loop that never ends is a fault of its workflow and must not hold up others.
pub const MAX_STEPS: i32 = 10_000;

/// A run on its way.
#[derive(Debug)]
pub struct Execution {
    pinned: Arc<Pinned>,
    run: Run,
    scope: Scope,
    /// The next step last.
    pending: Vec<Next>,
    /// The branches that wait for a time.
    sleeping: Vec<Sleeping>,
    /// Branches that are due at this time are taken; none = only those begun in this transaction are there.
    now: Option<SystemTime>,
    /// The step whose question is open.
    asking: Option<Next>,
    /// Whether what that step sends was rendered in this transaction.
    is_fresh: bool,
    log: Vec<Entry>,
    allowance: Allowance,
    names: Names,
    /// When it goes on, once it is suspended.
    wake: Option<Wake>,
    /// Of what it needed too much for those beside it, once it goes on alone.
    slow: Option<Cost>,
}

/// Where a run stands after it went on.
#[derive(Debug)]
pub enum Progress {
    /// It needs an answer.
    Asks(Question),
    /// It needs an answer of the outside, for which no transaction waits: give it with [`Answer::Outside`] or [`leave`].
    ///
    /// [`leave`]: Execution::leave
    Outside(Box<Call>),
    /// It has computed for a while: others may go on before it does.
    Yields,
    /// It ended.
    Ended,
    /// It goes on in another transaction.
    Suspended(Wake),
}

impl Execution {
    /// A run at the start of its workflow; `place` is its place among the runs of its receipt, from 1.
    pub fn new(pinned: Arc<Pinned>, place: i32, receipt: ReceiptId, record: Option<RecordId>, scope: Scope) -> Self {
        let run = Run {
            receipt,
            workflow: pinned.workflow.id,
            origin: String::new(),
            version: pinned.version,
            place,
            state: State::Running,
            steps: 0,
            record,
            message: None,
            started_at: SystemTime::now(),
            ended_at: None,
        };
        let pending = first_steps(&pinned.workflow);
        let (allowance, names) = (Allowance::new(), Names::default());
        let (sleeping, log) = (Vec::new(), Vec::new());
        let (now, asking, is_fresh, wake, slow) = (None, None, false, None, None);
        Self { pinned, run, scope, pending, sleeping, now, asking, is_fresh, log, allowance, names, wake, slow }
    }

    /// Its workflow and record, if no other run of the workflow may be on that record.
    pub fn needs_turn(&self) -> Option<(ReceiptId, WorkflowId, RecordId)> {
        let alone = !self.pinned.workflow.start.parallel;
        self.run.record.filter(|_| alone).map(|record| (self.run.receipt, self.run.workflow, record))
    }

    /// Whether it has taken no step and asked nothing yet.
    pub fn is_new(&self) -> bool {
        self.run.steps == 0 && self.asking.is_none()
    }

    /// Does nothing until the run that is on its record has ended.
    pub fn wait_for_turn(&mut self) -> Progress {
        self.suspend(Wake::InTurn)
    }

    /// Whether it is not to begin yet.
    pub fn is_on_hold(&self) -> bool {
        self.pinned.workflow.start.hold
    }

    /// Does nothing until its workflow is no longer on hold.
    pub fn hold(&mut self) -> Progress {
        self.suspend(Wake::Held)
    }

    /// Whether it has to be let through the gate before it reaches outside.
    pub fn needs_gate(&self) -> bool {
        self.pinned.workflow.start.at_most.is_some()
    }

    /// Leaves for the lane of calls with what its step sends, or stays before the gate until it may.
    pub fn leave(&mut self, has_passed: bool) -> Progress {
        if !has_passed && self.needs_gate() {
            // It is rendered when it is let through; but what may have been sent is sent again as it was.
            if let Some(next) = self.asking.as_mut().filter(|_| self.is_fresh) {
                next.request = None;
            }
            return self.suspend(Wake::AtGate);
        }
        let (mut target, mut message) = (String::new(), None);
        if let Some(next) = &self.asking {
            target = next.request.as_deref().map_or_else(|| "unknown".to_owned(), outside::target);
            let step = self.pinned.workflow.step(next.step);
            message = step.map(|step| format!("step {} waits for its target", step.name));
        }
        self.run.message = message;
        self.suspend(Wake::Call { target })
    }

    /// Whether it has taken no step beyond these.
    pub fn stands_at(&self, steps: i32) -> bool {
        self.run.steps == steps
    }

    /// The place of the step in hand on the run's path, and that of its first try.
    pub fn numbers(&self) -> (i32, i32) {
        let number = self.run.steps + 1;
        let tried = self.asking.as_ref().and_then(|next| next.tried);
        (number, tried.map_or(number, |tried| tried.first))
    }

    /// Goes on until the run needs the database, has to leave the transaction, or ends. `answer` is that to the
    /// question asked last.
    pub fn advance(&mut self, mut answer: Option<Answer>, desk: &mut Desk) -> Progress {
        let pinned = Arc::clone(&self.pinned);
        if self.run.steps == 0 && answer.is_none() && self.now.is_none() {
            self.run.started_at = SystemTime::now();
        }
        self.allowance.go_on();
        if let Some(Answer::Found { took, .. } | Answer::CutOff { took }) = &answer {
            self.allowance.query(*took);
        }
        while let Some(next) = self.asking.take().or_else(|| self.pending.pop()).or_else(|| self.wake_up()) {
            let Some(step) = pinned.workflow.step(next.step) else { continue };
            if let Some(progress) = self.take(next, step, answer.take(), desk) {
                return progress;
            }
            if self.allowance.wants_to_yield() {
                return Progress::Yields;
            }
        }
        match self.sleeping.iter().map(|one| one.due_at).min() {
            Some(due_at) => self.suspend(Wake::At(due_at)),
            None => self.end(false, None),
        }
    }

    /// Takes one step; returns where the run stands if it cannot go on to the next.
    fn take(&mut self, next: Next, step: &Step, answer: Option<Answer>, desk: &mut Desk) -> Option<Progress> {
        if answer.is_none() && self.run.steps == MAX_STEPS {
            return Some(self.fail(next, format!("it took {MAX_STEPS} steps: does it loop for ever?")));
        }
        if let Err(error) = self.allowance.compute() {
            return Some(self.fail(next, error.to_string()));
        }
        if let Some(progress) = self.leave_others(&next, step, answer.as_ref(), desk) {
            return Some(progress);
        }
        self.scope.record = self.run.record.and_then(|id| desk.fields(id));
        if let Some(id) = self.relate(&next, step, answer.as_ref(), desk) {
            self.asking = Some(next);
            return Some(Progress::Asks(Question::Look(id)));
        }
        let (run, number, alone) = (self.run.key(), self.run.steps + 1, self.now.is_some());
        let (scope, allowance) = (&mut self.scope, &mut self.allowance);
        let tries = next.tried.unwrap_or(Tried { first: number, times: 0 });
        let (record, request) = (self.run.record, next.request.clone());
        let mut context = Context { scope, record, desk, run, number, alone, tries, request, allowance };
        let outcome = task::perform(&step.task, answer, &mut context);
        self.follow(next, step, outcome, desk)
    }

    /// The first step of the branch that has been due for longest.
    fn wake_up(&mut self) -> Option<Next> {
        let now = self.now?;
        while let Some((at, _)) =
            (self.sleeping.iter().enumerate()).filter(|(_, one)| one.due_at <= now).min_by_key(|(_, one)| one.due_at)
        {
            self.pending = self.sleeping.remove(at).steps;
            if let Some(next) = self.pending.pop() {
                return Some(next);
            }
        }
        None
    }

    /// Reads what the step refers to; returns a record that must be looked at before. A step whose own question was
    /// answered keeps what it read when it asked, and one that is rendered needs no more.
    fn relate(&mut self, next: &Next, step: &Step, answer: Option<&Answer>, desk: &Desk) -> Option<RecordId> {
        if step.reads.related.is_empty()
            || next.request.is_some()
            || matches!(
                answer,
                Some(
                    Answer::Created { .. }
                        | Answer::Rekeyed { .. }
                        | Answer::Found { .. }
                        | Answer::CutOff { .. }
                        | Answer::Places(_)
                        | Answer::Outside(_)
                )
            )
        {
            return None;
        }
        let record = self.scope.record.as_deref();
        let missing = related::missing(&step.reads.related, record, desk);
        if missing.is_empty() {
            self.scope.related = related::values(&step.reads.related, record, desk);
        }
        missing.first().copied()
    }

    fn enter(&mut self, step: &Step, output: Option<&str>, message: Option<String>) {
        self.run.steps += 1;
        self.names.note(&step.reads, &self.scope.env);
        self.log.push(Entry {
            receipt: self.run.receipt,
            workflow: self.run.workflow,
            origin: self.run.origin.clone(),
            number: self.run.steps,
            step: step.name.to_string(),
            task: step.task.name().to_owned(),
            output: output.map(str::to_owned),
            message,
            at: SystemTime::now(),
        });
    }

    /// Ends at a step, which a replay takes again.
    fn fail(&mut self, next: Next, message: String) -> Progress {
        self.pending.push(Next::from(next.step));
        self.end(true, Some(message))
    }

    fn end(&mut self, failed: bool, message: Option<String>) -> Progress {
        self.run.state = if failed { State::Failed } else { State::Finished };
        self.run.message = message;
        self.run.ended_at = Some(SystemTime::now());
        Progress::Ended
    }

    fn suspend(&mut self, wake: Wake) -> Progress {
        self.run.state = match &wake {
            Wake::Now | Wake::Slow => State::Running,
            Wake::Call { .. } | Wake::At(_) | Wake::InTurn | Wake::AtGate => State::Waiting,
            Wake::Held => State::Held,
            Wake::Decided => State::NeedsAttention,
        };
        self.wake = Some(wake.clone());
        Progress::Suspended(wake)
    }
}

/// Where a workflow begins, the next step last.
fn first_steps(workflow: &Workflow) -> Vec<Next> {
    workflow.start.next.iter().rev().copied().map(Next::from).collect()
}

/// Where an output leads, the next step last.
fn followers(step: &Step, output: &str) -> impl Iterator<Item = Next> {
    step.successors(output).iter().rev().copied().map(Next::from)
}
