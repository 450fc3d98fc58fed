//! The refused bodies of permitted callers, kept for a time and within a share for each permission, so that a person can
//! see what was wrong, correct a charset or a limit, and replay them.

mod keeping;
mod proof;

use std::time::SystemTime;

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};
use crate::lane::Lane;
use crate::message::Message;
use crate::submission::SUBMISSIONS_V1;

use keeping::bounded;
pub use keeping::{MAX_HEADERS_BYTES, NewRefusal, forget, keep};
pub use proof::{Proof, needs_consent};

const LATEST: &str = "-- refused_bodies::latest
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers, method, path, proof
FROM refused_bodies ORDER BY id DESC LIMIT $1";

const FIND: &str = "-- refused_bodies::find
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers, method, path, proof, body
FROM refused_bodies WHERE id = $1";

/// The same, and the audit log tells who saw it.
const REVEAL: &str = "-- refused_bodies::reveal
WITH noted AS (
    INSERT INTO audit_log (account, action, kind, key)
    SELECT $2, 'show', 'refused_body', id::text FROM refused_bodies WHERE id = $1
)
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers, method, path, proof, body
FROM refused_bodies WHERE id = $1";

const OF_PERMISSION: &str = "-- refused_bodies::of_permission
SELECT id FROM refused_bodies WHERE permission = $1 AND body IS NOT NULL ORDER BY tried_at NULLS FIRST, id LIMIT $2";

const COUNT: &str = "-- refused_bodies::count
SELECT count(*) FROM refused_bodies WHERE permission = $1 AND body IS NOT NULL";

/// Who comes second waits for the first and finds the row gone.
const REPLAY: &str = "-- refused_bodies::replay
WITH taken AS (
    DELETE FROM refused_bodies WHERE id = $1 RETURNING *
), put AS (
    INSERT INTO spool (lane, kind, body, attempt, due_at) SELECT $7, $2, $3, 0, now() FROM taken
)
INSERT INTO audit_log (account, action, kind, key, document)
SELECT $4, 'replay', 'refused_body', id::text, json_build_object('receipt', $5::text, 'permission', permission,
    'address', address, 'refused_at', refused_at, 'refused_because', message, 'charset', $6::text, 'proof',
    proof)
FROM taken";

const REFUSE_AGAIN: &str = "-- refused_bodies::refuse_again
UPDATE refused_bodies SET code = $2, message = $3, tried_at = now() WHERE id = $1";

/// A refused body as it is kept, but for the body.
#[derive(Debug)]
pub struct Refusal {
    /// Its number.
    pub id: i64,
    /// The permission that admits its sender.
    pub permission: String,
    /// The sender.
    pub address: String,
    /// The code of the refusal.
    pub code: String,
    /// What the sender was told.
    pub message: Message,
    /// The query of the request.
    pub query: String,
    /// The header, as it was sent.
    pub content_type: Option<String>,
    /// Bytes of the body; none = it was not kept.
    pub bytes: Option<i32>,
    /// By the clock of the ingress.
    pub refused_at: SystemTime,
    /// The `Idempotency-Key` of the request.
    pub idempotency_key: Option<String>,
    /// The headers that its permission kept, as JSON.
    pub headers: Option<String>,
    /// The method of the request; none = an earlier version kept it.
    pub method: Option<String>,
    /// The path of the request; none = an earlier version kept it.
    pub path: Option<String>,
    /// What the request proved; none = an earlier version kept it, and did not note that.
    pub proof: Option<Proof>,
}

/// The latest refused bodies, newest first, at most `last`.
pub async fn latest(connection: &Object, last: i64) -> Result<Vec<Refusal>, StoreError> {
    Ok(connection.query(LATEST, &[&last]).await?.iter().map(read).collect())
}

/// One refused body, if it is still kept.
pub async fn find(connection: &Object, id: i64) -> Result<Option<(Refusal, Option<Vec<u8>>)>, StoreError> {
    let row = connection.query_opt(FIND, &[&id]).await?;
    Ok(row.map(|row| (read(&row), row.get(14))))
}

/// The same for a person who wants to see what was posted, which the audit log notes.
pub async fn reveal(
    connection: &Object,
    account: &str,
    id: i64,
) -> Result<Option<(Refusal, Option<Vec<u8>>)>, StoreError> {
    let row = connection.query_opt(REVEAL, &[&id, &account]).await?;
    Ok(row.map(|row| (read(&row), row.get(14))))
}

/// Those of a permission that have a body, at most `limit`: first those that were not replayed yet, or not lately.
pub async fn of_permission(
    connection: &Object,
    permission: &PermissionKey,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let rows = connection.query(OF_PERMISSION, &[&permission.as_str(), &limit]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How many of a permission have a body.
pub async fn count(connection: &Object, permission: &PermissionKey) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[&permission.as_str()]).await?.get(0))
}

/// A refused body that was read again.
#[derive(Debug)]
pub struct Reread<'a> {
    /// Its number.
    pub id: i64,
    /// The receipts of what it has become: one, or those of a list.
    pub receipts: &'a [ReceiptId],
    /// The message that carries that.
    pub message: &'a [u8],
    /// The lane that it takes.
    pub lane: Lane,
    /// The charset that was chosen for it.
    pub charset: Option<&'a str>,
}

/// Puts what a refused body has become into the spool in its place; false if it is gone by now. One statement: it is
/// never in both or in neither, and the audit log tells of it.
pub async fn replay(connection: &Object, account: &str, new: &Reread<'_>) -> Result<bool, StoreError> {
    let receipts: Vec<String> = new.receipts.iter().map(ToString::to_string).collect();
    let receipt = receipts.join(" ");
    let statement = connection.prepare_cached(REPLAY).await?;
    let replayed = connection
        .execute(
            &statement,
            &[&new.id, &SUBMISSIONS_V1, &new.message, &account, &receipt, &new.charset, &new.lane.number()],
        )
        .await?;
    Ok(replayed == 1)
}

/// Notes why a refused body is still refused.
pub async fn refuse_again(connection: &Object, id: i64, code: &str, message: &Message) -> Result<(), StoreError> {
    connection.execute(REFUSE_AGAIN, &[&id, &code, &bounded(message).stored()]).await?;
    Ok(())
}

fn read(row: &Row) -> Refusal {
    Refusal {
        id: row.get(0),
        permission: row.get(1),
        address: row.get(2),
        code: row.get(3),
        message: Message::of_stored(row.get(4)),
        query: row.get(5),
        content_type: row.get(6),
        bytes: row.get(7),
        refused_at: row.get(8),
        idempotency_key: row.get(9),
        headers: row.get(10),
        method: row.get(11),
        path: row.get(12),
        proof: row.get::<_, Option<&str>>(13).and_then(Proof::of_stored),
    }
}
