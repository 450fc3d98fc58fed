//! A run that has ended is run again from the start, as a new run.

use std::collections::BTreeSet;

use postern_shared::env::Env;
use postern_shared::resume::RunKey;
use postern_shared::store::{run_actions, run_effects};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NewRun, goes};
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Runs a run again.
#[derive(Debug)]
pub struct RunAgain;

/// Which run, and with which values.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The name of the run.
    pub run: Text<RunKey>,
    /// Variables that take the place of those of the same name with which it started.
    #[serde(default, skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// Names of variables with which it does not start.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<String>,
}

impl Operation for RunAgain {
    type Input = Input;
    type Output = NewRun;
    const ABOUT: About = About {
        status: 201,
        ..About::post(
            "runAgain",
            "/runs/{run}/runs_again",
            "runs a run that has ended again from the start, as a new run of the newest version",
            (
                r#"{"env": {"email": "ada@example.org"}}"#,
                r#"{"run": "019a8f00-0000-7000-8000-000000000001.2", "receipt": "019a8f00-0000-7000-8000-000000000001", "number": 2}"#,
            ),
        )
    }
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<NewRun, Error> {
        let Input { run, env, without } = input;
        let mut connection = state.store.connection().await?;
        let changed: Vec<&str> = env.0.keys().chain(&without).map(String::as_str).collect();
        let edited = if changed.is_empty() {
            None
        } else {
            let start = run_effects::start_values(&connection, run.0).await?.ok_or(Error::Unknown("run"))?;
            let mut values = start.env.unwrap_or_default();
            without.iter().for_each(|name| values.remove(name));
            env.0.iter().for_each(|(name, value)| values.set(name, value.clone()));
            state.limits.check(&values).map_err(|error| Error::Invalid(format!("env: {error}")))?;
            Some(values)
        };
        let new = run_actions::run_again(&mut connection, &who.account, run.0, edited.as_ref(), &changed).await?;
        goes(new).map(NewRun::from)
    }
}
