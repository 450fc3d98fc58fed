//! The steps that the runs of a dry run take, as people see them.

use std::collections::BTreeSet;

use postern_shared::dry_run::{self, Change, Comment, MAX_ENV_BYTES, MAX_REPORT_BYTES, MAX_STEPS, Sent, told};
use postern_shared::id::{StepName, WorkflowId};
use postern_shared::message::Message;
use postern_shared::store::run_steps;

use super::records::Records;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::run::execution::Execution;

/// The steps of all runs of a dry run.
#[derive(Debug, Default)]
pub struct Paths {
    /// The workflow that is tried.
    pub workflow: Option<WorkflowId>,
    /// The runs that did not begin.
    pub not_begun: BTreeSet<i16>,
    pub records: Records,
    /// The step behind which it is over.
    until: Option<StepName>,
    pub steps: Vec<dry_run::Step>,
    env_bytes: usize,
    /// Those of all that is told, and of the records that were changed.
    bytes: usize,
    is_reached: bool,
}

impl Paths {
    /// None yet.
    pub fn new(until: Option<StepName>) -> Self {
        Self { until, ..Self::default() }
    }

    /// Whether no further step is taken.
    pub fn is_over(&self) -> bool {
        self.stopped().is_some()
    }

    /// The word for why no further step is taken.
    pub fn stopped(&self) -> Option<&'static str> {
        match (self.is_reached, self.steps.len() >= MAX_STEPS || self.bytes >= MAX_REPORT_BYTES) {
            (true, _) => Some("stopped_here"),
            (false, true) => Some("cut_off"),
            (false, false) => None,
        }
    }

    /// Adds what a run has done since the last time: `shown` of its steps are here already. A run stops behind each step,
    /// so that what is seen of it now is what the step left.
    pub fn follow(&mut self, execution: &Execution, shown: &mut usize, sent: &mut Option<Sent>, unit: &UnitOfWork) {
        for (at, step) in execution.log.iter().enumerate().skip(*shown) {
            let behind = i32::try_from(execution.log.len() - 1 - at).unwrap_or(0);
            let step = self.step(execution, step, execution.run.steps - behind, (sent.take(), unit));
            self.is_reached |= Some(step.workflow) == self.workflow
                && self.until.as_ref().is_some_and(|until| until.as_str() == step.step);
            self.bytes += serde_json::to_vec(&step).map_or(0, |written| written.len());
            self.steps.push(step);
        }
        *shown = execution.log.len();
    }

    fn step(
        &mut self,
        execution: &Execution,
        step: &run_steps::Step,
        number: i32,
        (sends, unit): (Option<Sent>, &UnitOfWork),
    ) -> dry_run::Step {
        let (message, message_code) = told(step.message.as_ref());
        let run = execution.key();
        let is_of_step = |(of, at)| of == run && at == number;
        let comments = unit.effects.comments.iter().filter(|one| is_of_step((one.run, one.step)));
        let bytes = execution.scope.env.bytes();
        let has_room = self.env_bytes + bytes <= MAX_ENV_BYTES;
        self.env_bytes += bytes;
        dry_run::Step {
            run: run.number,
            workflow: execution.run.workflow,
            number,
            step: step.step.clone(),
            task: step.task.clone(),
            output: step.output.clone(),
            message,
            message_code,
            env: has_room.then(|| execution.scope.env.as_ref().clone()),
            changes: self.changes(step, unit),
            comments: comments.map(|one| Comment { record: one.record.into(), text: one.text.clone() }).collect(),
            sends,
            waits_until: step.message.as_ref().and_then(until),
        }
    }

    /// What the step has done to records; those are as large as `$env`, and take of the same room.
    fn changes(&mut self, step: &run_steps::Step, unit: &UnitOfWork) -> Vec<Change> {
        let changes = self.records.changes(step.records.iter(), unit);
        let bytes =
            |change: &Change| -> usize { change.before.iter().chain(&change.after).map(|env| env.bytes()).sum() };
        let changed = changes.iter().map(bytes).sum::<usize>();
        self.env_bytes += changed;
        self.bytes += changed;
        if self.env_bytes <= MAX_ENV_BYTES { changes } else { Vec::new() }
    }
}

/// Until when a step waits.
fn until(message: &Message) -> Option<String> {
    match message {
        Message::Until { until } => Some(until.clone()),
        Message::AndAlso { message, .. } => until(message),
        _ => None,
    }
}
