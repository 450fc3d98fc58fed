//! What becomes of a refused call until it is kept: it is cut to what is kept of a call, and written with others.

use std::time::SystemTime;

use bytes::Bytes;
use deadpool_postgres::Object;

use super::Proof;
use crate::id::PermissionKey;
use crate::message::Message;
use crate::options::retention::Keep;
use crate::store::StoreError;

/// Bytes of the refused bodies of one permission, with their queries and all else that is kept of them. Beyond this its
/// oldest are deleted, and none of another permission.
const MAX_BYTES_OF_PERMISSION: i64 = 32 * 1024 * 1024;

/// What a refused body counts for beside its texts and its bytes, so that small ones are bounded in number, too. Its headers,
/// its method and its path are among it.
const ROW_BYTES: i64 = 4 * 1024;

/// Bytes of the headers of a refused call.
pub const MAX_HEADERS_BYTES: usize = 4 * 1024;

/// Bytes of the query of a refused call. A longer query is cut, and the body of the call is not kept: it could not be
/// read again as the call that it was.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// Bytes of the content type of a refused call. A longer one is cut, and the body is not kept.
const MAX_TYPE_BYTES: usize = 1024;

/// Bytes of the method of a refused call.
const MAX_METHOD_BYTES: usize = 32;

/// Bytes of the path of a refused call: more than a short URL has.
const MAX_PATH_BYTES: usize = 512;

/// Bytes of the message that the sender of a refused body got: a sentence that names what is wrong.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;

const KEEP: &str = "-- keeping::keep
WITH kept AS (
    INSERT INTO refused_bodies
        (permission, address, code, message, query, content_type, body, refused_at, idempotency_key, headers,
        method, path, proof)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
        $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
    RETURNING id
)
INSERT INTO digest_queue (receipts, records, refused_bodies) SELECT '{}', '{}', array_agg(id) FROM kept
HAVING count(*) > 0";

const FORGET: &str = "-- keeping::forget
DELETE FROM refused_bodies
WHERE refused_at < now() - $1::float8 * interval '1 second' OR id IN (
    SELECT id FROM (
        SELECT id, sum($3::bigint + kept_bytes) OVER (PARTITION BY permission ORDER BY id DESC) AS total
        FROM refused_bodies
    ) AS newest WHERE total > $2::bigint)";

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
    /// The method of the request.
    pub method: String,
    /// The path of the request.
    pub path: String,
    /// What the request proved.
    pub proof: Proof,
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
        cut(&mut self.method, MAX_METHOD_BYTES);
        cut(&mut self.path, MAX_PATH_BYTES);
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
        let called = self.method.len() + self.path.len();
        let body = self.body.as_ref().map_or(0, Bytes::len);
        let options = [&self.content_type, &self.idempotency_key, &self.headers].map(optional);
        size_of::<Self>() + texts + called + options.iter().sum::<usize>() + body
    }
}

/// A message, or the beginning of its text if it is too long to keep.
pub(super) fn bounded(message: &Message) -> Message {
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
    let columns: [Vec<String>; 8] = [
        column(|one| one.permission.as_str()),
        column(|one| &one.address),
        column(|one| one.code),
        new.iter().map(|one| one.message.stored()).collect(),
        column(|one| &one.query),
        column(|one| &one.method),
        column(|one| &one.path),
        column(|one| one.proof.as_str()),
    ];
    let [permissions, addresses, codes, messages, queries, methods, paths, proofs] = &columns;
    let statement = connection.prepare_cached(KEEP).await?;
    connection
        .execute(
            &statement,
            &[
                permissions,
                addresses,
                codes,
                messages,
                queries,
                &types,
                &bodies,
                &times,
                &keys,
                &headers,
                methods,
                paths,
                proofs,
            ],
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
