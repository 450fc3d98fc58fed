//! What a run does with the answer of a task: by which output it goes on, what it waits for, and how it ends.

use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use postern_shared::store::checkpoints::Tried;
use postern_shared::workflow::Step;

use crate::bundle::unit_of_work::UnitOfWork;
use crate::outside::call::Call;
use crate::run::checkpoint::{Next, Sleeping, Wake};
use crate::run::execution::{Execution, Progress, followers};
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

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
            Ok(Outcome::Continue(output)) => self.leave_by(step, output, None),
            Ok(Outcome::Said { output, message }) => self.leave_by(step, output, Some(message)),
            Ok(Outcome::Alone) => {
                self.asking = Some(next);
                return Some(self.suspend(Wake::Now));
            }
            Ok(Outcome::Leave(leave)) => return Some(self.go_on_alone(next, step, leave, unit)),
            Ok(Outcome::SleepUntil { due_at, output }) => {
                let until = Timestamp::try_from(due_at).map(|at| format!("until {at:.0}"));
                self.enter(step, Some(output), until.ok());
                self.sleeping.push(Sleeping { due_at, steps: followers(step, output).collect() });
            }
            Ok(Outcome::Outside(call)) => return Some(self.reach_out(next, call)),
            Ok(Outcome::Retry { due_at, message }) => self.retry(next, step, due_at, &message, unit.clock.now()),
            Ok(Outcome::Unclear { message }) => {
                self.asking = Some(next);
                self.run.message = Some(format!("step {}: it is not known what came of it: {message}", step.name));
                return Some(self.suspend(Wake::Decided));
            }
            Ok(Outcome::Failed { message }) if step.successors("failed").is_empty() => {
                self.enter(step, Some("failed"), Some(message.clone()));
                return Some(self.fail(next, format!("step {}: {message}", step.name)));
            }
            Ok(Outcome::Failed { message }) => self.leave_by(step, "failed", Some(message)),
            Ok(Outcome::Stop { failed, message }) => {
                self.enter(step, None, message.clone());
                if failed {
                    self.pending.push(Next::from(next.step));
                }
                return Some(self.end(failed, message));
            }
            Err(error) => {
                if let Some(leave) = self.budget.take_leave() {
                    return Some(self.go_on_alone(next, step, leave, unit));
                }
                let message = format!("step {}: {error}", step.name);
                self.enter_error(step, error);
                return Some(self.fail(next, message));
            }
        }
        None
    }

    fn reach_out(&mut self, next: Next, call: Box<Call>) -> Progress {
        self.is_fresh = next.request.is_none();
        self.asking = Some(Next { request: Some(Arc::clone(&call.request)), ..next });
        Progress::Outside(call)
    }

    fn leave_by(&mut self, step: &Step, output: &'static str, message: Option<String>) {
        self.enter(step, Some(output), message);
        self.pending.extend(followers(step, output));
    }

    /// Parks a step until its next try.
    fn retry(&mut self, next: Next, step: &Step, due_at: SystemTime, message: &str, now: SystemTime) {
        let wait = due_at.duration_since(now).unwrap_or_default().as_secs_f64();
        self.enter(step, None, Some(format!("{message}; again in {wait:.0} s")));
        let tried = next.tried.unwrap_or(Tried { first: self.run.steps, times: 0 });
        let tried = Some(Tried { times: tried.times + 1, ..tried });
        self.sleeping.push(Sleeping { due_at, steps: vec![Next { tried, ..next }] });
    }
}
