//! Failed runs in groups of those that are alike: of one version of a workflow, at one step, for one reason.

use std::time::SystemTime;

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::StoreError;
use super::runs::{Filter, State};
use crate::id::WorkflowId;
use crate::message::Message;

/// One message of each group stands for all: the least by its bytes.
const LIST: &str = "-- failure_groups::list
SELECT g.workflow, g.version, g.step, g.failure, g.count, g.last_at, g.message, g.version = w.version, g.total
FROM (
    SELECT workflow, version, coalesce(failed_at, '') AS step, coalesce(failure, '') AS failure, count(*) AS count,
        max(started_at) AS last_at, min(message COLLATE \"C\") AS message, (sum(count(*)) OVER ())::bigint AS total
    FROM runs WHERE $FILTER GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT $10
) g LEFT JOIN workflows w ON w.id = g.workflow ORDER BY g.count DESC, 1, 2, 3, 4";

/// The most groups that are listed, the largest first: nobody reads more.
pub const MAX_GROUPS: i64 = 200;

/// Failed runs that are alike.
#[derive(Debug)]
pub struct Group {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its version.
    pub version: i32,
    /// Whether that is the newest one.
    pub is_newest: bool,
    /// The step; empty = at none.
    pub step: String,
    /// The code of the reason; empty = none was kept.
    pub failure: String,
    /// The message of one of them.
    pub message: Option<Message>,
    /// How many runs.
    pub count: i64,
    /// When the last of them started.
    pub last_at: SystemTime,
}

/// The groups.
#[derive(Debug, Default)]
pub struct Groups {
    /// The largest first, at most [`MAX_GROUPS`].
    pub groups: Vec<Group>,
    /// The runs of all groups, with those that are not listed.
    pub total: i64,
}

/// The groups of the failed runs that a filter lets through and that no later run replays.
pub async fn list(connection: &Object, filter: &Filter) -> Result<Groups, StoreError> {
    let filter = Filter { state: Some(State::Failed), unreplayed: true, ..filter.clone() };
    let parameters = filter.parameters();
    let rows = connection.query(&filter.in_statement(LIST), &parameters.and(&[&MAX_GROUPS])).await?;
    let total = rows.first().map_or(0, |row| row.get(8));
    Ok(Groups { groups: rows.iter().map(group).collect::<Result<_, _>>()?, total })
}

fn group(row: &Row) -> Result<Group, StoreError> {
    let workflow = row.get::<_, i64>(0).try_into();
    Ok(Group {
        workflow: workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?,
        version: row.get(1),
        step: row.get(2),
        failure: row.get(3),
        count: row.get(4),
        last_at: row.get(5),
        message: row.get::<_, Option<&str>>(6).map(Message::of_stored),
        is_newest: row.get::<_, Option<bool>>(7).unwrap_or(false),
    })
}
