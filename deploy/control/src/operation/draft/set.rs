//! Makes a draft of a workflow, or changes it. A draft may hold mistakes: it is not in force.

use postern_shared::draft::{Draft, MAX_DRAFT_BYTES};
use postern_shared::id::WorkflowId;
use postern_shared::store::workflow_drafts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DRAFT, Output, of, version_in_force};
use crate::operation::{About, Code, Error, Operation, Verb, Who};
use crate::state::State;

/// Sets a draft.
#[derive(Debug)]
pub struct SetDraft;

/// The draft to set.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The workflow; it need not exist yet.
    pub id: WorkflowId,
    /// The text, in YAML.
    #[schemars(length(max = MAX_DRAFT_BYTES))]
    pub text: String,
    /// The version that the text was made from: that of the draft if it is left out, or that in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i32>,
}

impl Operation for SetDraft {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About {
        verb: Verb::Put,
        ..About::post(
            "setDraft",
            "/workflows/{id}/draft",
            "makes or changes your draft of a workflow; nothing of it is in force",
            (
                r#"{"text": "workflow: 77\n"}"#,
                r#"{"workflow": 77, "base_version": 3, "in_force": 3, "text": "workflow: 77\n", "changed_at": "2026-11-24T13:30:00Z", "findings": []}"#,
            ),
        )
    }
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, Input { id, text, base_version }: Input) -> Result<Output, Error> {
        if text.len() > MAX_DRAFT_BYTES {
            return Err(Error::Invalid(format!("text: more than {MAX_DRAFT_BYTES} bytes")));
        }
        let mut connection = state.store.connection().await?;
        let base = version_in_force(&connection, id).await?;
        workflow_drafts::open(&connection, id, &who.account, &Draft::new(base, text.clone())).await?;
        let changed = workflow_drafts::change(&mut connection, id, &who.account, |draft| {
            draft.base_version = base_version.unwrap_or(draft.base_version);
            draft.change(text)
        });
        match changed.await? {
            Some(Ok(())) => of(&connection, who, id).await,
            Some(Err(_)) => Err(Error::Invalid(format!("text: more than {MAX_DRAFT_BYTES} bytes"))),
            None => Err(Error::Unknown(DRAFT)),
        }
    }
}
