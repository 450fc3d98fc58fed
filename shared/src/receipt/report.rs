//! What became of a submission, as it is answered: one type for callers, the API and the command line.

use serde::{Deserialize, Serialize};

use crate::id::{PermissionKey, ReceiptId, WorkflowId};
use crate::message::{Coded, Language};
use crate::record_ref::RecordRef;
use crate::store::receipts::Skipped;
use crate::submission::Target;

/// What became of a submission. What is not known yet, or does not apply, is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The receipt.
    pub receipt: ReceiptId,
    /// The word for how it stands, such as `queued`, `running` or `finished`.
    pub status: String,
    /// Why it is a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Coded>,
    /// When it was accepted, by the clock of the ingress (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub accepted_at: Option<String>,
    /// What it asks to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The runs that it started, in the order in which it started them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<RunReport>>,
    /// The records that the listed runs have created, changed, deleted or commented on; only operators see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordRef>,
    /// How many runs are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_left_out: Option<i64>,
    /// The receipt that had the same dedupe key first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<ReceiptId>,
    /// The workflows that did not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedReport>,
    /// Posted names that nothing read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Names that were read and neither posted nor set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unposted: Vec<String>,
    /// The names of the parts whose files were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_files: Vec<String>,
    /// The names in whose values U+FFFD stands for something that is no text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<String>,
    /// The receipt under which it runs instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_as: Option<ReceiptId>,
    /// The receipt in whose place it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<ReceiptId>,
    /// The permission that let it in; only operators see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<PermissionKey>,
}

/// A run of a receipt, with its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunReport {
    /// Its number among the runs of the receipt, from 1: the run is named `RECEIPT.NUMBER`.
    pub number: i16,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: i32,
    /// The word for how it stands.
    pub status: String,
    /// How many steps it has taken.
    pub steps: i32,
    /// The record that it runs on.
    pub record: Option<RecordRef>,
    /// Why it failed, or what its `stop` said.
    pub message: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_code: Option<Coded>,
    /// When it started (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub started_at: String,
    /// When it ended (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub ended_at: Option<String>,
    /// The steps that it took, in order.
    pub path: Vec<StepReport>,
    /// How many steps before these are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_left_out: Option<i32>,
    /// The step that started it; none = the submission did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<StartedBy>,
    /// The run that it replays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<i16>,
    /// The replay that goes on in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<i16>,
    /// The step that waited for it and went on although it failed: it counts as failed no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_by: Option<String>,
    /// Who dismissed it, so that it counts as failed no longer; only operators see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_by: Option<String>,
}

/// A step that a run took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
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
}

/// A workflow that was meant and did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkippedReport {
    /// The workflow; none = no workflow was meant at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Why.
    pub reason: String,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Coded>,
}

/// The step of another run that started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StartedBy {
    /// The number of the other run.
    pub run: i16,
    /// The workflow of the other run.
    pub workflow: WorkflowId,
    /// The place of the step on the path of the other run, from 1.
    pub step: i32,
    /// The place of this run among the runs that the step started, from 1.
    pub item: i32,
}

impl From<Skipped> for SkippedReport {
    fn from(Skipped { workflow, reason }: Skipped) -> Self {
        Self { workflow, reason: reason.to_string(), reason_code: Some(reason.coded()) }
    }
}

impl Report {
    /// One of which nothing but a word is known.
    pub fn of_status(receipt: ReceiptId, status: &str) -> Self {
        Self {
            receipt,
            status: status.to_owned(),
            reason: None,
            reason_code: None,
            accepted_at: None,
            target: None,
            runs: None,
            records: Vec::new(),
            runs_left_out: None,
            duplicate_of: None,
            skipped: Vec::new(),
            unread: Vec::new(),
            unposted: Vec::new(),
            dropped_files: Vec::new(),
            altered: Vec::new(),
            replayed_as: None,
            replay_of: None,
            permission: None,
        }
    }

    /// The same with the reason for which it is a dead letter.
    pub fn with_reason(self, reason: Option<Coded>) -> Self {
        Self { reason: reason.as_ref().map(|reason| reason.text(Language::English)), reason_code: reason, ..self }
    }
}
