//! A dry run: a worker runs a workflow with test data in a transaction that is rolled back. Control asks for it with a
//! [`Request`] and gets an [`Answer`]. Both live for some seconds in a row of the database.

mod change;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::env::Env;
use crate::id::{StepName, WorkflowId};
use crate::message::{Coded, Language, Message};
use crate::record_ref::RecordRef;
pub use change::{Change, What};

/// How long a dry run may take: a person waits for it, and it may hold records for which leads wait.
pub const MAX_TIME: Duration = Duration::from_secs(2);

/// How long a dry run waits for a record, or for the key of one, that another transaction holds.
pub const MAX_LOCK_WAIT: Duration = Duration::from_millis(100);

/// The most steps that a dry run takes: more cannot be read by anyone.
pub const MAX_STEPS: usize = 500;

/// The bytes of `$env` that a dry run shows, over all of its steps. The steps behind that show none.
pub const MAX_ENV_BYTES: usize = 2 * 1024 * 1024;

/// The bytes of all that a dry run tells: behind the step that reaches it no further step is taken.
pub const MAX_REPORT_BYTES: usize = 8 * 1024 * 1024;

/// What is to be run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// The document of the workflow, without findings.
    pub document: Value,
    /// With what.
    pub data: TestData,
    /// The step behind which it stops.
    #[serde(default)]
    pub until: Option<StepName>,
    /// What other systems answer, by the name of the step.
    #[serde(default)]
    pub answers: BTreeMap<String, Sample>,
}

/// The test data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TestData {
    /// What `$env` reads at the start.
    pub env: Env,
    /// What `$query` reads.
    pub query: Env,
    /// What `$request` reads.
    pub request: Env,
    /// The record that the workflow runs on.
    pub record: Option<RecordRef>,
}

/// What another system answers to a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The status, of HTTP or of the mail server.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 599)))]
    pub status: u16,
    /// The body: a text as it is, any other value as JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// What came of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The workflow was run, or did not begin.
    Ran(Box<Report>),
    /// Nothing was run to its end.
    Refused {
        /// Why.
        #[serde(deserialize_with = "Message::of_document")]
        reason: Message,
    },
}

/// What a workflow would do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The word for how the run ended: `finished`, `failed`, `did_not_run`, `stopped_here` behind the step that was named,
    /// `cut_off` after too many steps or bytes, or `waiting` or `held` if nothing would wake it by itself.
    pub status: String,
    /// Why it failed or did not run, or what its `stop` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_code: Option<Coded>,
    /// The steps in the order in which they were taken, also those of the runs that it started.
    pub path: Vec<Step>,
    /// The records that would be created, changed or deleted, before and after all steps.
    pub records: Vec<Change>,
    /// What a waiting caller would get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// The runs that it would start, in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
}

/// A step that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// The number of its run: 1 is the run of the workflow, the others are those of runs that steps started.
    pub run: i16,
    /// The workflow of its run.
    pub workflow: WorkflowId,
    /// Its place on the path of its run, from 1.
    pub number: i32,
    /// Its name in the workflow.
    pub step: String,
    /// Its task.
    pub task: String,
    /// The output by which it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_code: Option<Coded>,
    /// `$env` behind it; none = the steps before took all the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Env>,
    /// What it would do to records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The comments that it would write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// What it would send to another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<Sent>,
    /// The time until which it would wait (RFC 3339): the dry run does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub waits_until: Option<String>,
}

/// A comment that would be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comment {
    /// On this record.
    pub record: RecordRef,
    /// What it says.
    pub text: String,
}

/// What a step would send, and what was taken as the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sent {
    /// A request by HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<HttpRequest>,
    /// A mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// The answer that was taken; none = it would not be sent at all, and the message of the step has the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Sample>,
}

/// A request as it would be sent. In the place of a secret stands its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HttpRequest {
    /// In upper case.
    pub method: String,
    /// With scheme and host.
    pub url: String,
    /// Without the idempotency key, unless the step names one.
    pub headers: Vec<(String, String)>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A mail as it would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mail {
    /// The address of the sender; none = neither the step nor the worker names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The addresses of all who would get it.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text without format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its text as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// What a waiting caller would get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The media type of the body; empty = there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// A run that a step would start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Child {
    /// Its number.
    pub run: i16,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The number of the run that would start it, and the place of the step on its path.
    pub started_by: (i16, i32),
    /// The record that it would run on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordRef>,
    /// The word for how it ended.
    pub status: String,
    /// Why it failed, or what its `stop` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_code: Option<Coded>,
}

/// A message with its English text.
pub fn told(message: Option<&Message>) -> (Option<String>, Option<Coded>) {
    (message.map(|message| message.text(Language::English)), message.map(Message::coded))
}

impl Report {
    /// The same with its messages in a language.
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        let text = |coded: &Option<Coded>| coded.as_ref().map(|coded| coded.text(language));
        self.message = text(&self.message_code);
        self.path.iter_mut().for_each(|step| step.message = text(&step.message_code));
        self.children.iter_mut().for_each(|child| child.message = text(&child.message_code));
        self
    }
}
