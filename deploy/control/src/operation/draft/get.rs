//! The draft of a workflow.

use postern_shared::store::accounts::Role;

use super::{NamedDraft, Output, of};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Shows a draft.
#[derive(Debug)]
pub struct GetDraft;

impl Operation for GetDraft {
    type Input = NamedDraft;
    type Output = Output;
    const ABOUT: About = About::get(
        "getDraft",
        "/workflows/{id}/draft",
        "the draft that you have of a workflow, and what is wrong with it",
        r#"{"workflow": 77, "base_version": 3, "in_force": 3, "text": "workflow: 77\n", "changed_at": "2026-11-24T13:30:00Z", "findings": []}"#,
    )
    .for_role(Role::Editor)
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: NamedDraft) -> Result<Output, Error> {
        of(&state.store.connection().await?, who, input.id).await
    }
}
