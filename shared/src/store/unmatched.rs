//! Submissions that started nothing: no workflow listened to them, or none that did was to run. They keep what was
//! posted, and are claimed anew, under the same receipt and with the workflows of today, when a person replays them: the
//! receipt goes and its submission comes into the spool in one transaction, so that it is never in both or in neither.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};
use serde_json::json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::audit_log::{self, Change};
use super::receipts::{self, Skipped};
use super::{StoreError, parsed, permissions, spool};
use crate::env::Env;
use crate::id::{PermissionKey, ReceiptId};
use crate::lane::Lane;
use crate::permission::Permission;
use crate::record_ref::RecordRef;
use crate::submission::{self, SUBMISSIONS_V1, Submission, Target};

/// The most unmatched submissions that one call replays, as of dead letters.
pub const MAX_AT_ONCE: usize = 10_000;

/// How many are replayed in one transaction: as large as can be they are 160 MiB.
const TOGETHER: i64 = 20;

/// How many of the latest unmatched submissions are counted by what they were to run.
const MAX_COUNTED: i64 = 10_000;

const PAGE: &str = "-- unmatched::page
SELECT id, permission, workflow, trigger, skipped::text, accepted_at FROM receipts
WHERE unmatched AND ($1::bigint IS NULL OR workflow = $1) AND ($2::text IS NULL OR trigger = $2)
    AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4";

const TARGETS: &str = "-- unmatched::targets
SELECT workflow, trigger, count(*)
FROM (SELECT workflow, trigger FROM receipts WHERE unmatched ORDER BY id DESC LIMIT $1) latest
GROUP BY workflow, trigger ORDER BY count(*) DESC, workflow, trigger";

/// Who replays the same ones at the same time finds them gone.
const TAKE: &str = "-- unmatched::take
SELECT id, permission, workflow, trigger, record, env::text, query::text, request::text, accepted_at,
    dropped_files::text, (SELECT version FROM settings), ip, connected
FROM receipts WHERE unmatched AND ($1::uuid IS NULL OR id = $1) AND ($2::bigint IS NULL OR workflow = $2)
    AND ($3::text IS NULL OR trigger = $3) AND ($4::uuid IS NULL OR id > $4)
ORDER BY id LIMIT $5 FOR UPDATE OF receipts SKIP LOCKED";

const REMOVE: &str = "-- unmatched::remove
DELETE FROM receipts WHERE id = ANY ($1)";

const COUNT: &str = "-- unmatched::count
SELECT count(*) FROM receipts WHERE unmatched AND ($1::bigint IS NULL OR workflow = $1)
    AND ($2::text IS NULL OR trigger = $2)";

/// A submission that started nothing.
#[derive(Debug)]
pub struct Unmatched {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// The permission that let it in.
    pub permission: String,
    /// What was to run.
    pub target: Target,
    /// Why nothing did.
    pub skipped: Vec<Skipped>,
    /// By the clock of the ingress.
    pub accepted_at: SystemTime,
}

/// Which of them are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// That of this receipt.
    One(ReceiptId),
    /// Those that were to run this.
    Target(Target),
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// How many are on their way again.
    pub replayed: usize,
    /// How many of those chosen started nothing until now: with those beyond [`MAX_AT_ONCE`] what started nothing again.
    pub left: i64,
}

/// The latest, of one target or all, older than another, newest first, at most `last`.
pub async fn page(
    connection: &Object,
    target: Option<&Target>,
    before: Option<ReceiptId>,
    last: i64,
) -> Result<Vec<Unmatched>, StoreError> {
    let (workflow, trigger) = target.map(receipts::columns).unwrap_or_default();
    let rows = connection.query(PAGE, &[&workflow, &trigger, &before.map(ReceiptId::uuid), &last]).await?;
    let read = |row: &Row| {
        Ok(Unmatched {
            receipt: row.get::<_, Uuid>(0).into(),
            permission: row.get(1),
            target: receipts::target(row.get(2), row.get(3))?,
            skipped: receipts::list(row.get(4))?,
            accepted_at: row.get(5),
        })
    };
    rows.iter().map(read).collect()
}

/// What the latest were to run, and how many of them, the most first.
pub async fn targets(connection: &Object) -> Result<Vec<(Target, i64)>, StoreError> {
    let rows = connection.query(TARGETS, &[&MAX_COUNTED]).await?;
    rows.iter().map(|row| Ok((receipts::target(row.get(0), row.get(1))?, row.get(2)))).collect()
}

/// Replays them, the oldest first.
pub async fn replay(connection: &mut Object, account: &str, choice: &Choice) -> Result<Replayed, StoreError> {
    let stored = permissions::load(connection).await?.value;
    let permissions = stored.iter().filter_map(|one| Permission::from_document(one).ok());
    let permissions: HashMap<PermissionKey, Permission> = permissions.map(|one| (one.key.clone(), one)).collect();
    let (mut replayed, mut behind) = (0, None);
    while replayed < MAX_AT_ONCE {
        let Some((count, last)) = replay_some(connection, account, choice, behind, &permissions).await? else { break };
        replayed += count;
        behind = Some(last);
    }
    let left = match choice {
        Choice::One(_) => 0,
        Choice::Target(target) => {
            let (workflow, trigger) = receipts::columns(target);
            connection.query_one(COUNT, &[&workflow, &trigger]).await?.get(0)
        }
    };
    Ok(Replayed { replayed, left })
}

/// Replays the next ones; tells how many, and the last of them.
async fn replay_some(
    connection: &mut Object,
    account: &str,
    choice: &Choice,
    behind: Option<ReceiptId>,
    permissions: &HashMap<PermissionKey, Permission>,
) -> Result<Option<(usize, ReceiptId)>, StoreError> {
    let transaction = connection.transaction().await?;
    let (receipt, (workflow, trigger)) = match choice {
        Choice::One(receipt) => (Some(receipt.uuid()), (None, None)),
        Choice::Target(target) => (None, receipts::columns(target)),
    };
    let rows =
        transaction.query(TAKE, &[&receipt, &workflow, &trigger, &behind.map(ReceiptId::uuid), &TOGETHER]).await?;
    let submissions = rows.iter().map(|row| submission(row, permissions)).collect::<Result<Vec<_>, _>>()?;
    let Some(last) = submissions.last() else { return Ok(None) };
    let (count, last) = (submissions.len(), last.receipt);
    // Many at once are a burst.
    let lane = if matches!(choice, Choice::One(_)) { Lane::Default } else { Lane::bulk(0) };
    put_back(&transaction, account, lane, &submissions).await?;
    transaction.commit().await?;
    Ok(Some((count, last)))
}

async fn put_back(
    transaction: &Transaction<'_>,
    account: &str,
    lane: Lane,
    submissions: &[Submission],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = submissions.iter().map(|one| one.receipt.uuid()).collect();
    transaction.execute(REMOVE, &[&ids]).await?;
    let mut messages = Vec::new();
    for one in submissions {
        let encoded = submission::encode(one)
            .map_err(|error| StoreError::Refused(format!("a stored submission cannot be encoded: {error}")))?;
        messages.push((lane, submission::bundle([encoded.as_slice()])));
        let (key, document) = (one.receipt.to_string(), json!({"permission": one.permission, "target": one.target}));
        let change = Change { account, action: "replay", kind: "receipt", key: &key, document: Some(&document) };
        audit_log::put(transaction, &change).await?;
    }
    spool::put(transaction, SUBMISSIONS_V1, &messages, 0, Duration::ZERO).await
}

/// As it was, but for the version of the settings, so that a worker knows the workflows of now. Its number has arrived,
/// and whatever key tells its duplicates is claimed by its receipt already.
fn submission(row: &Row, permissions: &HashMap<PermissionKey, Permission>) -> Result<Submission, StoreError> {
    let env: Env = parsed(row.get(5))?;
    let permission: PermissionKey =
        row.get::<_, String>(1).try_into().map_err(|_| StoreError::Refused("a stored key".into()))?;
    let reads = permissions.get(&permission).into_iter().flat_map(Permission::reads);
    let accepted_at: SystemTime = row.get(8);
    Ok(Submission {
        receipt: row.get::<_, Uuid>(0).into(),
        read: reads.filter(|name| env.get(name).is_some()).map(str::to_owned).collect(),
        permission,
        target: receipts::target(row.get(2), row.get(3))?,
        record: RecordRef::of_columns(row.get(4), row.get(12)),
        env: Arc::new(env),
        query: row.get::<_, Option<&str>>(6).map(parsed).transpose()?.unwrap_or_default(),
        request: Arc::new(receipts::unfold(row.get(7), row.get(11), accepted_at)?),
        dedupe: None,
        dropped_files: receipts::list(row.get(9))?,
        accepted_at_ms: submission::millis(accepted_at),
        settings_version: row.get(10),
        ticket: None,
        waits: false,
        traceparent: None,
        tracestate: None,
    })
}
