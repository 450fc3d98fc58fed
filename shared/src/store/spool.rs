//! The spool: every message that is not in the broker. Taking a row is a lease by the database's clock, and
//! its count is the fence: only who took it last can finish it.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Object, Transaction};

use super::StoreError;
use crate::resume::RESUME_V1;

const PUT: &str = "-- spool::put
INSERT INTO spool (kind, body, attempt, due_at)
SELECT $1, body, $3, now() + $4::float8 * interval '1 second' FROM unnest($2::bytea[]) AS b (body)";

const SCHEDULE: &str = "-- spool::schedule
INSERT INTO spool (kind, body, attempt, due_at)
SELECT $1, body, 0, now() + delay * interval '1 second' FROM unnest($2::bytea[], $3::float8[]) AS m (body, delay)";

/// Made as if it had been taken: its lease is the writer's.
const PUT_TAKEN: &str = "-- spool::put_taken
INSERT INTO spool (kind, body, attempt, lease, due_at)
SELECT $1, body, 0, 1, now() + $3::float8 * interval '1 second' FROM unnest($2::bytea[]) AS b (body)
RETURNING id, lease, kind, body, attempt";

const TAKE: &str = "-- spool::take
UPDATE spool SET due_at = now() + $2::float8 * interval '1 second', lease = lease + 1
WHERE id IN (SELECT id FROM spool WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease, kind, body, attempt";

/// Of two sorts: what wakes a run, and all else.
const TAKE_SORT: &str = "-- spool::take_sort
UPDATE spool SET due_at = now() + $2::float8 * interval '1 second', lease = lease + 1
WHERE id IN (SELECT id FROM spool WHERE due_at <= now() AND (kind = $3) = $4
             ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease, kind, body, attempt";

const RENEW: &str = "-- spool::renew
UPDATE spool SET due_at = now() + $3::float8 * interval '1 second'
FROM unnest($1::bigint[], $2::int[]) AS held (id, lease)
WHERE spool.id = held.id AND spool.lease = held.lease";

const FINISH: &str = "-- spool::finish
DELETE FROM spool WHERE (id, lease) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))";

const COUNT: &str = "-- spool::count
SELECT count(*) FROM spool";

/// The right to a row, until its time is over and another takes the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The row.
    pub id: i64,
    /// How often the row has been taken, this time included: the fence.
    pub number: i32,
}

/// A row that this process holds until its lease ends.
#[derive(Debug)]
pub struct Taken {
    /// The right to it.
    pub lease: Lease,
    /// The AMQP `type` of the message.
    pub kind: String,
    /// Its body.
    pub body: Vec<u8>,
    /// How often what it carries has been tried.
    pub attempt: i32,
}

/// Puts messages of one kind into the spool, due after a delay. `attempt` is how often they have been tried.
pub async fn put(
    client: &impl GenericClient,
    kind: &str,
    bodies: &[Vec<u8>],
    attempt: i32,
    delay: Duration,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(PUT).await?;
    client.execute(&statement, &[&kind, &bodies, &attempt, &delay.as_secs_f64()]).await?;
    Ok(())
}

/// Puts messages of one kind into the spool that were not tried yet, each due after a delay of its own.
pub async fn schedule(
    transaction: &Transaction<'_>,
    kind: &str,
    messages: &[(Vec<u8>, Duration)],
) -> Result<(), StoreError> {
    let bodies: Vec<&[u8]> = messages.iter().map(|(body, _)| body.as_slice()).collect();
    let delays: Vec<f64> = messages.iter().map(|(_, delay)| delay.as_secs_f64()).collect();
    transaction.execute(SCHEDULE, &[&kind, &bodies, &delays]).await?;
    Ok(())
}

/// Puts messages of one kind into the spool that the caller brings to the broker itself once this is committed. If it
/// does not come to that they are due when the lease ends.
pub async fn put_taken(
    transaction: &Transaction<'_>,
    kind: &str,
    bodies: &[Vec<u8>],
    lease: Duration,
) -> Result<Vec<Taken>, StoreError> {
    let rows = transaction.query(PUT_TAKEN, &[&kind, &bodies, &lease.as_secs_f64()]).await?;
    Ok(rows.iter().map(taken).collect())
}

/// Takes rows that are due, oldest first; committed at once, so a lease is all that is held while they travel.
pub async fn take(connection: &Object, limit: i64, lease: Duration) -> Result<Vec<Taken>, StoreError> {
    let statement = connection.prepare_cached(TAKE).await?;
    let rows = connection.query(&statement, &[&limit, &lease.as_secs_f64()]).await?;
    Ok(rows.iter().map(taken).collect())
}

/// Which rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// What wakes a run.
    Resuming,
    /// All else, also what nobody knows.
    Other,
}

/// Takes rows of a sort that are due, oldest first, as [`take`] does.
pub async fn take_sort(connection: &Object, sort: Sort, limit: i64, lease: Duration) -> Result<Vec<Taken>, StoreError> {
    let statement = connection.prepare_cached(TAKE_SORT).await?;
    let resuming = sort == Sort::Resuming;
    let rows = connection.query(&statement, &[&limit, &lease.as_secs_f64(), &RESUME_V1, &resuming]).await?;
    Ok(rows.iter().map(taken).collect())
}

/// Holds rows for another `lease` from now on; those that another has taken stay with it. With no time at all they are
/// given back: due at once.
pub async fn renew(connection: &Object, held: &[Lease], lease: Duration) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(RENEW).await?;
    let (ids, numbers) = columns(held);
    connection.execute(&statement, &[&ids, &numbers, &lease.as_secs_f64()]).await?;
    Ok(())
}

/// Removes rows together with the work that they asked for. If another has taken one the work must not be committed.
pub async fn finish_with(transaction: &Transaction<'_>, leases: &[Lease]) -> Result<(), StoreError> {
    if leases.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(FINISH).await?;
    let (ids, numbers) = columns(leases);
    let removed = transaction.execute(&statement, &[&ids, &numbers]).await?;
    if removed == leases.len() as u64 { Ok(()) } else { Err(StoreError::LeaseLost) }
}

/// Removes rows that have reached the broker. Nothing happens to one whose lease ended and that another has taken.
pub async fn finish(connection: &Object, leases: &[Lease]) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(FINISH).await?;
    let (ids, numbers) = columns(leases);
    connection.execute(&statement, &[&ids, &numbers]).await?;
    Ok(())
}

/// How many messages wait here, due or not.
pub async fn count(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[]).await?.get(0))
}

fn taken(row: &tokio_postgres::Row) -> Taken {
    let lease = Lease { id: row.get(0), number: row.get(1) };
    Taken { lease, kind: row.get(2), body: row.get(3), attempt: row.get(4) }
}

fn columns(leases: &[Lease]) -> (Vec<i64>, Vec<i32>) {
    leases.iter().map(|lease| (lease.id, lease.number)).unzip()
}
