//! What callers get that wait for an answer (`Prefer: wait`). A worker writes it in the transaction of the run that gives
//! it and notifies there; an ingress looks when it hears that, and once in a while, since a notification can get lost.
//! Submissions that nobody waits for have neither row nor notification.

use deadpool_postgres::{Object, Transaction};

use super::listen::Listening;
use super::{Store, StoreError};
use crate::id::ReceiptId;

/// How long a response is kept, in minutes: a caller that sends the same again after a time-out still gets it.
const KEEP_MINUTES: i32 = 10;

/// The first response of a receipt stays.
const PUT: &str = "-- responses::put
INSERT INTO responses (receipt, status, content_type, body)
SELECT DISTINCT ON (q.id) q.id, r.status, r.content_type, r.body
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[]) WITH ORDINALITY
    AS r (receipt, status, content_type, body, place)
JOIN receipts q ON q.id = r.receipt AND q.waits
ORDER BY q.id, r.place
ON CONFLICT DO NOTHING";

const NOTIFY: &str = "-- responses::notify
SELECT pg_notify('postern_responses', receipt::text) FROM unnest($1::uuid[]) AS r (receipt)";

const LISTEN: &str = "-- responses::listen
LISTEN postern_responses";

/// A receipt that no worker has taken yet is not among the answers. One that is a duplicate gets what the first gets.
const LOOK: &str = "-- responses::look
SELECT w.receipt, r.status, r.content_type, r.body,
    EXISTS (SELECT FROM runs WHERE receipt = f.id AND state IN ('running', 'waiting'))
FROM unnest($1::uuid[]) AS w (receipt)
JOIN receipts q ON q.id = w.receipt
CROSS JOIN LATERAL (SELECT coalesce(q.duplicate_of, q.id) AS id) f
LEFT JOIN responses r ON r.receipt = f.id";

const FORGET: &str = "-- responses::forget
DELETE FROM responses WHERE created_at < now() - $1::int * interval '1 minute'";

/// What a caller gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The media type of the body; empty = there is none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a receipt that somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It has a response.
    Response(Response),
    /// All its runs have ended without one, or wait for a person.
    Ended,
}

/// Keeps responses in the order in which they were given; of receipts that nobody waits for it keeps none.
pub async fn put(transaction: &Transaction<'_>, given: &[(ReceiptId, Response)]) -> Result<(), StoreError> {
    if given.is_empty() {
        return Ok(());
    }
    let receipts: Vec<_> = given.iter().map(|(receipt, _)| receipt.uuid()).collect();
    let statuses: Vec<i32> = given.iter().map(|(_, one)| one.status.into()).collect();
    let types: Vec<&str> = given.iter().map(|(_, one)| one.content_type.as_str()).collect();
    let bodies: Vec<&[u8]> = given.iter().map(|(_, one)| one.body.as_slice()).collect();
    transaction.execute(PUT, &[&receipts, &statuses, &types, &bodies]).await?;
    Ok(())
}

/// Says that there is news of receipts that somebody waits for; heard when the transaction commits.
pub async fn notify(transaction: &Transaction<'_>, receipts: &[ReceiptId]) -> Result<(), StoreError> {
    if !receipts.is_empty() {
        let receipts: Vec<_> = receipts.iter().map(|receipt| receipt.uuid()).collect();
        transaction.query(NOTIFY, &[&receipts]).await?;
    }
    Ok(())
}

/// Hears of news, on a connection of its own.
pub async fn listen(store: &Store) -> Result<Listening, StoreError> {
    super::listen::listen(store, LISTEN).await
}

/// What is known of receipts, as far as it is more than that they are under way.
pub async fn look(connection: &Object, receipts: &[ReceiptId]) -> Result<Vec<(ReceiptId, Seen)>, StoreError> {
    let receipts: Vec<_> = receipts.iter().map(|receipt| receipt.uuid()).collect();
    let statement = connection.prepare_cached(LOOK).await?;
    let rows = connection.query(&statement, &[&receipts]).await?;
    let seen = rows.iter().filter_map(|row| {
        let receipt = row.get::<_, uuid::Uuid>(0).into();
        match row.get::<_, Option<i32>>(1) {
            Some(status) => {
                let status = u16::try_from(status).unwrap_or_default();
                Some((receipt, Seen::Response(Response { status, content_type: row.get(2), body: row.get(3) })))
            }
            None => (!row.get::<_, bool>(4)).then_some((receipt, Seen::Ended)),
        }
    });
    Ok(seen.collect())
}

/// Removes responses that nobody waits for any more.
pub async fn forget(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[&KEEP_MINUTES]).await?;
    Ok(())
}
