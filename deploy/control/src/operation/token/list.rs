//! All tokens, never their text.

use postern_shared::store::accounts::Role;
use postern_shared::store::tokens;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Token, describe};
use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists tokens.
#[derive(Debug)]
pub struct ListTokens;

/// All tokens.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The oldest first.
    pub tokens: Vec<Token>,
}

impl Operation for ListTokens {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listTokens",
        "/tokens",
        "all tokens, never their text",
        r#"{"tokens": [{"id": 1, "name": "ci", "role": "editor", "created_at": "2026-11-24T13:30:00Z", "last_used_at": null}]}"#,
    )
    .for_role(Role::Admin);

    async fn run(state: &State, _: &Who, _: Nothing) -> Result<Output, Error> {
        let all = tokens::list(&state.store.connection().await?).await?;
        Ok(Output { tokens: all.into_iter().map(describe).collect() })
    }
}
