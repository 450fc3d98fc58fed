//! A run that costs too much leaves those beside it at a step, and goes on alone with that step.

use std::time::Duration;

use postern_shared::message::Message;
use postern_shared::workflow::Step;

use crate::bundle::budget::{BundleBudget, Mode, TIGHT_DATABASE};
use crate::bundle::unit_of_work::UnitOfWork;
use crate::run::checkpoint::{Next, Wake};
use crate::run::execution::{Execution, Progress};
use crate::run::slow_runs::{Cost, Leave};
use crate::task::query::Answer;

impl Execution {
    /// Before a step: goes on elsewhere if it has cost too much here; or else says what the step may cost. With an answer
    /// the step is taken to its end.
    pub(in crate::run) fn leave_others(
        &mut self,
        next: &Next,
        step: &Step,
        answer: Option<&Answer>,
        unit: &UnitOfWork,
    ) -> Option<Progress> {
        let (workflow, mode) = (self.run.workflow, unit.budget.mode());
        let is_suspect = self.budget.is_suspect(|| unit.budget.is_suspect(workflow));
        // A step that has called another system is known there by its place on the path.
        let may_have_called = mode != Mode::Bundle && step.task.reaches_outside();
        if answer.is_none() && !may_have_called {
            if let Some(leave) = unit.budget.overdrawn(&self.budget, is_suspect) {
                return Some(self.go_on_alone(next.clone(), step, leave, unit));
            }
            if unit.budget.has_had_its_turn(&self.budget) {
                self.asking = Some(next.clone());
                return Some(self.suspend(Wake::Slow));
            }
        }
        // What was done already, or cannot be asked again, is not thrown away.
        let is_done = matches!(answer, Some(Answer::Created { .. } | Answer::Rekeyed { .. } | Answer::Outside(_)));
        self.budget.begin_step(!is_done && !may_have_called, unit.budget.computing(is_suspect));
        None
    }

    /// Leaves those beside it with this step still to be taken: they would wait for it.
    pub(in crate::run) fn go_on_alone(&mut self, next: Next, step: &Step, leave: Leave, unit: &UnitOfWork) -> Progress {
        if leave.is_its_own {
            unit.budget.note(self.run.workflow, leave.cost);
        }
        let message = Message::WentOnAlone { message: Box::new(leave.why) };
        self.enter(step, None, Some(message.clone()));
        self.run.message = Some(message.at_step(&step.name));
        self.asking = Some(next);
        self.slow = Some(leave.cost);
        self.suspend(Wake::Slow)
    }

    /// The database has worked for it, searches apart.
    pub fn charge(&mut self, took: Duration) {
        self.budget.wait(took);
    }

    /// A run that goes on alone was slow again: those of its workflow that come next go there at once.
    pub fn note_if_slow(&self, budget: &BundleBudget) {
        let cost = match (self.budget.kept_waiting(), self.budget.queried()) {
            (_, queried) if queried > TIGHT_DATABASE => Cost::Database,
            (computed, _) if computed > TIGHT_DATABASE => Cost::Computing,
            _ => return,
        };
        if budget.mode() == Mode::Slow {
            budget.note(self.run.workflow, cost);
        }
    }
}
