//! A person dismisses a run that has failed.

use postern_shared::store::run_actions;

use super::{ChangedRun, NamedRun, goes};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Dismisses a run.
#[derive(Debug)]
pub struct DismissRun;

impl Operation for DismissRun {
    type Input = NamedRun;
    type Output = ChangedRun;
    const ABOUT: About = About::post(
        "dismissRun",
        "/runs/{run}/dismissal",
        "dismisses a run that has failed: nothing more is to be done about it, and it is not counted as failed any more",
        ("{}", r#"{"run": "019a8f00-0000-7000-8000-000000000001.1"}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: NamedRun) -> Result<ChangedRun, Error> {
        let mut connection = state.store.connection().await?;
        goes(run_actions::dismiss(&mut connection, &who.account, input.run.0).await?).map(ChangedRun::from)
    }
}
