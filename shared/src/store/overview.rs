//! What the first screen of the control panel tells: whether leads come in, how they end, and what waits for a person.
//! The time of a submission is that of its receipt (UUID v7, RFC 9562), so that counting reads the primary key alone.

use deadpool_postgres::Object;

use super::StoreError;
use crate::lane::Lane;

/// How far back the first screen looks, in hours; the current one is the last.
pub const HOURS: i64 = 24;

/// How many of anything that waits for a person are counted: beyond this the number tells nobody more.
const MAX_COUNTED: i64 = 999;

const WAITING: &str = "-- overview::waiting
SELECT (SELECT count(*) FROM (SELECT FROM runs WHERE state IN ('failed', 'needs_attention') AND replaced_by IS NULL
        AND handled_by IS NULL AND dismissed_by IS NULL AND receipt >= postern_uuid_floor(now() - $1::float8 * interval '1 hour') LIMIT $2) f),
    (SELECT count(*) FROM (SELECT FROM dead_letters LIMIT $2) d)";

const ATTENTION: &str = "-- overview::attention
SELECT (SELECT count(*) FROM (SELECT FROM runs WHERE state = 'failed' AND replaced_by IS NULL
        AND handled_by IS NULL AND dismissed_by IS NULL AND receipt >= postern_uuid_floor(now() - $1::float8 * interval '1 hour') LIMIT $2) f),
    (SELECT count(*) FROM (SELECT FROM runs WHERE state = 'needs_attention' LIMIT $2) n),
    (SELECT count(*) FROM (SELECT FROM dead_letters LIMIT $2) d),
    (SELECT count(*) FROM (SELECT FROM receipts WHERE unmatched
        AND id >= postern_uuid_floor(now() - $1::float8 * interval '1 hour') LIMIT $2) u),
    (SELECT count(*) FROM (SELECT FROM refused_bodies WHERE refused_at >= now() - $1::float8 * interval '1 hour'
        LIMIT $2) r),
    (SELECT count(*) FROM (SELECT FROM rejected_callers WHERE last_at >= now() - $1::float8 * interval '1 hour'
        LIMIT $2) c),
    (SELECT count(*) FROM (SELECT FROM spool WHERE lane = ANY ($3) AND due_at <= now() LIMIT $2) s)";

const FOR_PERSONS: &str = "-- overview::for_persons
SELECT (SELECT count(*) FROM (SELECT FROM runs WHERE state = 'needs_attention' LIMIT $1) n),
    (SELECT count(*) FROM (SELECT FROM dead_letters LIMIT $1) d)";

/// A range of the primary key for each hour: no row is looked into. $1 is the first hour, $2 the last.
const ACCEPTED: &str = "-- overview::accepted
SELECT h.hour, a.count FROM generate_series($1::bigint, $2::bigint) AS h (hour) CROSS JOIN LATERAL (
    SELECT count(*) FROM receipts WHERE id >= postern_uuid_floor(to_timestamp(h.hour * 3600))
        AND id < postern_uuid_floor(to_timestamp((h.hour + 1) * 3600))) AS a";

const ENDED: &str = "-- overview::ended
SELECT h.hour, e.finished, e.failed FROM generate_series($1::bigint, $2::bigint) AS h (hour) CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'finished') AS finished,
        count(*) FILTER (WHERE state IN ('failed', 'needs_attention') AND replaced_by IS NULL AND handled_by IS NULL
            AND dismissed_by IS NULL) AS failed
    FROM runs WHERE receipt >= postern_uuid_floor(to_timestamp(h.hour * 3600))
        AND receipt < postern_uuid_floor(to_timestamp((h.hour + 1) * 3600))) AS e";

const NOW: &str = "-- overview::now
SELECT floor(extract(epoch FROM now()) / 3600)::bigint";

/// What stands in the navigation: at most 999 each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// Runs of the last [`HOURS`] that failed or need attention.
    pub failed: i64,
    /// Dead letters.
    pub dead: i64,
}

/// What waits for a person: at most 999 each, of the last [`HOURS`] unless it is said otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attention {
    /// Runs that failed.
    pub failed: i64,
    /// Runs that need attention, of any time.
    pub undecided: i64,
    /// Dead letters, of any time.
    pub dead: i64,
    /// Submissions that started nothing.
    pub unmatched: i64,
    /// Refused bodies of permitted callers.
    pub refused: i64,
    /// Addresses that no permission admits.
    pub rejected: i64,
    /// Messages that are due and not in the broker now.
    pub spooled: i64,
}

/// What came in during an hour and how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Hours since 1970 (UTC).
    pub hour: i64,
    /// Submissions that a worker has taken.
    pub accepted: i64,
    /// Runs that finished.
    pub finished: i64,
    /// Runs that failed or need attention.
    pub failed: i64,
}

/// What the navigation counts.
pub async fn waiting(connection: &Object) -> Result<Waiting, StoreError> {
    let statement = connection.prepare_cached(WAITING).await?;
    let row = connection.query_one(&statement, &[&span(), &MAX_COUNTED]).await?;
    Ok(Waiting { failed: row.get(0), dead: row.get(1) })
}

/// Runs that need attention and dead letters, of any time: at most 999 each.
pub async fn for_persons(connection: &Object) -> Result<(i64, i64), StoreError> {
    let statement = connection.prepare_cached(FOR_PERSONS).await?;
    let row = connection.query_one(&statement, &[&MAX_COUNTED]).await?;
    Ok((row.get(0), row.get(1)))
}

/// What waits for a person.
pub async fn attention(connection: &Object) -> Result<Attention, StoreError> {
    let lanes = Lane::SUBMISSIONS.map(Lane::number);
    let statement = connection.prepare_cached(ATTENTION).await?;
    let row = connection.query_one(&statement, &[&span(), &MAX_COUNTED, &lanes.as_slice()]).await?;
    Ok(Attention {
        failed: row.get(0),
        undecided: row.get(1),
        dead: row.get(2),
        unmatched: row.get(3),
        refused: row.get(4),
        rejected: row.get(5),
        spooled: row.get(6),
    })
}

/// The last [`HOURS`], the current one last; those without anything are there, too.
pub async fn hours(connection: &Object) -> Result<Vec<Hour>, StoreError> {
    let now: i64 = connection.query_one(NOW, &[]).await?.get(0);
    let first = now - HOURS + 1;
    let mut hours: Vec<Hour> = (first..=now).map(|hour| Hour { hour, ..Hour::default() }).collect();
    let place = |hour: i64| usize::try_from(hour - first).unwrap_or(usize::MAX);
    for row in connection.query(ACCEPTED, &[&first, &now]).await? {
        if let Some(hour) = hours.get_mut(place(row.get(0))) {
            hour.accepted = row.get(1);
        }
    }
    for row in connection.query(ENDED, &[&first, &now]).await? {
        if let Some(hour) = hours.get_mut(place(row.get(0))) {
            (hour.finished, hour.failed) = (row.get(1), row.get(2));
        }
    }
    Ok(hours)
}

#[expect(clippy::cast_precision_loss, reason = "24")]
fn span() -> f64 {
    HOURS as f64
}
