//! Creates a job.

use std::ops::RangeInclusive;

use postern_shared::store::jobs::{self, Kind, NewJob};
use postern_shared::store::runs::State as RunState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OneJob, Selection, describe};
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// The runs per second that a job may have: with less it would not end, with more no rate is needed.
const RATE: RangeInclusive<f64> = 0.01..=1_000.0;

/// Runs per second if nothing is said.
pub const RATE_DEFAULT: f64 = 50.0;

/// Creates a job.
#[derive(Debug)]
pub struct CreateJob;

/// What is done, with which runs, and how fast.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What is done with each run: `go_on` at its failed step, `run_again` from the start, both by the newest version,
    /// `cancel`, `dismiss`, or `wake`: go on now, although their time has not come.
    pub kind: Text<Kind>,
    /// Which runs; without a state those that failed, and to cancel or to wake those that wait. Runs that count as failed
    /// no longer are left out: those that were replayed, handled by a step, or dismissed.
    #[serde(default)]
    pub filter: Selection,
    /// At most so many runs each second.
    #[serde(default = "rate")]
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub per_second: f64,
}

fn rate() -> f64 {
    RATE_DEFAULT
}

impl Operation for CreateJob {
    type Input = Input;
    type Output = OneJob;
    const ABOUT: About = About {
        status: 201,
        ..About::post(
            "createJob",
            "/jobs",
            "creates a job: a worker does something with many runs, at a rate",
            (
                r#"{"kind": "run_again", "filter": {"state": "failed", "workflow": 77, "step": "reject"}, "per_second": 200}"#,
                super::EXAMPLE,
            ),
        )
    }
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<OneJob, Error> {
        let Input { kind: Text(kind), filter, per_second: rate } = input;
        if !RATE.contains(&rate) {
            return Err(Error::Invalid(format!("per_second: must be from {} to {}", RATE.start(), RATE.end())));
        }
        let mut filter = filter.filter();
        let usual = if matches!(kind, Kind::Cancel | Kind::Wake) { RunState::Waiting } else { RunState::Failed };
        let wanted = *filter.state.get_or_insert(usual);
        if !kind.takes(wanted) {
            return Err(Error::Invalid(format!("filter: {kind} does nothing with runs that are {wanted}")));
        }
        filter.unreplayed = true;
        let mut connection = state.store.connection().await?;
        let job = jobs::create(&mut connection, &who.account, &NewJob { kind, filter, rate }).await?;
        job.as_ref().map(describe).ok_or(Error::Unknown("run"))
    }
}
