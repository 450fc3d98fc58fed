//! What a step does: one file per task, under the same name as its settings in the shared crate. A task answers;
//! it does not decide: order, limits, log and state are the engine's.

mod comment;
mod condition;
mod create_record;
mod delay;
mod delete_record;
mod find_record;
mod http_request;
mod respond;
mod run_workflow;
mod send_mail;
mod set_env;
mod set_value;
mod stop;
mod tries;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::env::{Env, json_bytes};
use postern_shared::expression::{EvalError, Scope, Template, render};
use postern_shared::id::{ModuleName, ReceiptId, RecordId};
use postern_shared::rendered::Rendered;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Tried;
use postern_shared::store::records::UniqueKey;
use postern_shared::store::search::Shape;
use postern_shared::task::Task;
use serde_json::Value;

use crate::allowance::Allowance;
use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::desk::Desk;
use crate::outside::{Call, Report};
use crate::slow::{Cost, Leave};

/// What a task answers.
#[derive(Debug)]
pub enum Outcome {
    /// The run goes on by this output.
    Continue(&'static str),
    /// The same, with something to be read on the run's path.
    Said { output: &'static str, message: String },
    /// The same step again, in a transaction of its own: it is too much for that of a bundle.
    Alone,
    /// The same step again, where slow runs go on alone.
    Leave(Leave),
    /// The branch goes on by this output at this time; the others do not wait.
    SleepUntil { due_at: SystemTime, output: &'static str },
    /// The task needs something of the outside; it is called again with the report.
    Outside(Box<Call>),
    /// The same step again at this time; the other branches do not wait.
    Retry { due_at: SystemTime, message: String },
    /// The branch goes on by `failed`; where that leads nowhere the run fails.
    Failed { message: String },
    /// It is not known what the step did: a person decides.
    Unclear { message: String },
    /// The run ends.
    Stop { failed: bool, message: Option<String> },
    /// The task needs something of the database; it is called again with the answer.
    Ask(Question),
}

/// What a task asks of the database. Questions of one kind, of all runs of a bundle, are one statement.
#[derive(Debug)]
pub enum Question {
    /// Lock a record, so that the desk holds it. Answered by [`Answer::OnTheDesk`].
    Lock(RecordId),
    /// Look at a record that is only read, without a lock. Answered by [`Answer::OnTheDesk`].
    Look(RecordId),
    /// Create a record, or find the one that has its key. Answered by [`Answer::Created`].
    Create { module: ModuleName, key: Option<UniqueKey>, fields: Env },
    /// Give a record that the desk holds the unique key of its new values. Answered by [`Answer::Rekeyed`].
    Rekey { record: RecordId, module: ModuleName, key: Option<UniqueKey> },
    /// Find records. Answered by [`Answer::Found`] or [`Answer::CutOff`]. `again` = the run has searched before.
    Search { shape: Arc<Shape>, values: Vec<String>, again: bool },
    /// Give more runs their places. Answered by [`Answer::Places`].
    Places { receipt: ReceiptId, count: i32 },
}

/// What the database answers.
#[derive(Debug)]
pub enum Answer {
    /// The desk knows the record now.
    OnTheDesk,
    /// The record with this id is on the desk; `existing` = it had the key before.
    Created { id: RecordId, existing: bool },
    /// The record has this key now; or the holder has it, which is another record.
    Rekeyed { key: Option<UniqueKey>, holder: Option<RecordId> },
    /// The ids that were found, and the run's share of the time.
    Found { ids: Vec<RecordId>, took: Duration },
    /// The search took its time without an end; with no time at all there was none left for it.
    CutOff { took: Duration },
    /// The place of the first of the runs; none = the receipt has as many as it may have.
    Places(Option<i32>),
    /// What came of [`Outcome::Outside`].
    Outside(Report),
}

/// Why a run fails at a step. Trying again would not help.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TaskError(pub String);

impl TaskError {
    fn in_field(field: &str, error: &EvalError) -> Self {
        Self(format!("{field}: {error}"))
    }
}

/// What a task can read and change.
#[derive(Debug)]
pub struct Context<'a> {
    /// The variables of this run.
    pub scope: &'a mut Scope,
    /// The record that the run is on.
    pub record: Option<RecordId>,
    /// The records of the bundle.
    pub desk: &'a mut Desk,
    /// Whose step this is.
    pub run: RunKey,
    /// Its place on the run's path, from 1.
    pub number: i32,
    /// Whether the run has the transaction for itself.
    pub alone: bool,
    /// What was tried of the step before; its first try, if nothing was.
    pub tries: Tried,
    /// What it has rendered for another system already.
    pub request: Option<Arc<Rendered>>,
    /// What the run may still cost.
    pub allowance: &'a mut Allowance,
}

impl Context<'_> {
    /// The time by the database's clock.
    fn now(&self) -> SystemTime {
        self.desk.clock.now()
    }

    /// Assigns a name of `$env`; returns what it had. `$env` is never larger than what a run can leave behind.
    fn set_env(&mut self, name: &str, value: Value) -> Result<Option<Value>, TaskError> {
        let (bytes, had) = (json_bytes(&value), self.scope.env.get(name).map(json_bytes));
        // A new name stands in quotes, with a colon and a comma.
        let more = bytes + if had.is_none() { name.len() + 4 } else { 0 };
        let all = self.allowance.env_bytes(&self.scope.env) + more - had.unwrap_or(0);
        let grows = more.saturating_sub(had.unwrap_or(0));
        if grows > 0 && all > MAX_CHECKPOINT_BYTES {
            return Err(TaskError(format!("{name}: $env would hold {all} bytes, more than {MAX_CHECKPOINT_BYTES}")));
        }
        self.hold(grows)?;
        self.allowance.set_env_bytes(Some(all));
        Ok(Arc::make_mut(&mut self.scope.env).0.insert(name.to_owned(), value))
    }

    /// Counts what is about to be written.
    fn write(&mut self, bytes: usize) -> Result<(), TaskError> {
        self.hold(bytes)?;
        self.allowance.write(bytes)
    }

    /// Counts what stays in memory until the commit. Where others hold much already the run goes on alone.
    fn hold(&mut self, bytes: usize) -> Result<(), TaskError> {
        if self.allowance.may_leave() && self.desk.budget.is_full(self.allowance.held(), bytes) {
            let why = "the runs beside it held much memory".to_owned();
            return Err(self.allowance.leave(Leave { cost: Cost::Memory, why, is_its_own: false }));
        }
        self.allowance.hold(bytes);
        self.desk.budget.hold(bytes);
        Ok(())
    }

    /// Counts by how much values that a step sets on a record make it grow.
    fn write_values(&mut self, record: RecordId, values: &[(String, Value)]) -> Result<(), TaskError> {
        let had = self.desk.fields(record);
        let had = |name: &str| had.as_ref().and_then(|fields| fields.get(name)).map_or(0, json_bytes);
        let grows = values.iter().map(|(name, value)| json_bytes(value).saturating_sub(had(name))).sum();
        self.write(grows)
    }

    /// The record that a step names, or else the run's.
    fn target(&self, named: Option<&Template>) -> Result<RecordId, TaskError> {
        let Some(template) = named else {
            return self.record.ok_or_else(|| TaskError("the run has no record, and the step names none".into()));
        };
        let value = template.value(self.scope).map_err(|error| TaskError::in_field("record", &error))?;
        render(&value).trim().parse().map_err(|error| TaskError(format!("record: {error}")))
    }

    /// The values of named templates; the first that fails names its field.
    fn values(&mut self, templates: &[(String, Template)]) -> Result<Vec<(String, Value)>, TaskError> {
        templates.iter().map(|(name, template)| Ok((name.clone(), self.value(name, template)?))).collect()
    }

    /// The value of one template, which is named in its error.
    fn value(&mut self, name: &str, template: &Template) -> Result<Value, TaskError> {
        self.allowance.compute()?;
        template.value(self.scope).map_err(|error| TaskError::in_field(name, &error))
    }
}

/// Does a step, or goes on with it when its question is answered.
pub fn perform(task: &Task, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    match task {
        Task::Comment(settings) => comment::perform(settings, context),
        Task::Condition(settings) => condition::perform(settings, context),
        Task::CreateRecord(settings) => create_record::perform(settings, answer, context),
        Task::Delay(settings) => delay::perform(settings, context),
        Task::DeleteRecord(settings) => delete_record::perform(settings, context),
        Task::FindRecord(settings) => find_record::perform(settings, answer, context),
        Task::HttpRequest(settings) => http_request::perform(settings, reported(answer), context),
        Task::Respond(settings) => respond::perform(settings, context),
        Task::RunWorkflow(settings) => run_workflow::perform(settings, answer, context),
        Task::SendMail(settings) => send_mail::perform(settings, reported(answer), context),
        Task::SetEnv(settings) => set_env::perform(settings, context),
        Task::SetValue(settings) => set_value::perform(settings, answer, context),
        Task::Stop(settings) => stop::perform(settings, context),
    }
}

fn reported(answer: Option<Answer>) -> Option<Report> {
    if let Some(Answer::Outside(report)) = answer { Some(report) } else { None }
}
