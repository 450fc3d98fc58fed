//! The spool: every message that is not in the broker. Taking a row is a lease by the database's clock, and
//! its count is the fence: only who took it last can finish it.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;

const PUT: &str = "-- spool::put
INSERT INTO spool (kind, body, attempt, due_at)
SELECT $1, body, $3, now() + $4::float8 * interval '1 second' FROM unnest($2::bytea[]) AS b (body)";

const TAKE: &str = "-- spool::take
UPDATE spool SET due_at = now() + $2::float8 * interval '1 second', lease = lease + 1
WHERE id IN (SELECT id FROM spool WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease, kind, body, attempt";

const FINISH: &str = "-- spool::finish
DELETE FROM spool WHERE id = $1 AND lease = $2";

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

/// Takes rows that are due, oldest first; committed at once, so a lease is all that is held while they travel.
pub async fn take(connection: &Object, limit: i64, lease: Duration) -> Result<Vec<Taken>, StoreError> {
    let statement = connection.prepare_cached(TAKE).await?;
    let rows = connection.query(&statement, &[&limit, &lease.as_secs_f64()]).await?;
    Ok(rows
        .iter()
        .map(|row| Taken { id: row.get(0), lease: row.get(1), kind: row.get(2), body: row.get(3), attempt: row.get(4) })
        .collect())
}

/// Removes a row that has reached the broker. Nothing happens if the lease ended and another has taken it.
pub async fn finish(connection: &Object, taken: &Taken) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(FINISH).await?;
    connection.execute(&statement, &[&taken.id, &taken.lease]).await?;
    Ok(())
}

/// How many messages wait here, due or not.
pub async fn count(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[]).await?.get(0))
}
