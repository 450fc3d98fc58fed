//! A workflow: one start, then a graph of steps. Read from its document, which stays the only stored form.

pub mod chains;
mod loops;
mod other_record;
mod parse;
pub mod pitfalls;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::expression::{Expression, Reads};
use crate::finding::Finding;
use crate::id::{ModuleName, StepName, TriggerKey, WorkflowId};
use crate::message::StepFault;
use crate::task::{Task, http_request};

pub use parse::SPEC;

/// The most steps of one workflow: more cannot be followed by anyone, and an index fits [`StepIndex`].
pub const MAX_STEPS: usize = 1_000;

/// The most runs that `at_most` can name: a limit that nothing reaches is none.
pub const MAX_AT_MOST: u16 = 1_000;

/// A compiled workflow.
#[derive(Debug)]
pub struct Workflow {
    /// Its number, chosen by whoever writes it.
    pub id: WorkflowId,
    /// For people only.
    pub title: String,
    /// Off = no submission starts it.
    pub active: bool,
    /// The zone of clock times, dates and weekdays; none = that of the installation.
    pub zone: Option<TimeZone>,
    /// What makes it run.
    pub start: Start,
    /// Its steps, in written order.
    pub steps: Vec<Step>,
}

/// The start of a workflow: its trigger settings.
#[derive(Debug)]
pub struct Start {
    /// The module of the records it runs on.
    pub module: Option<ModuleName>,
    /// The triggers it listens to.
    pub triggers: Vec<TriggerKey>,
    /// Must be true for it to run.
    pub condition: Option<Expression>,
    /// Workflows of one trigger run by (order, id).
    pub order: i64,
    /// Whether it runs when the submission has no record.
    pub without_record: bool,
    /// Whether it runs on one record only once, whatever becomes of that run.
    pub once_per_record: bool,
    /// Off = of two runs on one record the second begins when the first has ended.
    pub parallel: bool,
    /// On = what comes is accepted, and its runs are not begun until this is off.
    pub hold: bool,
    /// So many of its runs at most are under way at a time that reach outside; those that wait for a time do not count.
    pub at_most: Option<u16>,
    /// Whose steps are kept in the log.
    pub keep_log: KeepLog,
    /// The first steps.
    pub next: Vec<StepIndex>,
}

/// Whose steps are kept in the log; the runs themselves always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepLog {
    /// Of every run.
    #[default]
    All,
    /// Of runs that fail.
    Failures,
    /// Of no run.
    None,
}

/// The place of a step in [`Workflow::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StepIndex(pub u16);

/// A task placed in the graph.
#[derive(Debug)]
pub struct Step {
    /// Unique in its workflow.
    pub name: StepName,
    /// What it does.
    pub task: Task,
    /// The names of `$env` that its settings read.
    pub reads: Reads,
    /// Where each output leads; an output that is missing here leads nowhere.
    pub outputs: Vec<(Cow<'static, str>, Vec<StepIndex>)>,
}

impl Workflow {
    /// Reads and compiles a document; every fault is a finding at its step and field.
    pub fn from_document(document: &Value) -> Result<Self, Vec<Finding>> {
        parse::parse(document)
    }

    /// The same for a document that is to be saved: it also refuses what only documents of older versions may say.
    pub fn from_new_document(document: &Value) -> Result<Self, Vec<Finding>> {
        let workflow = Self::from_document(document)?;
        let findings: Vec<Finding> = workflow.steps.iter().filter_map(Step::outdated).collect();
        if findings.is_empty() { Ok(workflow) } else { Err(findings) }
    }

    /// The step at a place that this workflow gave out.
    pub fn step(&self, index: StepIndex) -> Option<&Step> {
        self.steps.get(usize::from(index.0))
    }

    /// The place of a step by its name.
    pub fn find(&self, name: &StepName) -> Option<StepIndex> {
        let place = self.steps.iter().position(|step| step.name == *name)?;
        u16::try_from(place).ok().map(StepIndex)
    }

    /// The workflows that its steps run.
    pub fn runs(&self) -> impl Iterator<Item = WorkflowId> {
        self.steps.iter().filter_map(|step| step.task.runs())
    }
}

impl Step {
    fn outdated(&self) -> Option<Finding> {
        let Task::HttpRequest(settings) = &self.task else { return None };
        let path = format!("steps.{}.{}", self.name, http_request::SPEC.name);
        settings.lets_values_choose_the_host().then(|| Finding::new(path, StepFault::HostChosen))
    }

    /// Where an output leads.
    pub fn successors(&self, output: &str) -> &[StepIndex] {
        self.outputs.iter().find(|(name, _)| *name == output).map_or(&[], |(_, next)| next)
    }
}
