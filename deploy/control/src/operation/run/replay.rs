//! A run that failed goes on at its failed step, as a new run.

use postern_shared::resume::RunKey;
use postern_shared::store::run_actions::{self, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NewRun, goes};
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Replays a run.
#[derive(Debug)]
pub struct ReplayRun;

/// Which run, and by which version of its workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The name of the run.
    pub run: Text<RunKey>,
    /// Whether it goes on by the newest version of its workflow, and not by its own.
    #[serde(default)]
    pub newest_version: bool,
}

impl Operation for ReplayRun {
    type Input = Input;
    type Output = NewRun;
    const ABOUT: About = About {
        status: 201,
        ..About::post(
            "replayRun",
            "/runs/{run}/replays",
            "goes on at the failed step of a run, as a new run",
            (
                r#"{"newest_version": true}"#,
                r#"{"run": "019a8f00-0000-7000-8000-000000000001.2", "receipt": "019a8f00-0000-7000-8000-000000000001", "number": 2}"#,
            ),
        )
    }
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<NewRun, Error> {
        let version = if input.newest_version { Version::Newest } else { Version::Pinned };
        let mut connection = state.store.connection().await?;
        goes(run_actions::replay(&mut connection, &who.account, input.run.0, version).await?).map(NewRun::from)
    }
}
