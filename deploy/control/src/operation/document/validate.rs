//! Everything that is wrong with documents. Wrong documents are an answer here, not an error.

use postern_shared::store::accounts::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checked;
use super::sent::Sent;
use crate::operation::{About, Error, Finding, Operation, Who};
use crate::state::State;

/// Checks documents.
#[derive(Debug)]
pub struct ValidateDocuments;

/// What was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many documents can be set.
    pub documents: usize,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
}

impl Operation for ValidateDocuments {
    type Input = Sent;
    type Output = Output;
    const ABOUT: About = About::post(
        "validateDocuments",
        "/validate",
        "everything that is wrong with documents",
        (
            r#"{"trigger": "web_lead", "titel": "Web"}"#,
            r#"{"documents": 0, "findings": [{"path": "titel", "line": 1, "message": "unknown key `titel`: did you mean `title`?", "message_code": {"code": "did-you-mean", "message": {"code": "unknown-key", "key": "titel"}, "meant": ["`title`"]}}]}"#,
        ),
    )
    .for_role(Role::Viewer);

    async fn run(state: &State, who: &Who, sent: Sent) -> Result<Output, Error> {
        let batch = checked(&state.store.connection().await?, &sent).await?;
        let findings = Finding::all(&batch.findings, who.language);
        Ok(Output { documents: batch.documents.len(), findings })
    }
}
