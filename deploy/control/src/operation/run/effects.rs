//! What a run has done, before a person runs it again from the start.

use postern_shared::env::Env;
use postern_shared::id::WorkflowId;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::run_effects;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedRun;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gives what a run has done.
#[derive(Debug)]
pub struct GetEffects;

/// What would be done twice.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The workflow of the run.
    pub workflow: WorkflowId,
    /// The version of the run.
    pub version: i32,
    /// The version by which it would run again; null = the workflow was removed.
    pub newest_version: Option<i32>,
    /// The values with which it would start; null = they were not kept.
    pub env: Option<Env>,
    /// Whether another run started it: then the values are those that it had when it ended.
    pub has_parent: bool,
    /// What it has done, with its replays and the runs that they started.
    pub effects: Vec<Effect>,
    /// Whether all of its steps were kept; false = it may have done more.
    pub complete: bool,
}

/// What one step has done.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// What it did: `record_created`, `record_changed`, `record_deleted`, `comment_written`, `request_sent`, `mail_sent`, or
    /// `unclear`: nobody knows whether the request or the mail arrived.
    pub what: String,
    /// The workflow of the step.
    pub workflow: WorkflowId,
    /// The step; null = its run is at it.
    pub step: Option<String>,
    /// How often.
    pub count: i64,
    /// The first records of them.
    pub records: Vec<RecordRef>,
}

impl Operation for GetEffects {
    type Input = NamedRun;
    type Output = Output;
    const ABOUT: About = About::get(
        "getEffects",
        "/runs/{run}/effects",
        "what a run has done, and would do again if it ran again from the start",
        r#"{"workflow": 77, "version": 3, "newest_version": 4, "env": {"lastname": "Lovelace"}, "has_parent": false, "effects": [{"what": "record_created", "workflow": 77, "step": "lead", "count": 1, "records": [852]}], "complete": true}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: NamedRun) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let start = run_effects::start_values(&connection, input.run.0).await?.ok_or(Error::Unknown("run"))?;
        let done = run_effects::of(&connection, input.run.0).await?;
        let effect = |one: run_effects::Effect| Effect {
            what: one.what.word().to_owned(),
            workflow: one.workflow,
            step: Some(one.step).filter(|step| !step.is_empty()),
            count: one.count,
            records: one.records,
        };
        Ok(Output {
            workflow: start.workflow,
            version: start.version,
            newest_version: start.newest,
            env: start.env.map(|env| who.sight().posted(&env)),
            has_parent: start.has_parent,
            effects: done.effects.into_iter().map(effect).collect(),
            complete: done.is_complete,
        })
    }
}
