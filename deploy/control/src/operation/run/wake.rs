//! A person lets a run go on that waits for a time.

use postern_shared::store::run_actions;

use super::{ChangedRun, NamedRun, goes};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Wakes a run.
#[derive(Debug)]
pub struct WakeRun;

impl Operation for WakeRun {
    type Input = NamedRun;
    type Output = ChangedRun;
    const ABOUT: About = About::post(
        "wakeRun",
        "/runs/{run}/wake",
        "lets a run go on now that waits for a time: at a delay, or until a call is tried again",
        ("{}", r#"{"run": "019a8f00-0000-7000-8000-000000000001.1"}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: NamedRun) -> Result<ChangedRun, Error> {
        let mut connection = state.store.connection().await?;
        goes(run_actions::wake(&mut connection, &who.account, input.run.0).await?).map(ChangedRun::from)
    }
}
