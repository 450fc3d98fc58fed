//! A run that costs too much leaves those beside it at a step, and goes on alone with that step.

use std::time::Duration;

use postern_shared::workflow::Step;

use super::{Execution, Progress};
use crate::budget::{Budget, Place, TIGHT_DATABASE};
use crate::checkpoint::{Next, Wake};
use crate::desk::Desk;
use crate::slow::{Cost, Leave};
use crate::task::Answer;

impl Execution {
    /// Before a step: goes on elsewhere if it has cost too much here; or else says what the step may cost. With an answer
    /// the step is taken to its end.
    pub(super) fn leave_others(
        &mut self,
        next: &Next,
        step: &Step,
        answer: Option<&Answer>,
        desk: &Desk,
    ) -> Option<Progress> {
        let (workflow, place) = (self.run.workflow, desk.budget.place());
        let is_suspect = self.allowance.is_suspect(|| desk.budget.is_suspect(workflow));
        // A step that has called another system is known there by its place on the path.
        let may_have_called = place != Place::Bundle && step.task.reaches_outside();
        if answer.is_none() && !may_have_called {
            if let Some(leave) = desk.budget.overdrawn(&self.allowance, is_suspect) {
                return Some(self.go_on_alone(next.clone(), step, leave, desk));
            }
            if desk.budget.has_had_its_turn(&self.allowance) {
                self.asking = Some(next.clone());
                return Some(self.suspend(Wake::Slow));
            }
        }
        // What was done already, or cannot be asked again, is not thrown away.
        let is_done = matches!(answer, Some(Answer::Created { .. } | Answer::Rekeyed { .. } | Answer::Outside(_)));
        self.allowance.begin_step(!is_done && !may_have_called, desk.budget.computing(is_suspect));
        None
    }

    /// Leaves those beside it with this step still to be taken: they would wait for it.
    pub(super) fn go_on_alone(&mut self, next: Next, step: &Step, leave: Leave, desk: &Desk) -> Progress {
        if leave.is_its_own {
            desk.budget.note(self.run.workflow, leave.cost);
        }
        let message = format!("went on alone: {}", leave.why);
        self.enter(step, None, Some(message.clone()));
        self.run.message = Some(format!("step {}: {message}", step.name));
        self.asking = Some(next);
        self.slow = Some(leave.cost);
        self.suspend(Wake::Slow)
    }

    /// The database has worked for it, searches apart.
    pub fn charge(&mut self, took: Duration) {
        self.allowance.wait(took);
    }

    /// A run that goes on alone was slow again: those of its workflow that come next go there at once.
    pub fn note_if_slow(&self, budget: &Budget) {
        let cost = match (self.allowance.kept_waiting(), self.allowance.queried()) {
            (_, queried) if queried > TIGHT_DATABASE => Cost::Database,
            (computed, _) if computed > TIGHT_DATABASE => Cost::Computing,
            _ => return,
        };
        if budget.place() == Place::Slow {
            budget.note(self.run.workflow, cost);
        }
    }
}
