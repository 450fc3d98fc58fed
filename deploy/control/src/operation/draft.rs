//! Drafts of workflows: a text beside the version in force, which changes nothing until it is published. Each account and
//! each token has drafts of its own.

pub mod discard;
pub mod get;
pub mod publish;
pub mod set;

use postern_shared::document::batch::Batch;
use postern_shared::id::WorkflowId;
use postern_shared::store::{Connection, StoreError, documents, workflow_drafts, workflows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::Time;
use super::{Error, Finding, Who};

/// What a draft is called where there is none.
const DRAFT: &str = "draft";

/// A draft by the number of its workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedDraft {
    /// The workflow.
    pub id: WorkflowId,
}

/// A draft.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Draft")]
pub struct Output {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version that the draft was made from; 0 = the workflow is new.
    pub base_version: i32,
    /// The version in force; 0 = none is. A draft that was made from another one is not published.
    pub in_force: i32,
    /// The text, in YAML.
    pub text: String,
    /// When it was changed last.
    pub changed_at: Time,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// The draft of whoever asks.
async fn of(connection: &Connection, who: &Who, id: WorkflowId) -> Result<Output, Error> {
    let found = workflow_drafts::find(connection, id, &who.account).await?;
    let (draft, changed_at) = found.ok_or(Error::Unknown(DRAFT))?;
    let batch = judged(connection, &draft.text).await?;
    Ok(Output {
        workflow: id,
        base_version: draft.base_version,
        in_force: version_in_force(connection, id).await?,
        findings: Finding::all(&batch.findings, who.language),
        text: draft.text,
        changed_at: changed_at.into(),
    })
}

async fn version_in_force(connection: &Connection, id: WorkflowId) -> Result<i32, StoreError> {
    Ok(workflows::find(connection, id).await?.map_or(0, |stored| stored.version))
}

/// A text, checked by itself and against what is stored.
async fn judged(connection: &Connection, text: &str) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    batch.add_yaml("line", text.as_bytes());
    batch.agree(Some(&documents::stored(connection, &batch).await?));
    Ok(batch)
}
