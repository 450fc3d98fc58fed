//! What a run does with the answer of a task: by which output it goes on, what it waits for, and how it ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use postern_shared::id::StepName;
use postern_shared::message::Message;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::{Awaits, Tried};
use postern_shared::store::handled_failures::Handled;
use postern_shared::workflow::Step;

use crate::bundle::unit_of_work::UnitOfWork;
use crate::outside::call::Call;
use crate::outside::vtiger::may_pass;
use crate::run::checkpoint::{Next, Sleeping, Wake, millis};
use crate::run::execution::{Execution, Progress, followers};
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

/// Waits are written in seconds, rounded.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

impl Execution {
    /// Does what a task has answered.
    pub(in crate::run) fn follow(
        &mut self,
        next: Next,
        step: &Step,
        outcome: Result<Outcome, TaskError>,
        unit: &UnitOfWork,
    ) -> Option<Progress> {
        match outcome {
            Ok(Outcome::Ask(query)) => {
                self.budget.ask();
                self.asking = Some(next);
                return Some(Progress::Asks(query));
            }
            Ok(Outcome::Continue(output)) => self.leave_by(&next, step, output, None),
            Ok(Outcome::Case { output }) => self.leave_by(&next, step, &output, None),
            Ok(Outcome::Said { output, message }) => self.leave_by(&next, step, output, Some(message)),
            Ok(Outcome::Loop(turn)) => self.turn(&next, step, turn),
            Ok(Outcome::Alone) => {
                self.asking = Some(next);
                return Some(self.suspend(Wake::Now));
            }
            Ok(Outcome::Leave(leave)) => return Some(self.go_on_alone(next, step, leave, unit)),
            Ok(Outcome::SleepUntil { due_at, output }) => {
                let until = Timestamp::try_from(due_at).map(|at| Message::Until { until: format!("{at:.0}") });
                self.enter(step, Some(output), until.ok());
                let (steps, frame) = (followers(step, output, next.frame).collect(), next.frame);
                let delay = Some(step.name.clone());
                self.sleeping.push(Sleeping { due_at, delay, steps, has_looked: false, frame });
            }
            Ok(Outcome::Await { until, many, message }) => {
                self.enter(step, None, Some(message));
                self.keep_waiting(self.awaiting(next, until, many), until);
            }
            Ok(Outcome::AwaitMore { until }) => self.keep_waiting(next, until),
            Ok(Outcome::Outside(call)) => return Some(self.reach_out(next, call)),
            Ok(Outcome::Retry { due_at, message, unclear_at }) => {
                self.retry(next, step, (due_at, unclear_at), message, unit.clock.now());
            }
            Ok(Outcome::Unclear { message }) => {
                self.asking = Some(next);
                self.run.failed_at = Some(step.name.clone());
                self.run.message = Some(Message::OutcomeUnknown { message: Box::new(message) }.at_step(&step.name));
                return Some(self.suspend(Wake::Decided));
            }
            Ok(Outcome::Failed { message }) if step.successors("failed").is_empty() => {
                self.enter(step, Some("failed"), Some(message.clone()));
                return self.fail_at(next, message.at_step(&step.name));
            }
            Ok(Outcome::Failed { message }) => self.leave_by(&next, step, "failed", Some(message)),
            Ok(Outcome::Stop { failed, message }) => {
                self.enter(step, None, message.clone());
                if failed {
                    self.run.failed_at = Some(step.name.clone());
                    self.pending.push(next.anew());
                }
                return Some(self.end(failed, message));
            }
            Err(error) => return self.broken_off(next, step, error, unit),
        }
        None
    }

    /// Follows a step that could not be done.
    fn broken_off(&mut self, next: Next, step: &Step, error: TaskError, unit: &UnitOfWork) -> Option<Progress> {
        if let Some(leave) = self.budget.take_leave() {
            return Some(self.go_on_alone(next, step, leave, unit));
        }
        // What was posted cannot be sent or gone through: the workflow may have another way for that.
        if !step.successors("failed").is_empty() && !is_of_the_run(&error) {
            self.leave_by(&next, step, "failed", Some(error));
            return None;
        }
        self.enter(step, None, Some(error.clone()));
        self.fail_at(next, error.at_step(&step.name))
    }

    pub(in crate::run) fn reach_out(&mut self, next: Next, call: Box<Call>) -> Progress {
        self.is_fresh = next.request.is_none();
        self.asking = Some(Next { request: Some(Arc::clone(&call.request)), ..next });
        Progress::Outside(call)
    }

    /// The step that was entered last, waiting for the runs that it has started.
    fn awaiting(&self, next: Next, until: SystemTime, many: bool) -> Next {
        let awaits = Awaits { run: self.run.number, step: self.run.steps, until_ms: millis(until), many };
        Next { awaits: Some(awaits), ..next }
    }

    fn keep_waiting(&mut self, next: Next, due_at: SystemTime) {
        let frame = next.frame;
        self.sleeping.push(Sleeping { due_at, delay: None, steps: vec![next], has_looked: true, frame });
    }

    fn leave_by(&mut self, next: &Next, step: &Step, output: &str, message: Option<Message>) {
        if output == "failed" || matches!(message, Some(Message::ItemsDone { failed: 1.., .. })) {
            self.handle(next, &step.name);
        }
        self.end_loop(next);
        self.enter(step, Some(output), message);
        self.pending.extend(followers(step, output, next.frame));
    }

    /// Notes that `step` goes on although runs may have failed that `next` waited for.
    pub(in crate::run) fn handle(&mut self, next: &Next, step: &StepName) {
        if let Some(Awaits { run, step: place, .. }) = next.awaits {
            let parent = RunKey { number: run, ..self.run.key() };
            self.handled.push(Handled { parent, place, step: step.clone() });
        }
    }

    /// Parks a step until its next try.
    fn retry(
        &mut self,
        next: Next,
        step: &Step,
        (due_at, unclear_at): (SystemTime, Option<SystemTime>),
        message: Message,
        now: SystemTime,
    ) {
        let wait = due_at.duration_since(now).unwrap_or_default();
        let seconds = (wait + HALF_A_SECOND).as_secs();
        let errors = u32::from(may_pass(&message));
        self.enter(step, None, Some(Message::AgainLater { message: Box::new(message), seconds }));
        let tried = next.tried.unwrap_or(Tried { first: self.run.steps, ..Tried::default() });
        let unclear_at_ms = unclear_at.map(millis).or(tried.unclear_at_ms);
        let tried = Some(Tried { times: tried.times + 1, errors: tried.errors + errors, unclear_at_ms, ..tried });
        let frame = next.frame;
        let steps = vec![Next { tried, ..next }];
        self.sleeping.push(Sleeping { due_at, delay: None, steps, has_looked: false, frame });
    }
}

/// Whether the whole run has taken too much, whatever the step is.
fn is_of_the_run(error: &TaskError) -> bool {
    matches!(error, Message::ComputedTooLong { .. } | Message::WrittenTooMuch { .. })
}
