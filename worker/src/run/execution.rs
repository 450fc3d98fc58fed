//! One run on its way through its graph: where it stands, and what it leaves on its path. The engine takes it further.

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::comparison::Notes;
use postern_shared::expression::Scope;
use postern_shared::id::{ReceiptId, WorkflowId};
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::{Elsewhere, FrameId, Frames};
use postern_shared::store::claims::Claim;
use postern_shared::store::handled_failures::Handled;
use postern_shared::store::run_results::RunResult;
use postern_shared::store::run_steps::Step as Taken;
use postern_shared::store::runs::{Run, State};
use postern_shared::task::Task;
use postern_shared::task::for_each::ForEach;
use postern_shared::trace::{TraceContext, TraceState};
use postern_shared::workflow::{Step, Workflow};

use super::budget::RunBudget;
use super::checkpoint::{Next, Sleeping, Wake};
use super::field_usage::FieldUsage;
use super::slow_runs::Cost;
use super::unique_claims::claim_of;
use crate::matching::catalog::Pinned;
use crate::outside::call::{self, Call};
use crate::task::context::Touched;
use crate::task::query::Query;

/// A run on its way.
#[derive(Debug)]
pub struct Execution {
    pub(super) pinned: Arc<Pinned>,
    pub(super) run: Run,
    pub(super) scope: Scope,
    /// The next step last.
    pub(super) pending: Vec<Next>,
    /// The branches that wait for a time.
    pub(super) sleeping: Vec<Sleeping>,
    /// Branches that are due at this time are taken; none = only those begun in this transaction are there.
    pub(super) now: Option<SystemTime>,
    /// The step whose query is open.
    pub(super) asking: Option<Next>,
    /// Whether what that step sends was rendered in this transaction.
    pub(super) is_fresh: bool,
    pub(super) log: Vec<Taken>,
    /// What the step in hand has touched.
    pub(super) touched: Touched,
    /// How many runs stand between it and the submission.
    pub(super) depth: u8,
    /// What it has for the run that waits for it; none = no run does.
    pub(super) awaited: Option<RunResult>,
    /// The steps of it that went on although runs failed that they waited for.
    pub(super) handled: Vec<Handled>,
    /// The loops in which it stands.
    pub(super) frames: Frames,
    /// What it knows of records of other systems.
    pub(super) elsewhere: Elsewhere,
    pub(super) budget: RunBudget,
    pub(super) field_usage: FieldUsage,
    /// When it goes on, once it is suspended.
    pub(super) wake: Option<Wake>,
    /// Of what it needed too much for those beside it, once it goes on alone.
    pub(super) slow: Option<Cost>,
    /// A span of its trace; none = it is not traced.
    pub(super) trace: Option<TraceContext>,
    /// What other systems have noted about that trace.
    pub(super) tracestate: Option<TraceState>,
}

/// The span of a step, and what other systems have noted about its trace.
pub type StepSpan = (TraceContext, Option<TraceState>);

/// Where a run stands after it went on.
#[derive(Debug)]
pub enum Progress {
    /// It needs an answer.
    Asks(Query),
    /// It needs an answer of the outside, for which no transaction waits: give it with [`Answer::Outside`](crate::task::query::Answer::Outside) or [`leave`].
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
    /// A run at the start of its workflow; `number` is its number among the runs of its receipt, from 1.
    pub fn new(pinned: Arc<Pinned>, number: i16, receipt: ReceiptId, record: Option<RecordRef>, scope: Scope) -> Self {
        // The runs of a receipt share their values, and each has notes of its own.
        let scope = Scope { notes: Notes::default(), ..scope };
        let run = Run::begun(RunKey { receipt, number }, (pinned.workflow.id, pinned.version), record);
        let pending = first_steps(&pinned.workflow);
        let (budget, field_usage) = (RunBudget::new(), FieldUsage::default());
        let (sleeping, log, touched, depth, awaited) = (Vec::new(), Vec::new(), Touched::default(), 0, None);
        let (now, asking, is_fresh, wake, slow) = (None, None, false, None, None);
        Self {
            pinned,
            run,
            scope,
            pending,
            sleeping,
            now,
            asking,
            is_fresh,
            log,
            touched,
            depth,
            awaited,
            handled: Vec::new(),
            frames: Frames::default(),
            elsewhere: Elsewhere::default(),
            budget,
            field_usage,
            wake,
            slow,
            trace: None,
            tracestate: None,
        }
    }

    /// The same, as a part of this trace.
    pub fn traced(self, trace: Option<TraceContext>, tracestate: Option<TraceState>) -> Self {
        Self { trace, tracestate, ..self }
    }

    /// The span of the step in hand, and what other systems have noted about its trace.
    pub fn span_in_hand(&self) -> Option<StepSpan> {
        let span = self.trace?.of_step(self.key(), self.run.steps + 1);
        Some((span, self.tracestate.clone()))
    }

    /// Its name.
    pub fn key(&self) -> RunKey {
        self.run.key()
    }

    /// Its workflow and record, if no other run of the workflow may be on that record.
    pub fn needs_turn(&self) -> Option<(WorkflowId, RecordRef)> {
        let alone = !self.pinned.workflow.start.parallel;
        self.run.record.as_ref().filter(|_| alone).map(|record| (self.run.workflow, record.clone()))
    }

    /// Whether it has taken no step and asked nothing yet.
    pub fn is_new(&self) -> bool {
        self.run.steps == 0 && self.asking.is_none()
    }

    /// Does nothing until the run that is on its record has ended.
    pub fn wait_for_turn(&mut self) -> Progress {
        self.suspend(Wake::InTurn)
    }

    /// The step in hand, whose query is open.
    pub fn step_in_hand(&self) -> Option<&Step> {
        self.asking.as_ref().and_then(|next| self.pinned.workflow.step(next.step))
    }

    /// Whether it is not to begin yet.
    pub fn is_on_hold(&self) -> bool {
        self.pinned.workflow.start.hold
    }

    /// Does nothing until its workflow is no longer on hold.
    pub fn hold(&mut self) -> Progress {
        self.suspend(Wake::Held)
    }

    /// Whether it has to be admitted before it reaches outside.
    pub fn needs_admission(&self) -> bool {
        self.pinned.workflow.start.at_most.is_some()
    }

    /// Leaves for the lane of calls with what its step sends, or waits for its admission.
    pub fn leave(&mut self, has_passed: bool) -> Progress {
        if !has_passed && self.needs_admission() {
            // It is rendered when it is admitted; but what may have been sent is sent again as it was.
            if let Some(next) = self.asking.as_mut().filter(|_| self.is_fresh) {
                next.request = None;
            }
            return self.suspend(Wake::Admission);
        }
        let (mut target, mut message) = (String::new(), None);
        if let Some(next) = &self.asking {
            target = next.request.as_deref().map_or_else(|| "unknown".to_owned(), call::target);
            let step = self.pinned.workflow.step(next.step);
            message = step.map(|step| Message::WaitsForTarget { step: step.name.clone() });
        }
        self.run.message = message;
        self.suspend(Wake::Call { target })
    }

    /// Whether it has taken no step beyond these.
    pub fn stands_at(&self, steps: i32) -> bool {
        self.run.steps == steps
    }

    /// The place of the step in hand on the run's path, that of its first try, and its span.
    pub fn place(&self) -> (i32, i32, Option<StepSpan>) {
        let number = self.run.steps + 1;
        let tried = self.asking.as_ref().and_then(|next| next.tried);
        (number, tried.map_or(number, |tried| tried.first), self.span_in_hand())
    }

    /// Begins on a record of another system.
    pub fn open(&mut self) {
        self.elsewhere.is_open = true;
    }

    /// Whether it will make the call again that needs a claim.
    pub fn still_sends(&self, claim: &Claim) -> bool {
        let sleeping = self.sleeping.iter().flat_map(|one| &one.steps);
        let requests =
            self.asking.iter().chain(&self.pending).chain(sleeping).filter_map(|next| next.request.as_deref());
        requests.into_iter().any(|request| claim_of(request).as_ref() == Some(claim))
    }

    /// Writes a step on the path of the run.
    pub(super) fn enter(&mut self, step: &Step, output: Option<&str>, message: Option<Message>) {
        self.run.steps += 1;
        self.field_usage.note(&step.reads, &self.scope.env);
        if let Task::ForEach(ForEach { collect: Some((collect, _)), .. }) = &step.task {
            // Its steps set what it collects, and behind an empty list nothing is collected.
            self.field_usage.expect(collect.reads());
        }
        let Touched { records, fields, notes } = std::mem::take(&mut self.touched);
        let message = message.into_iter().chain(self.scope.notes.take()).chain(notes).reduce(Message::and_also);
        let after = SystemTime::now().duration_since(self.run.started_at).unwrap_or_default();
        self.log.push(Taken {
            step: step.name.to_string(),
            task: step.task.name().to_owned(),
            output: output.map(str::to_owned),
            message,
            after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            took_us: u32::try_from(self.budget.take_own().as_micros()).unwrap_or(u32::MAX),
            records,
            fields,
        });
    }

    /// Ends at a step, which a replay takes again.
    pub(super) fn fail(&mut self, next: Next, message: Message) -> Progress {
        self.run.failed_at = self.pinned.workflow.step(next.step).map(|step| step.name.clone());
        self.pending.push(next.anew());
        self.end(true, Some(message))
    }

    /// Ends.
    pub(super) fn end(&mut self, failed: bool, message: Option<Message>) -> Progress {
        self.run.state = if failed { State::Failed } else { State::Finished };
        self.run.message = message;
        self.run.ended_at = Some(SystemTime::now());
        Progress::Ended
    }

    /// Stops until this wakes it.
    pub(super) fn suspend(&mut self, wake: Wake) -> Progress {
        self.run.state = match &wake {
            Wake::Now | Wake::Slow => State::Running,
            Wake::Call { .. } | Wake::At(_) | Wake::Children(_) | Wake::InTurn | Wake::Admission | Wake::Queued => {
                State::Waiting
            }
            Wake::Held => State::Held,
            Wake::Decided => State::NeedsAttention,
        };
        self.wake = Some(wake.clone());
        Progress::Suspended(wake)
    }
}

/// Where a workflow begins, the next step last.
pub(super) fn first_steps(workflow: &Workflow) -> Vec<Next> {
    workflow.start.next.iter().rev().copied().map(Next::from).collect()
}

/// Where an output leads in this loop, the next step last.
pub(super) fn followers(step: &Step, output: &str, frame: Option<FrameId>) -> impl Iterator<Item = Next> {
    step.successors(output).iter().rev().map(move |index| Next { frame, ..Next::from(*index) })
}
