//! The dead letters, a page at a time.

use postern_shared::store::dead_letters;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DeadLetter, describe};
use crate::operation::field::Last;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists dead letters.
#[derive(Debug)]
pub struct ListDeadLetters;

/// Which letters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only letters of this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// Older ones than this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub before: Option<i64>,
}

/// A page of dead letters.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The letters, the newest first.
    pub dead_letters: Vec<DeadLetter>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<i64>,
}

impl Operation for ListDeadLetters {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listDeadLetters",
        "/dead_letters",
        "what nobody could run, the newest first",
        r#"{"dead_letters": [{"id": 3, "receipt": null, "kind": "submissions.v1", "bytes": 120, "reason": "the receipt's time lies outside the kept history", "reason_code": {"code": "outside-history"}, "attempt": 1, "created_at": "2026-11-24T13:30:00Z", "target": null, "group": "9f86d081"}], "next": null}"#,
    );

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let (connection, last) = (state.store.connection().await?, input.last);
        let found = dead_letters::page(&connection, input.group.as_deref(), input.before, last.get()).await?;
        let next = last.next(&found).map(|letter| letter.id);
        Ok(Output { dead_letters: found.into_iter().map(|letter| describe(letter, who.sight())).collect(), next })
    }
}
