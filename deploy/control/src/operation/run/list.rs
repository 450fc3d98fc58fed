//! The runs of all workflows, a page at a time.

use postern_shared::id::{PermissionKey, ReceiptId, WorkflowId};
use postern_shared::message::{Coded, Language};
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::RunKey;
use postern_shared::store::runs::{self, Filter, Run, Settled, State as RunState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::{Last, Text, Time};
use crate::operation::{About, Error, Operation, Who};
use crate::redact::Sight;
use crate::state::State;

/// Lists runs.
#[derive(Debug)]
pub struct ListRuns;

/// Which runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only runs of this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Only runs in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Text<RunState>>,
    /// Only runs of this version of their workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Only runs that failed at this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Only runs that failed with this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Only runs of submissions that this permission let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<PermissionKey>,
    /// Only runs that still need somebody: no later run replays them, no step has handled their failure, and nobody has
    /// dismissed them.
    #[serde(default)]
    pub unreplayed: bool,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// The `next` of an answer: the runs that follow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub before: Option<Text<RunKey>>,
}

/// A page of runs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The runs, the newest first.
    pub runs: Vec<OneRun>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<String>,
}

/// A run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Run")]
pub struct OneRun {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its number among the runs of the receipt: the run is named `RECEIPT.NUMBER`.
    pub number: i16,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: i32,
    /// How it stands.
    pub state: Text<RunState>,
    /// How many steps it has taken.
    pub steps: i32,
    /// The record that it runs on.
    pub record: Option<RecordRef>,
    /// Why it failed, or what its `stop` said.
    pub message: Option<String>,
    /// The same as a code with arguments.
    pub message_code: Option<Coded>,
    /// The run of the receipt whose step started it.
    pub parent: Option<i16>,
    /// The run of the receipt that it replays.
    pub replays: Option<i16>,
    /// The replay that goes on in its place.
    pub replaced_by: Option<i16>,
    /// The step that waited for it and went on although it failed: it counts as failed no longer.
    pub handled_by: Option<String>,
    /// Who dismissed it, so that it counts as failed no longer.
    pub dismissed_by: Option<String>,
    /// When it started.
    pub started_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl Operation for ListRuns {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listRuns",
        "/runs",
        "the runs, the newest first",
        r#"{"runs": [{"receipt": "019a8f00-0000-7000-8000-000000000001", "number": 1, "workflow": 77, "version": 4, "state": "finished", "steps": 2, "record": 852, "message": null, "message_code": null, "parent": null, "replays": null, "replaced_by": null, "handled_by": null, "dismissed_by": null, "started_at": "2026-11-24T13:30:00Z", "ended_at": "2026-11-24T13:30:00.012Z"}], "next": null}"#,
    );

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let Input { workflow, version, step, failure, permission, unreplayed, .. } = input;
        let state = input.state.map(|one| one.0);
        let filter = Filter { workflow, state, version, step, failure, permission, unreplayed, ..Filter::default() };
        let behind = input.before.map(|cursor| cursor.0);
        let found = runs::page(&connection, &filter, behind, input.last.get()).await?;
        let next = input.last.next(&found).map(|run| run.key().to_string());
        Ok(Output { next, runs: found.into_iter().map(|run| describe(run, who.sight())).collect() })
    }
}

fn describe(run: Run, sight: Sight) -> OneRun {
    let message_code = run.message.as_ref().map(|message| sight.message(message));
    OneRun {
        receipt: run.receipt,
        number: run.number,
        workflow: run.workflow,
        version: run.version,
        state: Text(run.state),
        steps: run.steps,
        record: run.record,
        message: message_code.as_ref().map(|coded| coded.text(Language::English)),
        message_code,
        parent: run.parent.map(|parent| parent.run),
        replays: run.replays,
        replaced_by: run.replaced_by,
        handled_by: run.settled.as_ref().and_then(Settled::handled_by).map(str::to_owned),
        dismissed_by: run.settled.as_ref().and_then(Settled::dismissed_by).map(str::to_owned),
        started_at: run.started_at.into(),
        ended_at: run.ended_at.map(Time::from),
    }
}
