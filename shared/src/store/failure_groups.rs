//! Failed runs in groups of those that are alike: of one version of a workflow, at one step, for one reason. The digest
//! keeps the groups by the hour of the receipts; the changes that still wait in its queue are read beside them. The runs
//! themselves are read where a filter cuts an hour in two or names a permission, and of weeks that were removed.

mod changes;

use std::time::SystemTime;

use deadpool_postgres::Object;
use tokio_postgres::Row;
use uuid::Uuid;

use super::StoreError;
use super::runs::{Filter, State};
use crate::id::WorkflowId;
use crate::message::Message;

pub(in crate::store) use changes::{FailureCount, add};
pub use changes::{Failures, forget};

/// The whole hours that the groups answer for, as times and as receipts. The year 9999 stands for no end. Where there is no
/// whole hour, or a permission is named, the hours begin at that end.
const HOURS: &str = "-- failure_groups::hours
WITH asked AS (
    SELECT greatest(to_timestamp(coalesce($1::bigint, 0) / 1000.0), coalesce(now() - $3::float8 * interval '1 second',
            to_timestamp(0))) AS first, coalesce(to_timestamp($2::bigint / 1000.0), '9999-01-01Z') AS last
), whole AS (
    SELECT greatest(date_trunc('hour', first + interval '1 hour' - interval '1 microsecond', 'UTC'),
            to_timestamp(coalesce(postern_day(postern_older_than('runs')) * 86400, 0))) AS first,
        date_trunc('hour', least(last, '9999-01-01Z'), 'UTC') AS last
    FROM asked
), hours AS (
    SELECT CASE WHEN first < last AND NOT $4::bool THEN first ELSE '9999-01-01Z' END AS first,
        CASE WHEN first < last AND NOT $4::bool THEN last ELSE '9999-01-01Z' END AS last
    FROM whole
) SELECT first, last, postern_uuid_floor(first), postern_uuid_floor(last) FROM hours";

/// The newest run of each group stands for all.
const LIST: &str = "-- failure_groups::list
SELECT g.workflow, g.version, g.step, g.failure, g.count,
    coalesce(r.started_at, to_timestamp(postern_day(g.newest) * 86400)), r.message, g.version = w.version, g.total
FROM (
    SELECT workflow, version, step, failure, sum(count)::bigint AS count, (sum(sum(count)) OVER ())::bigint AS total,
        (array_agg(newest ORDER BY newest DESC, newest_run DESC))[1] AS newest,
        (array_agg(newest_run ORDER BY newest DESC, newest_run DESC))[1] AS newest_run
    FROM (
        SELECT workflow, version, step, failure, count, newest, newest_run FROM failure_groups
        WHERE hour >= $10 AND hour < $11 AND ($1::bigint IS NULL OR workflow = $1)
            AND ($2::int IS NULL OR version = $2) AND ($3::text IS NULL OR step = $3)
            AND ($4::text IS NULL OR failure = $4)
        UNION ALL
        SELECT f.workflow, f.version, f.step, f.failure, f.count,
            coalesce((f.newest ->> 'receipt')::uuid, '00000000-0000-0000-0000-000000000000'),
            coalesce((f.newest ->> 'number')::smallint, 0)
        FROM (SELECT failures FROM digest_queue WHERE failures IS NOT NULL ORDER BY id LIMIT $15) q,
            json_to_recordset(q.failures) AS f (workflow bigint, version int, step text, failure text, hour bigint,
                count bigint, newest json)
        WHERE to_timestamp(f.hour * 3600) >= $10 AND to_timestamp(f.hour * 3600) < $11
            AND ($1::bigint IS NULL OR f.workflow = $1) AND ($2::int IS NULL OR f.version = $2)
            AND ($3::text IS NULL OR f.step = $3) AND ($4::text IS NULL OR f.failure = $4)
        UNION ALL
        SELECT workflow, version, coalesce(failed_at, ''), coalesce(failure, ''), 1, receipt, number FROM runs
        WHERE $FILTER AND runs.receipt < $12
        UNION ALL
        SELECT workflow, version, coalesce(failed_at, ''), coalesce(failure, ''), 1, receipt, number FROM runs
        WHERE $FILTER AND runs.receipt >= $13
    ) parts GROUP BY 1, 2, 3, 4 HAVING sum(count) > 0 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT $14
) g LEFT JOIN LATERAL (SELECT started_at, message FROM runs WHERE receipt = g.newest AND number = g.newest_run) r ON true
LEFT JOIN workflows w ON w.id = g.workflow ORDER BY g.count DESC, 1, 2, 3, 4";

/// The most groups that are listed, the largest first: nobody reads more.
pub const MAX_GROUPS: i64 = 200;

/// Rows of the queue that are read beside the groups: those of some seconds. A digest that lags more is missing here.
const MAX_QUEUED: i64 = 1_000;

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
    let within = filter.within.map(|within| within.as_secs_f64());
    let asked = connection
        .query_one(HOURS, &[&filter.from_ms, &filter.until_ms, &within, &filter.permission.is_some()])
        .await?;
    let (first, last): (SystemTime, SystemTime) = (asked.get(0), asked.get(1));
    let (below, from): (Uuid, Uuid) = (asked.get(2), asked.get(3));
    let parameters = filter.parameters();
    let parameters = parameters.and(&[&first, &last, &below, &from, &MAX_GROUPS, &MAX_QUEUED]);
    let rows = connection.query(&filter.in_statement(LIST), &parameters).await?;
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
