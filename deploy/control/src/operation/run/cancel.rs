//! A person cancels a run that has not ended.

use postern_shared::resume::RunKey;
use postern_shared::store::run_actions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::goes;
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Cancels a run.
#[derive(Debug)]
pub struct CancelRun;

/// Which run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The name of the run.
    pub run: Text<RunKey>,
}

/// The run that is cancelled.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its name.
    pub run: String,
}

impl Operation for CancelRun {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "cancelRun",
        "/runs/{run}/cancellation",
        "cancels a run that has not ended; a worker ends it as failed, with the code `cancelled`",
        ("{}", r#"{"run": "019a8f00-0000-7000-8000-000000000001.1"}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let mut connection = state.store.connection().await?;
        let run = goes(run_actions::cancel(&mut connection, &who.account, input.run.0).await?)?;
        Ok(Output { run: run.to_string() })
    }
}
