//! The receipts: what was accepted. Inserting one, with all that is known of it, is the claim that makes a redelivered
//! submission harmless: of two transactions that insert the same receipt one starts again.

mod request;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{Json, Type};

use super::{Conflicts, StoreError, copy, parsed, sequence};
use crate::id::{PermissionKey, ReceiptId, WorkflowId};
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::submission::{self, Submission, Target};

pub(super) use request::unfold;

const KNOWN: &str = "-- receipts::known
SELECT id FROM receipts WHERE id = ANY ($1) AND id BETWEEN $2 AND $3";

const INSERT: &str = "-- receipts::insert
COPY receipts (id, accepted_at, settings_version, workflow, record, duplicate_of, runs, source, unmatched, waits,
    permission, trigger, ip, env, query, request, skipped, unread, unposted, dropped_files, connected)
FROM STDIN (FORMAT binary)";

/// Of the columns of [`INSERT`].
const TYPES: [Type; 21] = [
    Type::UUID,
    Type::TIMESTAMPTZ,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::UUID,
    Type::INT2,
    Type::INT2,
    Type::BOOL,
    Type::BOOL,
    Type::TEXT,
    Type::TEXT,
    Type::INET,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::TEXT,
];

const FIND: &str = "-- receipts::find
SELECT workflow, trigger, permission, accepted_at, skipped::text, duplicate_of, unread::text, unposted::text,
    dropped_files::text, postern_altered(id)
FROM receipts WHERE id = $1";

const LOCK: &str = "-- receipts::lock
SELECT FROM receipts WHERE id = $1 FOR NO KEY UPDATE";

const SKIP: &str = "-- receipts::skip
UPDATE receipts SET skipped = (coalesce(skipped::jsonb, '[]') || $2::text::jsonb)::json,
    unmatched = NOT EXISTS (SELECT FROM runs WHERE runs.receipt = $1)
WHERE id = $1";

/// The row's lock puts those in order who start more runs of one receipt. A receipt has its row with the first further run.
const ADD_RUNS: &str = "-- receipts::add_runs
INSERT INTO run_counters AS c (receipt, last)
SELECT id, runs + more.count FROM unnest($1::uuid[], $2::smallint[]) AS more (receipt, count)
JOIN receipts ON id = more.receipt AND id BETWEEN $3 AND $4
WHERE runs + more.count <= $5::int ORDER BY id
ON CONFLICT (receipt) DO UPDATE SET last = c.last + excluded.last - (SELECT runs FROM receipts WHERE id = c.receipt)
WHERE c.last + excluded.last - (SELECT runs FROM receipts WHERE id = c.receipt) <= $5::int
RETURNING receipt, last";

/// The most runs of one receipt, whoever starts them: runs that start runs are as many as they like otherwise.
pub const MAX_RUNS: i16 = 10_000;

/// A workflow that was meant and did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The workflow; none = no workflow was meant at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Why.
    #[serde(deserialize_with = "Message::of_document")]
    pub reason: Message,
}

/// A receipt as the store keeps it.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The permission that let it in.
    pub permission: PermissionKey,
    /// What was to run.
    pub target: Target,
    /// By the clock of the ingress.
    pub accepted_at: SystemTime,
    /// The workflows that did not run.
    pub skipped: Vec<Skipped>,
    /// The receipt that had the same dedupe key first; then nothing of this one runs.
    pub duplicate_of: Option<ReceiptId>,
    /// The names that did not meet.
    pub unmet: Unmet,
    /// The names of the parts whose files were left out.
    pub dropped_files: Vec<String>,
    /// The names in whose values something that is no text became U+FFFD.
    pub altered: Vec<String>,
}

/// Names of `$env` on which the caller and the workflows do not agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmet {
    /// Posted, and read by nothing that was evaluated.
    pub unread: Vec<String>,
    /// Read by something that was evaluated, and neither posted nor set.
    pub unposted: Vec<String>,
}

/// What made a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A call that a permission let in.
    Permission = 0,
    /// A schedule was due.
    Schedule = 1,
    /// A record was created, changed, commented on or deleted.
    Event = 2,
    /// A person started it.
    Person = 3,
    /// A page of the records that a search found.
    Page = 4,
}

/// A submission that was executed, with what became of it.
#[derive(Debug)]
pub struct NewReceipt<'a> {
    /// The submission.
    pub submission: &'a Submission,
    /// The record that it is about.
    pub record: Option<RecordRef>,
    /// The workflows that do not run.
    pub skipped: Vec<Skipped>,
    /// The receipt that had the same dedupe key first.
    pub duplicate_of: Option<ReceiptId>,
    /// Whether it starts nothing, although it is no duplicate.
    pub unmatched: bool,
    /// How many runs it starts in its transaction.
    pub runs: i16,
    /// The names that did not meet.
    pub unmet: Unmet,
}

/// Those of the receipts of a bundle that were inserted before: nothing of them is to be done. Without conflicts to be
/// expected nobody looks. `receipts` are in order.
pub async fn known(
    transaction: &Transaction<'_>,
    receipts: &[ReceiptId],
    conflicts: Conflicts,
) -> Result<HashSet<ReceiptId>, StoreError> {
    let (Some(least), Some(greatest)) = (receipts.first(), receipts.last()) else { return Ok(HashSet::new()) };
    if conflicts == Conflicts::Unexpected {
        return Ok(HashSet::new());
    }
    let ids: Vec<_> = receipts.iter().map(|receipt| receipt.uuid()).collect();
    let statement = transaction.prepare_cached(KNOWN).await?;
    let rows = transaction.query(&statement, &[&ids, &least.uuid(), &greatest.uuid()]).await?;
    Ok(rows.iter().map(|row| row.get::<_, uuid::Uuid>(0).into()).collect())
}

/// Adds a workflow whose run turned out not to begin, when that run is gone. Without any run the receipt is unmatched.
pub async fn skip(transaction: &Transaction<'_>, receipt: ReceiptId, skipped: &Skipped) -> Result<(), StoreError> {
    let skipped = serde_json::to_string(&[skipped]).unwrap_or_default();
    // Two runs that do not begin see each other's end.
    transaction.execute(LOCK, &[&receipt.uuid()]).await?;
    transaction.execute(SKIP, &[&receipt.uuid(), &skipped]).await?;
    Ok(())
}

/// Inserts the receipts of a bundle, which are in order, none of them twice. Waits for other transactions that are inserting
/// the same ones, and is [`StoreError::Taken`] if one of these is committed.
pub async fn insert(transaction: &Transaction<'_>, receipts: &[NewReceipt<'_>]) -> Result<(), StoreError> {
    if receipts.is_empty() {
        return Ok(());
    }
    let mut rows = pin!(copy::into(transaction, INSERT, &TYPES).await?);
    for NewReceipt { submission, record, skipped, duplicate_of, unmatched, runs, unmet } in receipts {
        let accepted_at = submission::moment(submission.accepted_at_ms);
        let (workflow, trigger) = columns(&submission.target);
        let (record, connected) = RecordRef::columns(record.as_ref());
        let address = request::fold(&submission.request, accepted_at);
        rows.as_mut()
            .write(&[
                &submission.receipt.uuid(),
                &accepted_at,
                &submission.settings_version,
                &workflow,
                &record,
                &duplicate_of.map(ReceiptId::uuid),
                runs,
                &(Source::Permission as i16),
                unmatched,
                &submission.waits,
                &submission.permission.as_str(),
                &trigger,
                &address,
                &Json(&submission.env),
                &Some(&submission.query).filter(|query| !query.0.is_empty()).map(Json),
                &Some(&submission.request).filter(|_| address.is_none()).map(Json),
                &filled(skipped),
                &filled(&unmet.unread),
                &filled(&unmet.unposted),
                &filled(&submission.dropped_files),
                &connected,
            ])
            .await
            .map_err(copy::taken)?;
    }
    rows.finish().await.map_err(copy::taken)?;
    let arrival =
        |one: &NewReceipt| Some((one.submission.ticket?, Some(submission::moment(one.submission.accepted_at_ms))));
    sequence::arrive(transaction, &receipts.iter().filter_map(arrival).collect::<Vec<_>>()).await
}

fn filled<T: Serialize>(list: &Vec<T>) -> Option<Json<&Vec<T>>> {
    Some(list).filter(|list| !list.is_empty()).map(Json)
}

/// A target as the columns `workflow` and `trigger` have it.
pub(super) fn columns(target: &Target) -> (Option<i64>, Option<&str>) {
    match target {
        Target::Workflow(id) => (Some(id.get()), None),
        Target::Trigger(key) => (None, Some(key.as_str())),
    }
}

/// The target of these columns.
pub(super) fn target(workflow: Option<i64>, trigger: Option<&str>) -> Result<Target, StoreError> {
    let target = match (workflow, trigger) {
        (Some(id), _) => id.try_into().ok().map(Target::Workflow),
        (None, trigger) => trigger.and_then(|key| key.parse().ok()).map(Target::Trigger),
    };
    target.ok_or_else(|| StoreError::Refused("a stored receipt has an unreadable target".into()))
}

/// A list of a column that is null where the list is empty.
pub(super) fn list<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<Vec<T>, StoreError> {
    text.map_or_else(|| Ok(Vec::new()), parsed)
}

/// Gives numbers to more runs of receipts, and returns the first of them; not to a receipt that would have more than
/// [`MAX_RUNS`].
pub async fn add_runs(
    transaction: &Transaction<'_>,
    wanted: &BTreeMap<ReceiptId, i16>,
) -> Result<HashMap<ReceiptId, i16>, StoreError> {
    let ids: Vec<_> = wanted.keys().map(|receipt| receipt.uuid()).collect();
    let (Some(least), Some(greatest)) = (ids.first(), ids.last()) else { return Ok(HashMap::new()) };
    let counts: Vec<i16> = wanted.values().copied().collect();
    let statement = transaction.prepare_cached(ADD_RUNS).await?;
    let rows = transaction.query(&statement, &[&ids, &counts, least, greatest, &i32::from(MAX_RUNS)]).await?;
    let first = |row: &tokio_postgres::Row| {
        let receipt: ReceiptId = row.get::<_, uuid::Uuid>(0).into();
        Some((receipt, row.get::<_, i16>(1) - wanted.get(&receipt)? + 1))
    };
    Ok(rows.iter().filter_map(first).collect())
}

/// One receipt, or nothing if no worker has taken it yet.
pub async fn find(connection: &Object, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
    let statement = connection.prepare_cached(FIND).await?;
    let Some(row) = connection.query_opt(&statement, &[&id.uuid()]).await? else {
        return Ok(None);
    };
    let permission = row.get::<_, String>(2).try_into().map_err(|_| StoreError::Refused("a stored key".into()))?;
    Ok(Some(Receipt {
        permission,
        target: target(row.get(0), row.get(1))?,
        accepted_at: row.get(3),
        skipped: list(row.get(4))?,
        duplicate_of: row.get::<_, Option<uuid::Uuid>>(5).map(ReceiptId::from),
        unmet: Unmet { unread: list(row.get(6))?, unposted: list(row.get(7))? },
        dropped_files: list(row.get(8))?,
        altered: list(row.get(9))?,
    }))
}
