//! The refused bodies of permitted callers, kept for a time and within a share for each permission, so that a person can
//! see what was wrong, correct a charset or a limit, and replay them.

use std::time::SystemTime;

use bytes::Bytes;
use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};
use crate::lane::Lane;
use crate::message::Message;
use crate::options::retention::Keep;
use crate::submission::SUBMISSIONS_V1;

/// Bytes of the refused bodies of one permission, with their queries and all else that is kept of them. Beyond this its
/// oldest are deleted, and none of another permission.
const MAX_BYTES_OF_PERMISSION: i64 = 32 * 1024 * 1024;

/// What a refused body counts for beside its texts and its bytes, so that small ones are bounded in number, too. Its headers
/// are among it.
const ROW_BYTES: i64 = 4 * 1024;

/// Bytes of the headers of a refused call.
pub const MAX_HEADERS_BYTES: usize = 4 * 1024;

/// Bytes of the query of a refused call. A longer query is cut, and the body of the call is not kept: it could not be
/// read again as the call that it was.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Bytes of the content type of a refused call. A longer one is cut, and the body is not kept.
const MAX_TYPE_BYTES: usize = 1024;

/// Bytes of the message that the sender of a refused body got: a sentence that names what is wrong.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;

const KEEP: &str = "-- refused_bodies::keep
WITH kept AS (
    INSERT INTO refused_bodies
        (permission, address, code, message, query, content_type, body, refused_at, idempotency_key, headers)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
        $8::timestamptz[], $9::text[], $10::text[])
    RETURNING id
)
INSERT INTO digest_queue (receipts, records, refused_bodies) SELECT '{}', '{}', array_agg(id) FROM kept
HAVING count(*) > 0";

const FORGET: &str = "-- refused_bodies::forget
DELETE FROM refused_bodies
WHERE refused_at < now() - $1::float8 * interval '1 second' OR id IN (
    SELECT id FROM (
        SELECT id, sum($3::bigint + kept_bytes) OVER (PARTITION BY permission ORDER BY id DESC) AS total
        FROM refused_bodies
    ) AS newest WHERE total > $2::bigint)";

const LATEST: &str = "-- refused_bodies::latest
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers
FROM refused_bodies ORDER BY id DESC LIMIT $1";

const FIND: &str = "-- refused_bodies::find
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers, body
FROM refused_bodies WHERE id = $1";

/// The same, and the audit log tells who saw it.
const REVEAL: &str = "-- refused_bodies::reveal
WITH noted AS (
    INSERT INTO audit_log (account, action, kind, key)
    SELECT $2, 'show', 'refused_body', id::text FROM refused_bodies WHERE id = $1
)
SELECT id, permission, address, code, message, query, content_type, octet_length(body), refused_at, idempotency_key,
    headers, body
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
    'address', address, 'refused_at', refused_at, 'refused_because', message, 'charset', $6::text)
FROM taken";

const REFUSE_AGAIN: &str = "-- refused_bodies::refuse_again
UPDATE refused_bodies SET code = $2, message = $3, tried_at = now() WHERE id = $1";

/// A refused body, not kept yet.
#[derive(Debug, Clone)]
pub struct NewRefusal {
    /// The permission that admits its sender.
    pub permission: PermissionKey,
    /// The sender.
    pub address: String,
    /// The code of the refusal.
    pub code: &'static str,
    /// What the sender was told.
    pub message: Message,
    /// The query of the request, as it was sent.
    pub query: String,
    /// The header, as it was sent.
    pub content_type: Option<String>,
    /// Inflated; none = it did not arrive whole, or is too large to keep.
    pub body: Option<Bytes>,
    /// By the clock of the ingress.
    pub refused_at: SystemTime,
    /// The `Idempotency-Key` of the request.
    pub idempotency_key: Option<String>,
    /// The headers that the permission keeps, as JSON of at most [`MAX_HEADERS_BYTES`].
    pub headers: Option<String>,
}

impl NewRefusal {
    /// Cuts what is too long to keep.
    pub fn bounded(mut self) -> Self {
        let is_query_cut = cut(&mut self.query, MAX_QUERY_BYTES);
        let is_type_cut = self.content_type.as_mut().is_some_and(|content_type| cut(content_type, MAX_TYPE_BYTES));
        self.message = bounded(&self.message);
        if is_query_cut || is_type_cut {
            self.body = None;
        }
        self
    }

    /// Bytes that it takes until it is kept.
    pub fn bytes(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let texts =
            self.query.len() + self.message.stored().len() + self.address.len() + self.permission.as_str().len();
        let body = self.body.as_ref().map_or(0, Bytes::len);
        let options = [&self.content_type, &self.idempotency_key, &self.headers].map(optional);
        size_of::<Self>() + texts + options.iter().sum::<usize>() + body
    }
}

/// A message, or the beginning of its text if it is too long to keep.
fn bounded(message: &Message) -> Message {
    if message.stored().len() <= MAX_MESSAGE_BYTES {
        return message.clone();
    }
    let mut text = message.to_string();
    cut(&mut text, MAX_MESSAGE_BYTES);
    Message::said(text)
}

/// Cuts a text at a character; whether it was longer.
fn cut(text: &mut String, most: usize) -> bool {
    let is_longer = text.len() > most;
    text.truncate((0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
    is_longer
}

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
}

/// Keeps refused bodies, to be found by what they hold.
pub async fn keep(connection: &Object, new: &[NewRefusal]) -> Result<(), StoreError> {
    // PostgreSQL keeps no NUL in a text.
    let column = |pick: fn(&NewRefusal) -> &str| new.iter().map(|one| pick(one).replace('\0', "")).collect::<Vec<_>>();
    let types: Vec<_> = new.iter().map(|one| one.content_type.as_deref()).collect();
    let bodies: Vec<_> = new.iter().map(|one| one.body.as_deref()).collect();
    let times: Vec<_> = new.iter().map(|one| one.refused_at).collect();
    let keys: Vec<_> = new.iter().map(|one| one.idempotency_key.as_deref()).collect();
    let headers: Vec<_> =
        new.iter().map(|one| one.headers.as_deref().map(|headers| headers.replace('\0', ""))).collect();
    let columns: [Vec<String>; 5] = [
        column(|one| one.permission.as_str()),
        column(|one| &one.address),
        column(|one| one.code),
        new.iter().map(|one| one.message.stored()).collect(),
        column(|one| &one.query),
    ];
    let [permissions, addresses, codes, messages, queries] = &columns;
    let statement = connection.prepare_cached(KEEP).await?;
    connection
        .execute(
            &statement,
            &[permissions, addresses, codes, messages, queries, &types, &bodies, &times, &keys, &headers],
        )
        .await?;
    Ok(())
}

/// Removes what is too old, and of each permission the oldest of what is too much.
pub async fn forget(connection: &Object, keep: Keep) -> Result<(), StoreError> {
    let age = keep.time().map(|time| time.as_secs_f64());
    let statement = connection.prepare_cached(FORGET).await?;
    connection.execute(&statement, &[&age, &MAX_BYTES_OF_PERMISSION, &ROW_BYTES]).await?;
    Ok(())
}

/// The latest refused bodies, newest first, at most `last`.
pub async fn latest(connection: &Object, last: i64) -> Result<Vec<Refusal>, StoreError> {
    Ok(connection.query(LATEST, &[&last]).await?.iter().map(read).collect())
}

/// One refused body, if it is still kept.
pub async fn find(connection: &Object, id: i64) -> Result<Option<(Refusal, Option<Vec<u8>>)>, StoreError> {
    let row = connection.query_opt(FIND, &[&id]).await?;
    Ok(row.map(|row| (read(&row), row.get(11))))
}

/// The same for a person who wants to see what was posted, which the audit log notes.
pub async fn reveal(
    connection: &Object,
    account: &str,
    id: i64,
) -> Result<Option<(Refusal, Option<Vec<u8>>)>, StoreError> {
    let row = connection.query_opt(REVEAL, &[&id, &account]).await?;
    Ok(row.map(|row| (read(&row), row.get(11))))
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
    }
}
