//! The callers that no permission admits.

use postern_shared::store::rejected_callers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Last, Time};
use super::{About, Error, Operation, Who};
use crate::state::State;

/// Lists callers that were rejected.
#[derive(Debug)]
pub struct ListRejectedCallers;

/// How many.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many, the latest first.
    #[serde(default)]
    pub last: Last,
}

/// Callers that were rejected.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// By day and address, the latest first.
    pub rejected_callers: Vec<RejectedCaller>,
}

/// A caller that was rejected on a day.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RejectedCaller {
    /// The day (UTC).
    #[schemars(extend("format" = "date"))]
    pub day: String,
    /// The address.
    pub address: String,
    /// How often.
    pub count: i64,
    /// The code of the latest refusal.
    pub reason: String,
    /// When it was last.
    pub last_at: Time,
}

impl Operation for ListRejectedCallers {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listRejectedCallers",
        "/rejected_callers",
        "the callers that no permission admits, by day and address, the latest first",
        r#"{"rejected_callers": [{"day": "2026-11-24", "address": "192.0.2.1", "count": 3, "reason": "address_denied", "last_at": "2026-11-24T13:30:00Z"}]}"#,
    );

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let found = rejected_callers::latest(&state.store.connection().await?, input.last.get()).await?;
        let caller = |(day, one): (String, rejected_callers::Rejections)| RejectedCaller {
            day,
            address: one.address,
            count: one.count,
            reason: one.reason,
            last_at: one.last_at.into(),
        };
        Ok(Output { rejected_callers: found.into_iter().map(caller).collect() })
    }
}
