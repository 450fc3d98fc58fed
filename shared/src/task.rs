//! What a step is set to: a closed set, one file per task. What a task *does* stands in the worker, in the
//! file of the same name.

pub mod comment;
pub mod condition;
pub mod create_record;
pub mod delay;
pub mod delete_record;
pub mod find_record;
pub mod for_each;
pub mod http_request;
pub mod respond;
pub mod run_workflow;
pub mod send_mail;
pub mod set_env;
pub mod set_value;
pub mod stop;
pub mod switch;
pub mod tries;

use crate::connection::System;
use crate::document::Reader;
use crate::id::{ConnectionName, WorkflowId};
use crate::message::{Message, StepFault};
use crate::spec::Spec;
use crate::suggestion::did_you_mean_or;
use comment::Comment;
use condition::Condition;
use create_record::CreateRecord;
use delay::Delay;
use delete_record::DeleteRecord;
use find_record::FindRecord;
use for_each::ForEach;
use http_request::HttpRequest;
use respond::Respond;
use run_workflow::RunWorkflow;
use send_mail::SendMail;
use set_env::SetEnv;
use set_value::SetValue;
use stop::Stop;
use switch::Switch;

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
    /// Takes steps for each item of a list.
    ForEach(ForEach),
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
    /// Compares one value with several.
    Switch(Switch),
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
pub static KINDS: [Kind; 15] = [
    Kind { spec: &comment::SPEC, parse: |r| Comment::parse(r).map(Task::Comment) },
    Kind { spec: &condition::SPEC, parse: |r| Condition::parse(r).map(Task::Condition) },
    Kind { spec: &create_record::SPEC, parse: |r| CreateRecord::parse(r).map(Task::CreateRecord) },
    Kind { spec: &delay::SPEC, parse: |r| Delay::parse(r).map(Task::Delay) },
    Kind { spec: &delete_record::SPEC, parse: |r| DeleteRecord::parse(r).map(Task::DeleteRecord) },
    Kind { spec: &find_record::SPEC, parse: |r| FindRecord::parse(r).map(Task::FindRecord) },
    Kind { spec: &for_each::SPEC, parse: |r| ForEach::parse(r).map(Task::ForEach) },
    Kind { spec: &http_request::SPEC, parse: |r| HttpRequest::parse(r).map(Task::HttpRequest) },
    Kind { spec: &respond::SPEC, parse: |r| Respond::parse(r).map(Task::Respond) },
    Kind { spec: &run_workflow::SPEC, parse: |r| RunWorkflow::parse(r).map(Task::RunWorkflow) },
    Kind { spec: &send_mail::SPEC, parse: |r| SendMail::parse(r).map(Box::new).map(Task::SendMail) },
    Kind { spec: &set_env::SPEC, parse: |r| SetEnv::parse(r).map(Task::SetEnv) },
    Kind { spec: &set_value::SPEC, parse: |r| SetValue::parse(r).map(Task::SetValue) },
    Kind { spec: &stop::SPEC, parse: |r| Stop::parse(r).map(Task::Stop) },
    Kind { spec: &switch::SPEC, parse: |r| Switch::parse(r).map(Task::Switch) },
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
            Self::ForEach(_) => for_each::SPEC.name,
            Self::HttpRequest(_) => http_request::SPEC.name,
            Self::Respond(_) => respond::SPEC.name,
            Self::RunWorkflow(_) => run_workflow::SPEC.name,
            Self::SendMail(_) => send_mail::SPEC.name,
            Self::SetEnv(_) => set_env::SPEC.name,
            Self::SetValue(_) => set_value::SPEC.name,
            Self::Stop(_) => stop::SPEC.name,
            Self::Switch(_) => switch::SPEC.name,
        }
    }

    /// The names of `$env` that it assigns.
    pub fn assigns(&self) -> Vec<&str> {
        match self {
            Self::CreateRecord(settings) => settings.store_id.as_deref().into_iter().collect(),
            Self::FindRecord(settings) => {
                [&settings.store_id, &settings.store_ids].into_iter().flatten().map(String::as_str).collect()
            }
            Self::ForEach(settings) => {
                let store = settings.collect.as_ref().map(|(_, store)| store);
                [&settings.item, &settings.index].into_iter().chain(store).map(String::as_str).collect()
            }
            Self::HttpRequest(settings) => settings.tries.store.as_deref().into_iter().collect(),
            Self::RunWorkflow(settings) => {
                settings.wait.as_ref().and_then(|wait| wait.store.as_deref()).into_iter().collect()
            }
            Self::SendMail(settings) => settings.tries.store.as_deref().into_iter().collect(),
            Self::SetEnv(settings) => settings.values.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Comment(_)
            | Self::Condition(_)
            | Self::Delay(_)
            | Self::DeleteRecord(_)
            | Self::Respond(_)
            | Self::SetValue(_)
            | Self::Stop(_)
            | Self::Switch(_) => Vec::new(),
        }
    }

    /// Whether it reaches another system.
    pub fn reaches_outside(&self) -> bool {
        matches!(self, Self::HttpRequest(_) | Self::SendMail(_))
    }

    /// The connection that it names, and the system to which that must lead.
    pub fn connection(&self) -> Option<(&ConnectionName, System)> {
        match self {
            Self::HttpRequest(settings) => match &settings.target {
                http_request::Target::Connection { connection, .. } => Some((connection, System::Http)),
                http_request::Target::Url { .. } => None,
            },
            Self::SendMail(settings) => Some((settings.connection.as_ref()?, System::Smtp)),
            _ => None,
        }
    }

    /// The workflow that it starts.
    pub fn runs(&self) -> Option<WorkflowId> {
        if let Self::RunWorkflow(settings) = self { Some(settings.workflow) } else { None }
    }
}

impl Kind {
    /// The task of a step, which has exactly one; everything else is a finding.
    pub fn of_step(reader: &mut Reader) -> Option<&'static Self> {
        let mut written: Vec<&'static Self> =
            reader.keys().filter_map(|key| KINDS.iter().find(|kind| kind.spec.name == key)).collect();
        // `for_each` is a task, and a setting of `run_workflow`.
        let all = written.clone();
        written.retain(|kind| !all.iter().any(|other| other.has_setting_of(kind)));
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

    /// Whether the name of another task is one of its settings.
    pub fn has_setting_of(&self, other: &Self) -> bool {
        self.spec.name != other.spec.name && self.spec.setting(other.spec.name).is_some()
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
const OTHER_NAMES: [(&str, &str); 18] = [
    ("if", "condition"),
    ("when", "condition"),
    ("check", "condition"),
    ("filter", "condition"),
    ("case", "switch"),
    ("match", "switch"),
    ("choose", "switch"),
    ("loop", "for_each"),
    ("foreach", "for_each"),
    ("iterate", "for_each"),
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
    let meant_by = |key: &'_ str| {
        let meant = did_you_mean_or(key, names(), &OTHER_NAMES);
        (!meant.is_empty()).then_some(meant)
    };
    // `wait` is another name of a task, and a setting of one.
    let is_other_name = |key: &str| OTHER_NAMES.iter().any(|(other, _)| *other == key);
    let strange = reader.keys().filter(|key| !belongs_to_a_task(key));
    let keys = strange.chain(reader.keys().filter(|key| is_other_name(key)));
    let meant = keys.into_iter().find_map(|key| Some((key, meant_by(key)?)));
    match meant {
        Some((key, meant)) => reader.report(key, Message::from(StepFault::TaskUnknown).meant(meant)),
        None => {
            let names: Vec<&str> = names().collect();
            reader.report("", StepFault::TaskMissing { tasks: names.join(", ") });
        }
    }
}
