//! Which runs of all: one filter for lists, groups and jobs.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;

use super::State;
use crate::id::{PermissionKey, WorkflowId};

/// Which runs of all. What is not named counts for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Of this workflow only.
    pub workflow: Option<WorkflowId>,
    /// In this state only.
    pub state: Option<State>,
    /// Of this version only.
    pub version: Option<i32>,
    /// Only those that failed at this step; empty = at none. In the state `waiting` those that take this step next.
    pub step: Option<String>,
    /// Only those that failed with this code; empty = without one.
    pub failure: Option<String>,
    /// Only those of submissions that this permission let in.
    pub permission: Option<PermissionKey>,
    /// Of submissions accepted from this moment on: milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Of submissions accepted before this moment: milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Of submissions accepted within the last time of this length only.
    pub within: Option<Duration>,
    /// Only those that still need somebody: no later run replays them, no step has handled their failure, and no person
    /// has dismissed them.
    pub unreplayed: bool,
}

/// The values of the parameters $1 to $9.
#[derive(Debug)]
pub struct Parameters {
    workflow: Option<i64>,
    version: Option<i32>,
    step: Option<String>,
    failure: Option<String>,
    permission: Option<String>,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    within_s: Option<f64>,
    unreplayed: bool,
}

impl Filter {
    /// A statement with the condition of this filter in the place of `$FILTER`. The state stands in it as a word, so that
    /// PostgreSQL finds the index of that state.
    pub(in crate::store) fn in_statement(&self, statement: &str) -> String {
        let state = self.state.map_or_else(|| "true".to_owned(), |state| format!("runs.state = '{state}'"));
        // A bare EXISTS is a join. With an alternative beside it PostgreSQL would look up a receipt for each run.
        let permission = match self.permission {
            Some(_) => "EXISTS (SELECT FROM receipts q WHERE q.id = runs.receipt AND q.permission = $5)",
            None => "$5::text IS NULL",
        };
        // As the statistics count those that wait at a step.
        let step = match self.state {
            Some(State::Waiting) => {
                "EXISTS (SELECT FROM checkpoints c WHERE c.receipt = runs.receipt AND c.run = runs.number
        AND coalesce(c.document #>> '{pending,-1,step}', c.document #>> '{parked,0,delay}',
            c.document #>> '{parked,0,steps,-1,step}') = $3)"
            }
            _ => "coalesce(runs.failed_at, '') = $3",
        };
        let condition = format!(
            "{state} AND {permission} AND ($1::bigint IS NULL OR runs.workflow = $1) AND ($2::int IS NULL OR runs.version = $2)
    AND ($3::text IS NULL OR {step}) AND ($4::text IS NULL OR coalesce(runs.failure, '') = $4)
    AND ($6::bigint IS NULL OR runs.receipt >= postern_uuid_floor(to_timestamp($6 / 1000.0)))
    AND ($7::bigint IS NULL OR runs.receipt < postern_uuid_floor(to_timestamp($7 / 1000.0)))
    AND ($8::float8 IS NULL OR runs.receipt >= postern_uuid_floor(now() - $8 * interval '1 second'))
    AND (NOT $9::bool OR runs.replaced_by IS NULL AND runs.handled_by IS NULL AND runs.dismissed_by IS NULL)"
        );
        statement.replace("$FILTER", &condition)
    }

    /// The values of its parameters.
    pub(in crate::store) fn parameters(&self) -> Parameters {
        Parameters {
            workflow: self.workflow.map(WorkflowId::get),
            version: self.version,
            step: self.step.clone(),
            failure: self.failure.clone(),
            permission: self.permission.as_ref().map(ToString::to_string),
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            within_s: self.within.map(|within| within.as_secs_f64()),
            unreplayed: self.unreplayed,
        }
    }
}

impl Parameters {
    /// As a statement takes them, with those that follow.
    pub(in crate::store) fn and<'p>(&'p self, more: &[&'p (dyn ToSql + Sync)]) -> Vec<&'p (dyn ToSql + Sync)> {
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![
            &self.workflow,
            &self.version,
            &self.step,
            &self.failure,
            &self.permission,
            &self.from_ms,
            &self.until_ms,
            &self.within_s,
            &self.unreplayed,
        ];
        all.extend(more);
        all
    }
}
