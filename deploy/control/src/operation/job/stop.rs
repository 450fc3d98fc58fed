//! Stops a job.

use postern_shared::store::jobs;

use super::get::Input;
use super::{OneJob, describe};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Stops a job. What it has done stays; a job that has ended stays as it is.
#[derive(Debug)]
pub struct StopJob;

impl Operation for StopJob {
    type Input = Input;
    type Output = OneJob;
    const ABOUT: About =
        About::post("stopJob", "/jobs/{id}/stop", "stops a job; what it has done stays", ("{}", super::EXAMPLE))
            .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<OneJob, Error> {
        let mut connection = state.store.connection().await?;
        let job = jobs::stop(&mut connection, &who.account, input.id).await?;
        job.as_ref().map(describe).ok_or(Error::Unknown("job"))
    }
}
