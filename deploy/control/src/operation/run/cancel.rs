//! A person cancels a run that has not ended.

use postern_shared::store::run_actions;

use super::{ChangedRun, NamedRun, goes};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Cancels a run.
#[derive(Debug)]
pub struct CancelRun;

impl Operation for CancelRun {
    type Input = NamedRun;
    type Output = ChangedRun;
    const ABOUT: About = About::post(
        "cancelRun",
        "/runs/{run}/cancellation",
        "cancels a run that has not ended; a worker ends it as failed, with the code `cancelled`",
        ("{}", r#"{"run": "019a8f00-0000-7000-8000-000000000001.1"}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: NamedRun) -> Result<ChangedRun, Error> {
        let mut connection = state.store.connection().await?;
        goes(run_actions::cancel(&mut connection, &who.account, input.run.0).await?).map(ChangedRun::from)
    }
}
