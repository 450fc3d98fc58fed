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
    /// Its key in a step.
    pub name: &'static str,
    /// The keys of a step whose values are steps.
    pub outputs: &'static [&'static str],
    /// Reads the settings; what is wrong is a finding.
    pub parse: fn(&mut Reader) -> Option<Task>,
}

/// The tasks of this version.
pub static KINDS: [Kind; 13] = [
    Kind { name: Comment::NAME, outputs: Comment::OUTPUTS, parse: |r| Comment::parse(r).map(Task::Comment) },
    Kind { name: Condition::NAME, outputs: Condition::OUTPUTS, parse: |r| Condition::parse(r).map(Task::Condition) },
    Kind {
        name: CreateRecord::NAME,
        outputs: CreateRecord::OUTPUTS,
        parse: |r| CreateRecord::parse(r).map(Task::CreateRecord),
    },
    Kind { name: Delay::NAME, outputs: Delay::OUTPUTS, parse: |r| Delay::parse(r).map(Task::Delay) },
    Kind {
        name: DeleteRecord::NAME,
        outputs: DeleteRecord::OUTPUTS,
        parse: |r| DeleteRecord::parse(r).map(Task::DeleteRecord),
    },
    Kind {
        name: FindRecord::NAME,
        outputs: FindRecord::OUTPUTS,
        parse: |r| FindRecord::parse(r).map(Task::FindRecord),
    },
    Kind {
        name: HttpRequest::NAME,
        outputs: HttpRequest::OUTPUTS,
        parse: |r| HttpRequest::parse(r).map(Task::HttpRequest),
    },
    Kind { name: Respond::NAME, outputs: Respond::OUTPUTS, parse: |r| Respond::parse(r).map(Task::Respond) },
    Kind {
        name: RunWorkflow::NAME,
        outputs: RunWorkflow::OUTPUTS,
        parse: |r| RunWorkflow::parse(r).map(Task::RunWorkflow),
    },
    Kind {
        name: SendMail::NAME,
        outputs: SendMail::OUTPUTS,
        parse: |r| SendMail::parse(r).map(Box::new).map(Task::SendMail),
    },
    Kind { name: SetEnv::NAME, outputs: SetEnv::OUTPUTS, parse: |r| SetEnv::parse(r).map(Task::SetEnv) },
    Kind { name: SetValue::NAME, outputs: SetValue::OUTPUTS, parse: |r| SetValue::parse(r).map(Task::SetValue) },
    Kind { name: Stop::NAME, outputs: Stop::OUTPUTS, parse: |r| Stop::parse(r).map(Task::Stop) },
];

impl Task {
    /// The key under which it stands in a document, its name everywhere.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Comment(_) => Comment::NAME,
            Self::Condition(_) => Condition::NAME,
            Self::CreateRecord(_) => CreateRecord::NAME,
            Self::Delay(_) => Delay::NAME,
            Self::DeleteRecord(_) => DeleteRecord::NAME,
            Self::FindRecord(_) => FindRecord::NAME,
            Self::HttpRequest(_) => HttpRequest::NAME,
            Self::Respond(_) => Respond::NAME,
            Self::RunWorkflow(_) => RunWorkflow::NAME,
            Self::SendMail(_) => SendMail::NAME,
            Self::SetEnv(_) => SetEnv::NAME,
            Self::SetValue(_) => SetValue::NAME,
            Self::Stop(_) => Stop::NAME,
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
            reader.keys().filter_map(|key| KINDS.iter().find(|kind| kind.name == key)).collect();
        match written.as_slice() {
            [] => {
                let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                reader.report("", format!("a step has one task, and this has none of {}", names.join(", ")));
                None
            }
            [kind] => Some(kind),
            several => {
                let names: Vec<&str> = several.iter().map(|kind| kind.name).collect();
                reader.report("", format!("a step has one task, and this has {}", names.join(" and ")));
                None
            }
        }
    }

    /// Reports outputs of other tasks by name: "unknown key" would not tell that the place, not the word, is wrong.
    pub fn refuse_other_outputs(&self, reader: &mut Reader) {
        let has = if self.outputs.is_empty() { "none".to_owned() } else { self.outputs.join(", ") };
        for output in KINDS.iter().flat_map(|kind| kind.outputs) {
            if !self.outputs.contains(output) {
                reader.refuse(output, format!("task `{}` has no output `{output}`; its outputs: {has}", self.name));
            }
        }
    }
}
