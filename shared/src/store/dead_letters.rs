//! The dead letters: what nobody could run, kept whole with the reason, so that a person can look at it.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use uuid::Uuid;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};
use crate::submission;

const PUT: &str = "-- dead_letters::put
INSERT INTO dead_letters (receipt, kind, body, reason, attempt) VALUES ($1, $2, $3, $4, $5)";

const OF: &str = "-- dead_letters::of
SELECT reason, body FROM dead_letters WHERE receipt = $1 ORDER BY id DESC LIMIT 1";

const PAGE: &str = "-- dead_letters::page
SELECT id, receipt, kind, octet_length(body), reason, attempt, created_at FROM dead_letters
WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2";

/// What could not be run.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The receipt, if the body could be read.
    pub receipt: Option<ReceiptId>,
    /// The AMQP `type` of the message.
    pub kind: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// Why, in words for a person.
    pub reason: &'a str,
    /// How often it was tried.
    pub attempt: i32,
}

/// Keeps a dead letter.
pub async fn put(transaction: &Transaction<'_>, letter: &DeadLetter<'_>) -> Result<(), StoreError> {
    let receipt: Option<Uuid> = letter.receipt.map(ReceiptId::uuid);
    // PostgreSQL keeps no NUL in a text, and a reason may quote what was sent.
    let reason = letter.reason.replace('\0', "");
    let kind = letter.kind.replace('\0', "");
    transaction.execute(PUT, &[&receipt, &kind, &letter.body, &reason, &letter.attempt]).await?;
    Ok(())
}

/// What is told of a receipt that became a dead letter.
#[derive(Debug)]
pub struct Dead {
    /// The permission that let it in; none = its body cannot be read.
    pub permission: Option<PermissionKey>,
    /// Why, in words for a person.
    pub reason: String,
}

/// Why a receipt became a dead letter, if it did.
pub async fn of(connection: &Object, receipt: ReceiptId) -> Result<Option<Dead>, StoreError> {
    let row = connection.query_opt(OF, &[&receipt.uuid()]).await?;
    Ok(row.map(|row| {
        let submissions = submission::unbundle(row.get(1)).unwrap_or_default();
        let permission = submissions.into_iter().find(|one| one.receipt == receipt).map(|one| one.permission);
        Dead { permission, reason: row.get(0) }
    }))
}

/// A dead letter as it is kept, but for its body.
#[derive(Debug)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// The receipt, if the body could be read.
    pub receipt: Option<ReceiptId>,
    /// The AMQP `type` of the message.
    pub kind: String,
    /// How many bytes its body has.
    pub bytes: i32,
    /// Why, in words for a person.
    pub reason: String,
    /// How often it was tried.
    pub attempt: i32,
    /// When it was put here.
    pub created_at: SystemTime,
}

/// The latest dead letters, older than another, newest first, at most `last`.
pub async fn page(connection: &Object, before: Option<i64>, last: i64) -> Result<Vec<Kept>, StoreError> {
    let rows = connection.query(PAGE, &[&before, &last]).await?;
    let kept = rows.iter().map(|row| Kept {
        id: row.get(0),
        receipt: row.get::<_, Option<Uuid>>(1).map(ReceiptId::from),
        kind: row.get(2),
        bytes: row.get(3),
        reason: row.get(4),
        attempt: row.get(5),
        created_at: row.get(6),
    });
    Ok(kept.collect())
}
