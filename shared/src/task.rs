//! What a step is set to: a closed set, one file per task. What a task *does* stands in the worker, in the
//! file of the same name.

pub mod comment;
pub mod condition;
pub mod create_record;
pub mod delay;
pub mod delete_record;
pub mod find_record;
pub mod http_request;
pub mod respond;
pub mod run_workflow;
pub mod send_mail;
pub mod set_env;
pub mod set_value;
pub mod stop;
pub mod tries;

use crate::document::Reader;
use crate::id::WorkflowId;
use crate::message::{Message, StepFault};
use crate::spec::Spec;
use crate::suggestion::did_you_mean_or;
use comment::Comment;
use condition::Condition;
use create_record::CreateRecord;
use delay::Delay;
use delete_record::DeleteRecord;
use find_record::FindRecord;
use http_request::HttpRequest;
use respond::Respond;
use run_workflow::RunWorkflow;
use send_mail::SendMail;
use set_env::SetEnv;
use set_value::SetValue;
use stop::Stop;

/// A task with its settings, compiled.
#[derive(Debug)]
pub enum Task {
    /// Says something of a record.
    Comment(Comment),
    /// Evaluates an expression.
    Condition(Condition),
    /// Creates a record.
    CreateRecord(CreateRecord),
    /// Lets time pass.
    Delay(Delay),
    /// Deletes a record.
    DeleteRecord(DeleteRecord),
    /// Finds records.
    FindRecord(FindRecord),
    /// Asks another system.
    HttpRequest(HttpRequest),
    /// Answers a caller that waits.
    Respond(Respond),
    /// Starts a workflow.
    RunWorkflow(RunWorkflow),
    /// Sends a mail.
    SendMail(Box<SendMail>),
    /// Assigns `$env` names.
    SetEnv(SetEnv),
    /// Changes fields of a record.
    SetValue(SetValue),
    /// Ends the run.
    Stop(Stop),
}

/// A task as documents know it.
#[derive(Debug)]
pub struct Kind {
    /// Its key in a step, its outputs and its settings.
    pub spec: &'static Spec,
    /// Reads the settings; what is wrong is a finding.
    pub parse: fn(&mut Reader) -> Option<Task>,
}

/// The tasks of this version.
pub static KINDS: [Kind; 13] = [
    Kind { spec: &comment::SPEC, parse: |r| Comment::parse(r).map(Task::Comment) },
    Kind { spec: &condition::SPEC, parse: |r| Condition::parse(r).map(Task::Condition) },
    Kind { spec: &create_record::SPEC, parse: |r| CreateRecord::parse(r).map(Task::CreateRecord) },
    Kind { spec: &delay::SPEC, parse: |r| Delay::parse(r).map(Task::Delay) },
    Kind { spec: &delete_record::SPEC, parse: |r| DeleteRecord::parse(r).map(Task::DeleteRecord) },
    Kind { spec: &find_record::SPEC, parse: |r| FindRecord::parse(r).map(Task::FindRecord) },
    Kind { spec: &http_request::SPEC, parse: |r| HttpRequest::parse(r).map(Task::HttpRequest) },
    Kind { spec: &respond::SPEC, parse: |r| Respond::parse(r).map(Task::Respond) },
    Kind { spec: &run_workflow::SPEC, parse: |r| RunWorkflow::parse(r).map(Task::RunWorkflow) },
    Kind { spec: &send_mail::SPEC, parse: |r| SendMail::parse(r).map(Box::new).map(Task::SendMail) },
    Kind { spec: &set_env::SPEC, parse: |r| SetEnv::parse(r).map(Task::SetEnv) },
    Kind { spec: &set_value::SPEC, parse: |r| SetValue::parse(r).map(Task::SetValue) },
    Kind { spec: &stop::SPEC, parse: |r| Stop::parse(r).map(Task::Stop) },
];

impl Task {
    /// The key under which it stands in a document, its name everywhere.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Comment(_) => comment::SPEC.name,
            Self::Condition(_) => condition::SPEC.name,
            Self::CreateRecord(_) => create_record::SPEC.name,
            Self::Delay(_) => delay::SPEC.name,
            Self::DeleteRecord(_) => delete_record::SPEC.name,
            Self::FindRecord(_) => find_record::SPEC.name,
            Self::HttpRequest(_) => http_request::SPEC.name,
            Self::Respond(_) => respond::SPEC.name,
            Self::RunWorkflow(_) => run_workflow::SPEC.name,
            Self::SendMail(_) => send_mail::SPEC.name,
            Self::SetEnv(_) => set_env::SPEC.name,
            Self::SetValue(_) => set_value::SPEC.name,
            Self::Stop(_) => stop::SPEC.name,
        }
    }

    /// Whether it reaches another system.
    pub fn reaches_outside(&self) -> bool {
        matches!(self, Self::HttpRequest(_) | Self::SendMail(_))
    }

    /// The workflow that it starts.
    pub fn runs(&self) -> Option<WorkflowId> {
        if let Self::RunWorkflow(settings) = self { Some(settings.workflow) } else { None }
    }
}

impl Kind {
    /// The task of a step, which has exactly one; everything else is a finding.
    pub fn of_step(reader: &mut Reader) -> Option<&'static Self> {
        let written: Vec<&'static Self> =
            reader.keys().filter_map(|key| KINDS.iter().find(|kind| kind.spec.name == key)).collect();
        match written.as_slice() {
            [] => {
                unknown(reader);
                None
            }
            [kind] => Some(kind),
            [one, others @ ..] => {
                let others: Vec<&str> = others.iter().map(|kind| kind.spec.name).collect();
                let one = one.spec.name.to_owned();
                reader.report("", StepFault::TaskTwice { one, other: others.join(", ") });
                None
            }
        }
    }

    /// Reports outputs of other tasks by name: "unknown key" would not tell that the place, not the word, is wrong.
    pub fn refuse_other_outputs(&self, reader: &mut Reader) {
        let Spec { name, outputs, .. } = self.spec;
        let fault = |output: &str| {
            let (task, output) = ((*name).to_owned(), output.to_owned());
            match outputs.is_empty() {
                true => StepFault::NoOutputs { task, output },
                false => StepFault::NoSuchOutput { task, output, outputs: outputs.join(", ") },
            }
        };
        for output in KINDS.iter().flat_map(|kind| kind.spec.outputs) {
            if !outputs.contains(output) {
                reader.refuse(output, fault(output));
            }
        }
    }
}

/// Other names of tasks, as other programs call them.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("if", "condition"),
    ("when", "condition"),
    ("check", "condition"),
    ("filter", "condition"),
    ("wait", "delay"),
    ("sleep", "delay"),
    ("webhook", "http_request"),
    ("call", "http_request"),
    ("update_record", "set_value"),
    ("answer", "respond"),
    ("note", "comment"),
    ("end", "stop"),
];

/// Reports that a step has no task: at the key that is probably the misspelt task, or else at the step.
fn unknown(reader: &mut Reader) {
    let names = || KINDS.iter().map(|kind| kind.spec.name);
    let belongs_to_a_task =
        |key: &str| KINDS.iter().any(|kind| kind.spec.outputs.contains(&key) || kind.spec.setting(key).is_some());
    let meant = reader.keys().filter(|key| !belongs_to_a_task(key)).find_map(|key| {
        let meant = did_you_mean_or(key, names(), &OTHER_NAMES);
        (!meant.is_empty()).then_some((key, meant))
    });
    match meant {
        Some((key, meant)) => reader.report(key, Message::from(StepFault::TaskUnknown).meant(meant)),
        None => {
            let names: Vec<&str> = names().collect();
            reader.report("", StepFault::TaskMissing { tasks: names.join(", ") });
        }
    }
}
