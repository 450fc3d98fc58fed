//! Whom Postern tells of what, and what was told. Of all workers one looks at a time; each notice is claimed before it is
//! sent, and sent again a minute later if nobody says that it went out.

use std::time::{Duration, SystemTime};

use deadpool_postgres::{GenericClient, Object};
use serde_json::Value;
use tokio_postgres::Row;

use super::audit_log::{self, Change};
use super::{StoreError, parsed};
use crate::notice::{Cause, Channel, Settings};

/// How many of anything are counted: beyond this the number tells nobody more.
const MAX_COUNTED: i64 = 9_999;

const SETTINGS: &str = "-- notices::settings
SELECT document::text FROM notice_settings";

const PUT: &str = "-- notices::put
INSERT INTO notice_settings (document) VALUES ($1::text::jsonb)
ON CONFLICT (is_only) DO UPDATE SET document = excluded.document";

const LOOK: &str = "-- notices::look
UPDATE notice_settings SET looked_at = now() WHERE looked_at < now() - $1::float8 * interval '1 s'
RETURNING document::text";

/// In the order of [`Cause::ALL`]. The receipts tell by their ids when they came. A run may fail long after its submission
/// came. Silence is counted in whole hours, and
/// where nothing ever came nothing has stopped.
const COUNT: &str = "-- notices::count
SELECT coalesce((SELECT floor(extract(epoch FROM now() - accepted_at) / 3600)::bigint FROM receipts
        ORDER BY id DESC LIMIT 1), 0),
    (SELECT count(*) FROM (SELECT FROM runs WHERE state = 'failed' AND replaced_by IS NULL AND handled_by IS NULL
        AND dismissed_by IS NULL AND ended_at >= now() - interval '1 hour' LIMIT $1) f),
    (SELECT count(*) FROM (SELECT FROM runs WHERE state = 'needs_attention' LIMIT $1) n),
    (SELECT count(*) FROM (SELECT FROM dead_letters LIMIT $1) d),
    (SELECT count(*) FROM (SELECT FROM receipts WHERE unmatched
        AND id >= postern_uuid_floor(now() - interval '1 hour') LIMIT $1) u)";

const SEE: &str = "-- notices::see
INSERT INTO notices (cause, channel, count) VALUES ($1, $2, $3)
ON CONFLICT (cause, channel) DO UPDATE SET seen_at = now(), count = excluded.count";

/// The beginning of what was not told yet, or the end of what was told and has not been seen for a while.
const CLAIM: &str = "-- notices::claim
UPDATE notices SET tried_at = now() WHERE (cause, channel) = (SELECT cause, channel FROM notices
    WHERE (told_at IS NULL OR seen_at < now() - $1::float8 * interval '1 s')
        AND (tried_at IS NULL OR tried_at < now() - $2::float8 * interval '1 s')
    ORDER BY begun_at, cause, channel LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING cause, channel, begun_at, count, told_at IS NOT NULL";

/// What is over before it was told.
const FORGET: &str = "-- notices::forget
DELETE FROM notices WHERE told_at IS NULL AND seen_at < now() - $1::float8 * interval '1 s'";

/// So that the end need not wait for the next try.
const TOLD: &str = "-- notices::told
UPDATE notices SET told_at = now(), tried_at = NULL WHERE cause = $1 AND channel = $2";

const OVER: &str = "-- notices::over
DELETE FROM notices WHERE cause = $1 AND channel = $2";

const LIST: &str = "-- notices::list
SELECT cause, channel, begun_at, count, told_at IS NOT NULL FROM notices ORDER BY begun_at DESC, cause, channel";

/// Something that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub cause: Cause,
    /// How it is told.
    pub channel: Channel,
    /// When it began.
    pub begun_at: SystemTime,
    /// How much there is of it.
    pub count: i64,
    /// Whether the beginning was told; then the end is to be told.
    pub was_told: bool,
}

/// The settings; none = nobody is told anything.
pub async fn settings(client: &impl GenericClient) -> Result<Option<Settings>, StoreError> {
    client.query_opt(SETTINGS, &[]).await?.map(|row| parsed(row.get(0))).transpose()
}

/// Sets them, and notes who did it. The audit log gets no address that lets its readers post.
pub async fn put(connection: &mut Object, account: &str, settings: &Settings) -> Result<(), StoreError> {
    let document = serde_json::to_value(settings).unwrap_or(Value::Null);
    let transaction = connection.transaction().await?;
    transaction.execute(PUT, &[&document.to_string()]).await?;
    let noted = serde_json::to_value(settings.without_credentials()).unwrap_or(Value::Null);
    let change = Change { account, action: "save", kind: "notices", key: "", document: Some(&noted) };
    audit_log::put(&transaction, &change).await?;
    transaction.commit().await?;
    Ok(())
}

/// The settings, if nobody has looked for so long: whoever gets them looks.
pub async fn look(connection: &Object, every: Duration) -> Result<Option<Settings>, StoreError> {
    connection.query_opt(LOOK, &[&every.as_secs_f64()]).await?.map(|row| parsed(row.get(0))).transpose()
}

/// How much there is of every cause, in the order of [`Cause::ALL`].
pub async fn count(connection: &Object) -> Result<[i64; Cause::ALL.len()], StoreError> {
    let row = connection.query_one(COUNT, &[&MAX_COUNTED]).await?;
    Ok(std::array::from_fn(|at| row.get(at)))
}

/// Notes that a cause is there.
pub async fn see(connection: &Object, cause: Cause, channel: Channel, count: i64) -> Result<(), StoreError> {
    connection.execute(SEE, &[&cause.word(), &channel.word(), &count]).await?;
    Ok(())
}

/// Claims a notice that is to be sent. A cause that has not been seen for `quiet` is over; what was claimed and not settled
/// is claimed again after `again`.
pub async fn claim(connection: &Object, quiet: Duration, again: Duration) -> Result<Option<Notice>, StoreError> {
    connection.execute(FORGET, &[&quiet.as_secs_f64()]).await?;
    let row = connection.query_opt(CLAIM, &[&quiet.as_secs_f64(), &again.as_secs_f64()]).await?;
    Ok(row.as_ref().and_then(read))
}

/// Notes that a notice went out: a beginning waits for its end, an end is forgotten.
pub async fn settle(connection: &Object, notice: &Notice) -> Result<(), StoreError> {
    let statement = if notice.was_told { OVER } else { TOLD };
    connection.execute(statement, &[&notice.cause.word(), &notice.channel.word()]).await?;
    Ok(())
}

/// What is told just now.
pub async fn list(connection: &Object) -> Result<Vec<Notice>, StoreError> {
    Ok(connection.query(LIST, &[]).await?.iter().filter_map(read).collect())
}

/// A row of a newer version may have a cause that this version does not know.
fn read(row: &Row) -> Option<Notice> {
    let (cause, channel) = (Cause::from_word(row.get(0))?, Channel::from_word(row.get(1))?);
    Some(Notice { cause, channel, begun_at: row.get(2), count: row.get(3), was_told: row.get(4) })
}
