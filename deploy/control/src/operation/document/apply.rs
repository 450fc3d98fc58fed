//! Sets several documents, all or none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::in_force::Behind;
use super::sent::Sent;
use super::{Applied, checked, keep};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Sets documents.
#[derive(Debug)]
pub struct ApplyDocuments;

/// What became of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// In the order in which they were set.
    pub applied: Vec<Applied>,
    /// The ingresses that do not hold them yet: callers there are answered by older settings.
    pub behind: Vec<Behind>,
}

impl Operation for ApplyDocuments {
    type Input = Sent;
    type Output = Output;
    const ABOUT: About = About::post(
        "applyDocuments",
        "/apply",
        "sets all documents or none",
        (
            r#"{"trigger": "web_lead"}"#,
            r#"{"applied": [{"kind": "trigger", "key": "web_lead", "changed": true, "made_short_url": null}], "behind": []}"#,
        ),
    )
    .refusing(&[Code::InvalidDocument]);

    async fn run(state: &State, who: &Who, sent: Sent) -> Result<Output, Error> {
        let mut connection = state.store.connection().await?;
        let batch = checked(&connection, &sent).await?;
        let (applied, behind) = keep(&mut connection, who, batch).await?;
        Ok(Output { applied, behind })
    }
}
