//! What a task can read and change, and what that costs the run.

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::env::json_bytes;
use postern_shared::expression::{Scope, Template, render};
use postern_shared::id::{InvalidId, RecordId, StepName, WorkflowId};
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
use postern_shared::rendered::Rendered;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::{Awaits, Elsewhere, Frame, Tried};
use postern_shared::store::run_results::RunResult;
use postern_shared::trace::{TraceContext, TraceState};
use serde_json::Value;

use super::error::TaskError;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::catalog::Pinned;
use crate::run::budget::RunBudget;
use crate::run::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::run::slow_runs::{Cost, Leave};

/// What a task can read and change.
#[derive(Debug)]
pub struct Context<'a> {
    /// The variables of this run.
    pub scope: &'a mut Scope,
    /// The record that the run is on, wherever it is kept.
    pub record: Option<RecordRef>,
    /// What the run knows of records of other systems.
    pub elsewhere: &'a mut Elsewhere,
    /// The records of the bundle.
    pub unit: &'a mut UnitOfWork,
    /// Whose step this is.
    pub run: RunKey,
    /// The workflow in the version of the run.
    pub pinned: &'a Arc<Pinned>,
    /// The name of the step.
    pub step: &'a StepName,
    /// The workflow of the run.
    pub workflow: WorkflowId,
    /// How many runs stand between the run and the submission.
    pub depth: u8,
    /// A span of the trace of the run; none = it is not traced.
    pub trace: Option<TraceContext>,
    /// What other systems have noted about that trace.
    pub tracestate: Option<&'a TraceState>,
    /// Its place on the run's path, from 1.
    pub number: i32,
    /// Whether the run has the transaction for itself.
    pub alone: bool,
    /// What was tried of the step before; its first try, if nothing was.
    pub tries: Tried,
    /// What it has rendered for another system already.
    pub request: Option<Arc<Rendered>>,
    /// The runs that the step has started and waits for.
    pub awaits: Option<Awaits>,
    /// The loop whose step is taken again behind an item.
    pub frame: Option<&'a mut Frame>,
    /// How many loops the step stands in.
    pub loops: usize,
    /// What the run has for the run that waits for it; none = no run does.
    pub parent: Option<&'a mut RunResult>,
    /// What the run may still cost.
    pub budget: &'a mut RunBudget,
    /// What the step has touched.
    pub touched: &'a mut Touched,
}

/// What a step has touched, which its run's path shows.
#[derive(Debug, Default)]
pub struct Touched {
    /// The records that it created, changed, deleted or commented on.
    pub records: Vec<RecordRef>,
    /// The names of the fields that it changed, without those of a new record.
    pub fields: Vec<String>,
    /// What its line says beside its outcome.
    pub notes: Vec<Message>,
}

impl Touched {
    /// A record.
    pub fn record(&mut self, record: impl Into<RecordRef>) {
        self.records.push(record.into());
    }

    /// Notes beside the outcome, each once: a step may be computed again before it is done.
    pub fn note(&mut self, notes: Vec<Message>) {
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

impl Context<'_> {
    /// The time by the database's clock.
    pub fn now(&self) -> SystemTime {
        self.unit.clock.now()
    }

    /// Assigns a name of `$env`; returns what it had. `$env` is never larger than what a run can leave behind.
    pub fn set_env(&mut self, name: &str, value: Value) -> Result<Option<Value>, TaskError> {
        let (bytes, had) = (json_bytes(&value), self.scope.env.get(name).map(json_bytes));
        // A new name stands in quotes, with a colon and a comma.
        let more = bytes + if had.is_none() { name.len() + 4 } else { 0 };
        let all = self.budget.env_bytes(&self.scope.env) + more - had.unwrap_or(0);
        let grows = more.saturating_sub(had.unwrap_or(0));
        if grows > 0 && all > MAX_CHECKPOINT_BYTES {
            return Err(TaskError::EnvTooLarge { name: name.to_owned(), bytes: all, most: MAX_CHECKPOINT_BYTES });
        }
        self.hold(grows)?;
        self.budget.set_env_bytes(Some(all));
        Ok(Arc::make_mut(&mut self.scope.env).0.insert(name.to_owned(), value))
    }

    /// Counts what is about to be written.
    pub fn write(&mut self, bytes: usize) -> Result<(), TaskError> {
        self.hold(bytes)?;
        Ok(self.budget.write(bytes)?)
    }

    /// Counts values that the run keeps beside `$env`.
    pub fn hold_values(&mut self, values: &[Value]) -> Result<(), TaskError> {
        self.hold(values.iter().map(json_bytes).sum())
    }

    /// Counts what stays in memory until the commit. Where others hold much already the run goes on alone.
    fn hold(&mut self, bytes: usize) -> Result<(), TaskError> {
        if self.budget.may_leave() && self.unit.budget.is_full(self.budget.held(), bytes) {
            let why = Message::MemoryHeld;
            return Err(self.budget.leave(Leave { cost: Cost::Memory, why, is_its_own: false }).into());
        }
        self.budget.hold(bytes);
        self.unit.budget.hold(bytes);
        Ok(())
    }

    /// Counts by how much values that a step sets on a record make it grow.
    pub fn write_values(&mut self, record: RecordId, values: &[(String, Value)]) -> Result<(), TaskError> {
        let had = self.unit.fields(record);
        let had = |name: &str| had.as_ref().and_then(|fields| fields.get(name)).map_or(0, json_bytes);
        let grows = values.iter().map(|(name, value)| json_bytes(value).saturating_sub(had(name))).sum();
        self.write(grows)
    }

    /// The record that a step names, or else the run's.
    pub fn target(&self, named: Option<&Template>) -> Result<RecordRef, TaskError> {
        let Some(template) = named else {
            return self.record.clone().ok_or(TaskError::NoRecord);
        };
        let value = template.value(self.scope).map_err(|error| TaskError::in_field("record", error))?;
        record(&value)
    }

    /// The values of named templates; the first that fails names its field.
    pub fn values(&mut self, templates: &[(String, Template)]) -> Result<Vec<(String, Value)>, TaskError> {
        templates.iter().map(|(name, template)| Ok((name.clone(), self.value(name, template)?))).collect()
    }

    /// The value of one template, which is named in its error.
    pub fn value(&mut self, name: &str, template: &Template) -> Result<Value, TaskError> {
        self.budget.compute()?;
        template.value(self.scope).map_err(|error| TaskError::in_field(name, error))
    }
}

/// The record that a value names: a number, or a reference to a record of another system.
pub fn record(value: &Value) -> Result<RecordRef, TaskError> {
    let text = render(value);
    if text.contains('/')
        && let Ok(record) = text.trim().parse::<RecordRef>()
    {
        return Ok(match record {
            RecordRef::Connected(record) => record.by_number().into(),
            own @ RecordRef::Own(_) => own,
        });
    }
    let id: Result<RecordId, InvalidId> = text.trim().parse();
    id.map(RecordRef::from).map_err(|error| Message::in_field("record", error))
}
