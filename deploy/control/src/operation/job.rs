//! Jobs: work on many runs, at a rate.

pub mod create;
pub mod get;
pub mod list;
pub mod stop;

use postern_shared::id::{PermissionKey, WorkflowId};
use postern_shared::store::jobs::{self, Kind, Started};
use postern_shared::store::runs::{Filter, State as RunState};
use postern_shared::submission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Moment, Text, Time};

/// An example of a job.
const EXAMPLE: &str = r#"{"id": 1, "kind": "run_again", "filter": {"state": "failed", "workflow": 77}, "per_second": 200.0, "state": "running", "account": "admin", "total": 5000, "done": 1200, "failed": 0, "left": 3800, "started": {"finished": 1100, "failed": 60, "waiting": 10, "running": 30}, "obstacle": null, "created_at": "2026-11-24T13:30:00Z", "started_at": "2026-11-24T13:30:01Z", "ended_at": null}"#;

/// Which runs. What is not named counts for all.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only runs in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Text<RunState>>,
    /// Only runs of this workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
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
    /// Only runs of submissions that were accepted at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<Moment>>,
    /// Only runs of submissions that were accepted before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Text<Moment>>,
}

/// A job, and how far it has come.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct OneJob {
    /// Its number.
    pub id: i64,
    /// What is done with each run.
    pub kind: Text<Kind>,
    /// Which runs.
    pub filter: Selection,
    /// Runs per second.
    pub per_second: f64,
    /// `running`, `done` or `stopped`.
    pub state: String,
    /// Who asked for it: an account, or `token` and the name of a token.
    pub account: String,
    /// The runs that there were when it was created.
    pub total: i64,
    /// The runs for which it was done: of `go_on` and `run_again`, those in whose place it has started a run.
    pub done: i64,
    /// The runs for which it could not be done.
    pub failed: i64,
    /// The runs that are left.
    pub left: i64,
    /// What became of the runs that it has started; null where it starts none.
    pub started: Option<Started>,
    /// What was in the way of the last run for which it could not be done.
    pub obstacle: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When a worker began it.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl Selection {
    /// As the store takes it.
    pub fn filter(&self) -> Filter {
        let millis = |moment: Option<Text<Moment>>| moment.map(|moment| submission::millis(moment.0.0));
        Filter {
            state: self.state.map(|state| state.0),
            workflow: self.workflow,
            version: self.version,
            step: self.step.clone(),
            failure: self.failure.clone(),
            permission: self.permission.clone(),
            from_ms: millis(self.from),
            until_ms: millis(self.until),
            within: None,
            unreplayed: false,
        }
    }

    fn of(filter: &Filter) -> Self {
        let moment = |millis: Option<i64>| millis.map(|millis| Text(Moment(submission::moment(millis))));
        Self {
            state: filter.state.map(Text),
            workflow: filter.workflow,
            version: filter.version,
            step: filter.step.clone(),
            failure: filter.failure.clone(),
            permission: filter.permission.clone(),
            from: moment(filter.from_ms),
            until: moment(filter.until_ms),
        }
    }
}

fn describe(job: &jobs::Job) -> OneJob {
    OneJob {
        id: job.id,
        kind: Text(job.kind),
        filter: Selection::of(&job.filter),
        per_second: job.rate,
        state: job.state.clone(),
        account: job.account.clone(),
        total: job.total,
        done: job.done,
        failed: job.failed,
        left: job.left(),
        started: job.started,
        obstacle: job.obstacle.clone(),
        created_at: job.created_at.into(),
        started_at: job.started_at.map(Time::from),
        ended_at: job.ended_at.map(Time::from),
    }
}
