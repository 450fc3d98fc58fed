//! The engine: takes one run through its graph. A run holds the list of its pending steps and takes the last of
//! them; an output puts its successors there in reverse, so the order is depth first, in written order, and a
//! step reached twice runs twice. A run stops at a question to the database and goes on with the answer; the records
//! that a step refers to are the first of them.

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::expression::Scope;
use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::store::run_log::Entry;
use postern_shared::store::runs::{Run, State};
use postern_shared::workflow::{KeepLog, Step, StepIndex};

use crate::allowance::Allowance;
use crate::catalog::Pinned;
use crate::desk::Desk;
use crate::names::Names;
use crate::related;
use crate::task::{self, Answer, Context, Outcome, Question};

/// The most steps a run may take: a loop that never ends is a fault of its workflow and must not hold up others.
pub const MAX_STEPS: i32 = 10_000;

/// A run on its way.
#[derive(Debug)]
pub struct Execution {
    pinned: Arc<Pinned>,
    run: Run,
    scope: Scope,
    /// The next step last.
    pending: Vec<StepIndex>,
    /// The step whose question is open.
    asking: Option<StepIndex>,
    log: Vec<Entry>,
    allowance: Allowance,
    names: Names,
}

/// Where a run stands after it went on.
#[derive(Debug)]
pub enum Progress {
    /// It needs an answer.
    Asks(Question),
    /// It ended.
    Ended,
}

impl Execution {
    /// A run at the start of its workflow; `place` is its place among the runs of its receipt, from 1.
    pub fn new(pinned: Arc<Pinned>, place: i32, receipt: ReceiptId, record: Option<RecordId>, scope: Scope) -> Self {
        let run = Run {
            receipt,
            workflow: pinned.workflow.id,
            version: pinned.version,
            place,
            state: State::Running,
            steps: 0,
            record,
            message: None,
            started_at: SystemTime::now(),
            ended_at: None,
        };
        let pending = pinned.workflow.start.next.iter().rev().copied().collect();
        let (allowance, names) = (Allowance::new(), Names::default());
        Self { pinned, run, scope, pending, asking: None, log: Vec::new(), allowance, names }
    }

    /// Goes on until the run needs the database or ends. `answer` is that to the question asked last.
    pub fn advance(&mut self, mut answer: Option<Answer>, desk: &mut Desk) -> Progress {
        let pinned = Arc::clone(&self.pinned);
        if self.run.steps == 0 && answer.is_none() {
            self.run.started_at = SystemTime::now();
        }
        self.allowance.go_on();
        while let Some(index) = self.asking.take().or_else(|| self.pending.pop()) {
            let Some(step) = pinned.workflow.step(index) else { continue };
            if answer.is_none() && self.run.steps == MAX_STEPS {
                self.end(true, Some(format!("it took {MAX_STEPS} steps: does it loop for ever?")));
                return Progress::Ended;
            }
            if let Err(error) = self.allowance.compute() {
                self.end(true, Some(error.to_string()));
                return Progress::Ended;
            }
            self.scope.record = self.run.record.and_then(|id| desk.fields(id));
            if let Some(id) = self.relate(step, answer.as_ref(), desk) {
                self.asking = Some(index);
                return Progress::Asks(Question::Look(id));
            }
            let place = (self.run.receipt, self.run.workflow, self.run.steps + 1);
            let (scope, allowance) = (&mut self.scope, &mut self.allowance);
            let mut context = Context { scope, record: self.run.record, desk, step: place, allowance };
            match task::perform(&step.task, answer.take(), &mut context) {
                Ok(Outcome::Ask(question)) => {
                    self.asking = Some(index);
                    return Progress::Asks(question);
                }
                Ok(Outcome::Continue(output)) => {
                    self.enter(step, Some(output), None);
                    self.pending.extend(step.successors(output).iter().rev());
                }
                Ok(Outcome::Stop { failed, message }) => {
                    self.enter(step, None, message.clone());
                    self.end(failed, message);
                    return Progress::Ended;
                }
                Err(error) => {
                    self.enter(step, None, Some(error.to_string()));
                    self.end(true, Some(format!("step {}: {error}", step.name)));
                    return Progress::Ended;
                }
            }
        }
        self.end(false, None);
        Progress::Ended
    }

    /// Reads what the step refers to; returns a record that must be looked at before. A step whose own question was
    /// answered keeps what it read when it asked.
    fn relate(&mut self, step: &Step, answer: Option<&Answer>, desk: &Desk) -> Option<RecordId> {
        if step.reads.related.is_empty() || matches!(answer, Some(Answer::Created { .. } | Answer::Found(_))) {
            return None;
        }
        let record = self.scope.record.as_deref();
        let missing = related::missing(&step.reads.related, record, desk);
        if missing.is_empty() {
            self.scope.related = related::values(&step.reads.related, record, desk);
        }
        missing.first().copied()
    }

    /// The run and its log, as they are written, and the names that it read. What the workflow does not keep of the
    /// log is left out.
    pub fn into_parts(self) -> (Run, Vec<Entry>, Names) {
        let kept = match self.pinned.workflow.start.keep_log {
            KeepLog::All => true,
            KeepLog::Failures => self.run.state == State::Failed,
            KeepLog::None => false,
        };
        (self.run, if kept { self.log } else { Vec::new() }, self.names)
    }

    fn enter(&mut self, step: &Step, output: Option<&str>, message: Option<String>) {
        self.run.steps += 1;
        self.names.note(&step.reads, &self.scope.env);
        self.log.push(Entry {
            receipt: self.run.receipt,
            workflow: self.run.workflow,
            number: self.run.steps,
            step: step.name.to_string(),
            task: step.task.name().to_owned(),
            output: output.map(str::to_owned),
            message,
            at: SystemTime::now(),
        });
    }

    fn end(&mut self, failed: bool, message: Option<String>) {
        self.run.state = if failed { State::Failed } else { State::Finished };
        self.run.message = message;
        self.run.ended_at = Some(SystemTime::now());
        self.pending.clear();
    }
}
