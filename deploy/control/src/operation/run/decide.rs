//! A person decides what came of the step at which a run needs attention.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::run_actions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangedRun, goes};
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Decides for a run.
#[derive(Debug)]
pub struct DecideRun;

/// Which run, and what is decided.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The name of the run.
    pub run: Text<RunKey>,
    /// What came of the step: `done`, `repeat` it, or `fail`.
    pub decision: Text<Decision>,
}

impl Operation for DecideRun {
    type Input = Input;
    type Output = ChangedRun;
    const ABOUT: About = About::post(
        "decideRun",
        "/runs/{run}/decision",
        "decides what came of the step at which a run needs attention",
        (r#"{"decision": "done"}"#, r#"{"run": "019a8f00-0000-7000-8000-000000000001.1"}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<ChangedRun, Error> {
        let mut connection = state.store.connection().await?;
        goes(run_actions::decide(&mut connection, &who.account, input.run.0, input.decision.0).await?)
            .map(ChangedRun::from)
    }
}
