//! One job.

use postern_shared::store::jobs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OneJob, describe};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gives a job.
#[derive(Debug)]
pub struct GetJob;

/// Which job.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
}

impl Operation for GetJob {
    type Input = Input;
    type Output = OneJob;
    const ABOUT: About = About::get("getJob", "/jobs/{id}", "a job, and how far it has come", super::EXAMPLE)
        .refusing(&[Code::NotFound]);

    async fn run(state: &State, _: &Who, input: Input) -> Result<OneJob, Error> {
        let job = jobs::find(&state.store.connection().await?, input.id).await?;
        job.as_ref().map(describe).ok_or(Error::Unknown("job"))
    }
}
