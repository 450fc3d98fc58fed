//! The versions of a workflow, the newest first.

use postern_shared::document::Kind;
use postern_shared::id::WorkflowId;
use postern_shared::store::workflows;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::{Last, Time};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Lists the versions of a workflow.
#[derive(Debug)]
pub struct ListVersions;

/// Of which workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The workflow.
    pub id: WorkflowId,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
}

/// The versions of a workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its versions, the newest first.
    pub versions: Vec<Version>,
}

/// A version of a workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Its number.
    pub version: i32,
    /// When it was set.
    pub created_at: Time,
}

impl Operation for ListVersions {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listVersions",
        "/workflows/{id}/versions",
        "the versions of a workflow, newest first",
        r#"{"workflow": 77, "versions": [{"version": 1, "created_at": "2026-11-24T13:30:00Z"}]}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let found = workflows::versions(&state.store.connection().await?, input.id, input.last.get()).await?;
        if found.is_empty() {
            return Err(Error::Unknown(Kind::Workflow.name()));
        }
        let version = |(version, at): (i32, std::time::SystemTime)| Version { version, created_at: at.into() };
        Ok(Output { workflow: input.id, versions: found.into_iter().map(version).collect() })
    }
}
