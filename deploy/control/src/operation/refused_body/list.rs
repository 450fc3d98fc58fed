//! The latest refused bodies, without the bodies.

use postern_shared::store::refused_bodies;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RefusedBody, describe};
use crate::operation::field::Last;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists refused bodies.
#[derive(Debug)]
pub struct ListRefusedBodies;

/// How many.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
}

/// Refused bodies.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The newest first.
    pub refused_bodies: Vec<RefusedBody>,
}

impl Operation for ListRefusedBodies {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listRefusedBodies",
        "/refused_bodies",
        "what permitted callers sent and was refused, the newest first",
        r#"{"refused_bodies": [{"id": 1, "permission": "office", "address": "192.0.2.1", "code": "invalid_body", "message": "the JSON body is not an object", "message_code": {"code": "body-no-object"}, "setting": "batch", "method": "POST", "path": "/trigger", "proof": "not_asked", "query": "workflow_id=77", "content_type": "application/json", "bytes": 20, "refused_at": "2026-11-24T13:30:00Z"}]}"#,
    );

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let found = refused_bodies::latest(&state.store.connection().await?, input.last.get()).await?;
        Ok(Output { refused_bodies: found.iter().map(|one| describe(who.sight(), one)).collect() })
    }
}
