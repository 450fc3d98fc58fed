//! Puts dead letters back into the spool, with their receipts.

use std::ops::RangeInclusive;

use postern_shared::env::Env;
use postern_shared::store::dead_letters::{self, Choice};
use postern_shared::submission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{choice, find, found};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// How many letters a second may be replayed: with less the last of a call would be due in a month, with more no rate
/// is needed.
const RATE: RangeInclusive<f64> = 0.01..=1_000.0;

/// Replays dead letters.
#[derive(Debug)]
pub struct ReplayDeadLetters;

/// Which letters, and how. Exactly one of `id`, `group` and `all` names them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
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
    /// At most so many each second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub per_second: Option<f64>,
    /// The variables that take the place of those of the letter with the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Env>,
}

/// How many were put back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many were put back.
    pub replayed: i64,
    /// How many of those that were named are left: one call takes a thousand at most.
    pub left: i64,
}

impl Operation for ReplayDeadLetters {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "replayDeadLetters",
        "/dead_letter_replays",
        "puts dead letters back, with their receipts: one, a group or all, at a rate, one with another `env`",
        (r#"{"group": "9f86d081", "per_second": 10}"#, r#"{"replayed": 2, "left": 0}"#),
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let choice = choice(input.id, input.group, input.all)?;
        let interval_s = match input.per_second {
            None => 0.0,
            Some(rate) if RATE.contains(&rate) => rate.recip(),
            Some(_) => {
                return Err(Error::Invalid(format!("per_second: must be from {} to {}", RATE.start(), RATE.end())));
            }
        };
        let body = match (input.env, &choice) {
            (None, _) => None,
            (Some(env), Choice::One(id)) => {
                let (_, body) = find(state, *id).await?;
                let edited = submission::with_env(&body, env, &state.limits);
                Some(edited.map_err(|error| Error::Invalid(error.to_string()))?)
            }
            (Some(_), _) => return Err(Error::Invalid("env: goes with the id of one letter only".to_owned())),
        };
        let mut connection = state.store.connection().await?;
        let done = dead_letters::replay(&mut connection, &who.account, &choice, interval_s, body.as_deref()).await?;
        found(&choice, done.moved)?;
        Ok(Output { replayed: done.moved, left: done.left })
    }
}
