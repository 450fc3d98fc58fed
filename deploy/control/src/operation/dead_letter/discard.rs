//! Removes dead letters for good.

use postern_shared::store::dead_letters::{self, MAX_REASON_CHARS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{choice, found};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Discards dead letters.
#[derive(Debug)]
pub struct DiscardDeadLetters;

/// Which letters, and why. Exactly one of `id`, `group` and `all` names them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["id"]}, {"required": ["group"]}, {"required": ["all"]}]))]
pub struct Input {
    /// The one with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Those of this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// All of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    /// Why; the audit log keeps it.
    #[schemars(length(min = 1, max = MAX_REASON_CHARS))]
    pub reason: String,
}

/// How many were removed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many were removed.
    pub discarded: i64,
    /// How many of those that were named are left: one call takes a thousand at most.
    pub left: i64,
}

impl Operation for DiscardDeadLetters {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "discardDeadLetters",
        "/dead_letter_discards",
        "removes dead letters for good: one, a group or all",
        (r#"{"id": 3, "reason": "a test"}"#, r#"{"discarded": 1, "left": 0}"#),
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let choice = choice(input.id, input.group, input.all)?;
        let wrong = || Error::Invalid(format!("reason: must be a text of 1 to {MAX_REASON_CHARS} characters"));
        let reason = dead_letters::discard_reason(&input.reason).ok_or_else(wrong)?;
        let connection = state.store.connection().await?;
        let done = dead_letters::discard(&connection, &who.account, &choice, reason).await?;
        found(&choice, done.moved)?;
        Ok(Output { discarded: done.moved, left: done.left })
    }
}
