//! The spool: every message that is not in the broker. Taking a row is a lease by the database's clock, and
//! its count is the fence: only who took it last can finish it.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;

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

const FINISH: &str = "-- spool::finish
DELETE FROM spool WHERE (id, lease) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))";

const COUNT: &str = "-- spool::count
SELECT count(*) FROM spool";

/// A row that this process holds until its lease ends.
#[derive(Debug)]
pub struct Taken {
    id: i64,
    lease: i32,
    /// The AMQP `type` of the message.
    pub kind: String,
    /// Its body.
    pub body: Vec<u8>,
    /// How often what it carries has been tried.
    pub attempt: i32,
}

/// Puts messages of one kind into the spool, due after a delay. `attempt` is how often they have been tried.
pub async fn put(
    transaction: &Transaction<'_>,
    kind: &str,
    bodies: &[Vec<u8>],
    attempt: i32,
    delay: Duration,
) -> Result<(), StoreError> {
    transaction.execute(PUT, &[&kind, &bodies, &attempt, &delay.as_secs_f64()]).await?;
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

/// Removes rows that have reached the broker. Nothing happens to one whose lease ended and that another has taken.
pub async fn finish(connection: &Object, taken: &[&Taken]) -> Result<(), StoreError> {
    let ids: Vec<i64> = taken.iter().map(|row| row.id).collect();
    let leases: Vec<i32> = taken.iter().map(|row| row.lease).collect();
    let statement = connection.prepare_cached(FINISH).await?;
    connection.execute(&statement, &[&ids, &leases]).await?;
    Ok(())
}

/// How many messages wait here, due or not.
pub async fn count(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[]).await?.get(0))
}

fn taken(row: &tokio_postgres::Row) -> Taken {
    Taken { id: row.get(0), lease: row.get(1), kind: row.get(2), body: row.get(3), attempt: row.get(4) }
}
