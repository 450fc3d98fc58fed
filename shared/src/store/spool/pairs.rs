//! The lanes of runs: before a call of another system, and those that go on. They are taken from by workflow and by
//! target, each pair from its own front, so that however much waits for one pair costs the others nothing.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::{StoreError, Taken, taken};
use crate::lane::Lane;
use crate::resume::Resume;

/// From one workflow to the next, and within each from one target to the next, after the one named in `$3`: an index
/// entry each, however many rows of a pair there are. The number of the lane stands in the text, since the index holds
/// for these lanes alone.
const LOOK: &str = "-- pairs::look
WITH RECURSIVE w (workflow, n) AS (
    (SELECT workflow, 1 FROM spool WHERE lane = $LANE AND workflow > $1 ORDER BY workflow LIMIT 1)
    UNION ALL
    SELECT (SELECT s.workflow FROM spool s WHERE s.lane = $LANE AND s.workflow > w.workflow
        ORDER BY s.workflow LIMIT 1), n + 1
    FROM w WHERE w.workflow IS NOT NULL AND n < $4
) SELECT w.workflow, t.target,
    (SELECT extract(epoch FROM now() - s.due_at)::float8 FROM spool s
        WHERE s.lane = $LANE AND s.workflow = w.workflow AND s.target = t.target AND s.due_at <= now()
        ORDER BY s.due_at LIMIT 1)
FROM w LEFT JOIN unnest($2::bigint[], $3::text[]) AS f (workflow, target) ON f.workflow = w.workflow,
LATERAL (
    WITH RECURSIVE t (target, n) AS (
        (SELECT s.target, 1 FROM spool s WHERE s.lane = $LANE AND s.workflow = w.workflow
            AND s.target > coalesce(f.target, '') ORDER BY s.target LIMIT 1)
        UNION ALL
        SELECT (SELECT s.target FROM spool s WHERE s.lane = $LANE AND s.workflow = w.workflow AND s.target > t.target
            ORDER BY s.target LIMIT 1), n + 1
        FROM t WHERE t.target IS NOT NULL AND n < $5
    ) SELECT target FROM t WHERE target IS NOT NULL) AS t
WHERE w.workflow IS NOT NULL
ORDER BY w.workflow, t.target";

const TAKE: &str = "-- pairs::take
UPDATE spool SET due_at = now() + $4::float8 * interval '1 second', lease = lease + 1
WHERE id = ANY (ARRAY(
    SELECT front.id FROM unnest($1::bigint[], $2::text[], $3::bigint[], $5::float8[])
        AS wanted (workflow, target, room, waits), LATERAL (
        SELECT id FROM spool WHERE lane = $LANE AND spool.workflow = wanted.workflow AND spool.target = wanted.target
            AND due_at <= now() - wanted.waits * interval '1 second'
        ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED) AS front))
RETURNING id, lease, lane, kind, body, attempt, workflow, target";

/// From the front of each workflow.
const COUNT_AGAIN: &str = "-- pairs::count_again
SELECT count(*) FROM unnest($1::bigint[]) AS w (workflow), LATERAL (SELECT FROM spool
    WHERE lane = 1 AND spool.workflow = w.workflow AND target = 'again' LIMIT $2) AS waiting";

const CALLS: &str = "-- pairs::calls
SELECT EXISTS (SELECT FROM spool WHERE lane = 6 AND workflow = $1 AND body = $2)";

/// The most workflows with calls or runs that are due, in one look at the spool.
pub const MAX_WORKFLOWS: usize = 1_000;

/// The most targets of a workflow in one look at the spool.
pub const MAX_TARGETS: usize = 256;

/// A workflow with what its runs have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The number of the workflow.
    pub workflow: i64,
    /// Of a call: whom it calls, as [`super::target`] makes it. Of a run that goes on: whether its
    /// receipt has `few` runs or `many`, or whether a job has started it `again`.
    pub target: String,
}

/// What is to be taken of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The pair of workflow and target.
    pub pair: Pair,
    /// So many rows at most.
    pub room: usize,
    /// Only rows that have been due for so long.
    pub waits: Duration,
}

/// What one look has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The pair of workflow and target.
    pub pair: Pair,
    /// For how long its first row has been due; none = no row is.
    pub waits: Option<Duration>,
}

/// The pairs of a lane that have rows, in order: of the workflows above `after`, and of each workflow the
/// targets above the one that `from` names for it.
pub async fn look(connection: &Object, lane: Lane, after: i64, from: &[Pair]) -> Result<Vec<Seen>, StoreError> {
    let statement = connection.prepare_cached(&of(lane, LOOK)).await?;
    let workflows: Vec<i64> = from.iter().map(|one| one.workflow).collect();
    let targets: Vec<&str> = from.iter().map(|one| one.target.as_str()).collect();
    let limit = |most: usize| i32::try_from(most).unwrap_or(i32::MAX);
    let rows = connection
        .query(&statement, &[&after, &workflows, &targets, &limit(MAX_WORKFLOWS), &limit(MAX_TARGETS)])
        .await?;
    let seen = |row: &tokio_postgres::Row| Seen {
        pair: Pair { workflow: row.get(0), target: row.get(1) },
        waits: row.get::<_, Option<f64>>(2).map(|seconds| Duration::from_secs_f64(seconds.max(0.0))),
    };
    Ok(rows.iter().map(seen).collect())
}

/// Takes rows of a lane that are due, of each pair so many, the oldest first; as [`super::take`] does.
pub async fn take(
    connection: &Object,
    lane: Lane,
    wanted: &[Wanted],
    lease: Duration,
) -> Result<Vec<Taken>, StoreError> {
    let statement = connection.prepare_cached(&of(lane, TAKE)).await?;
    let workflows: Vec<i64> = wanted.iter().map(|one| one.pair.workflow).collect();
    let targets: Vec<&str> = wanted.iter().map(|one| one.pair.target.as_str()).collect();
    let room: Vec<i64> = wanted.iter().map(|one| i64::try_from(one.room).unwrap_or(i64::MAX)).collect();
    let waits: Vec<f64> = wanted.iter().map(|one| one.waits.as_secs_f64()).collect();
    let rows = connection.query(&statement, &[&workflows, &targets, &room, &lease.as_secs_f64(), &waits]).await?;
    Ok(rows.iter().map(taken).collect())
}

/// Whether a row of the lane of calls wakes a run, as it stands now.
pub async fn calls(transaction: &Transaction<'_>, resume: &Resume) -> Result<bool, StoreError> {
    Ok(transaction.query_one(CALLS, &[&resume.workflow.get(), &resume.encode()]).await?.get(0))
}

/// How many runs of these workflows that a job has started wait for a worker, up to `most` of each.
pub async fn count_again(transaction: &Transaction<'_>, workflows: &[i64], most: i64) -> Result<i64, StoreError> {
    let mut workflows = workflows.to_vec();
    workflows.sort_unstable();
    workflows.dedup();
    Ok(transaction.query_one(COUNT_AGAIN, &[&workflows, &most]).await?.get(0))
}

fn of(lane: Lane, statement: &str) -> String {
    statement.replace("$LANE", &lane.number().to_string())
}
