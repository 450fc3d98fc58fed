//! Submissions that started nothing, a page at a time.

use postern_shared::id::{PermissionKey, ReceiptId, TriggerKey, WorkflowId};
use postern_shared::receipt::SkippedReport;
use postern_shared::store::unmatched;
use postern_shared::submission::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::{Last, Text, Time};
use crate::operation::{About, Error, Operation, Who};
use crate::redact::Sight;
use crate::state::State;

/// Lists submissions that started nothing.
#[derive(Debug)]
pub struct ListUnmatched;

/// Which submissions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only those that were to run this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Only those that fired this trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerKey>,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// Older ones than this receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Text<ReceiptId>>,
}

/// A page of submissions that started nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The submissions, the newest first.
    pub unmatched: Vec<Unmatched>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<ReceiptId>,
}

/// A submission that started nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unmatched {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// The permission that let it in.
    #[schemars(with = "PermissionKey")]
    pub permission: String,
    /// What it asks to run.
    pub target: Target,
    /// Why nothing ran.
    pub skipped: Vec<SkippedReport>,
    /// When it was accepted.
    pub accepted_at: Time,
}

impl Operation for ListUnmatched {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listUnmatched",
        "/unmatched",
        "submissions that started nothing, the newest first",
        r#"{"unmatched": [{"receipt": "019a8f00-0000-7000-8000-000000000001", "permission": "office", "target": {"trigger": "web_lead"}, "skipped": [{"workflow": 77, "reason": "the workflow is inactive", "reason_code": {"code": "workflow-inactive"}}], "accepted_at": "2026-11-24T13:30:00Z"}], "next": null}"#,
    );

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let target = match (input.trigger, input.workflow) {
            (None, None) => None,
            (Some(trigger), None) => Some(Target::Trigger(trigger)),
            (None, Some(workflow)) => Some(Target::Workflow(workflow)),
            (Some(_), Some(_)) => return Err(Error::Invalid("name one of: trigger, workflow".to_owned())),
        };
        let (connection, before, last) = (state.store.connection().await?, input.before, input.last);
        let found = unmatched::page(&connection, target.as_ref(), before.map(|one| one.0), last.get()).await?;
        let next = last.next(&found).map(|one| one.receipt);
        Ok(Output { unmatched: found.into_iter().map(|one| describe(one, who.sight())).collect(), next })
    }
}

fn describe(one: unmatched::Unmatched, sight: Sight) -> Unmatched {
    Unmatched {
        receipt: one.receipt,
        permission: one.permission,
        target: one.target,
        skipped: one.skipped.into_iter().map(|skipped| sight.skipped(skipped.into())).collect(),
        accepted_at: one.accepted_at.into(),
    }
}
