//! The receipts: what was accepted. Inserting one is the claim that makes a redelivered submission harmless.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{Json, Type};

use super::{Conflicts, StoreError, copy, parsed, sequence};
use crate::id::{PermissionKey, ReceiptId, WorkflowId};
use crate::message::Message;
use crate::submission::{Submission, Target};

const CLAIM: &str = "-- receipts::claim
INSERT INTO receipts
    (id, permission, target, record, env, query, request, accepted_at, settings_version, skipped, duplicate_of,
    unmatched, dropped_files, places, waits)
SELECT id, permission, target::json, record, env::json, query::json, request::json, accepted_at, settings_version,
    skipped::json, duplicate_of, unmatched, dropped_files::json, places, waits
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::bigint[], $10::text[], $11::uuid[], $12::boolean[], $13::text[], $14::int[], $15::boolean[])
    AS s (id, permission, target, record, env, query, request, accepted_at, settings_version, skipped, duplicate_of,
        unmatched, dropped_files, places, waits)
ORDER BY id
ON CONFLICT (id) DO NOTHING
RETURNING id";

const CLAIM_NEW: &str = "-- receipts::claim_new
COPY receipts (id, permission, target, record, env, query, request, accepted_at, settings_version, skipped, duplicate_of,
    unmatched, dropped_files, places, waits)
FROM STDIN (FORMAT binary)";

/// Of the columns of [`CLAIM_NEW`].
const TYPES: [Type; 15] = [
    Type::UUID,
    Type::TEXT,
    Type::JSON,
    Type::INT8,
    Type::JSON,
    Type::JSON,
    Type::JSON,
    Type::TIMESTAMPTZ,
    Type::INT8,
    Type::JSON,
    Type::UUID,
    Type::BOOL,
    Type::JSON,
    Type::INT4,
    Type::BOOL,
];

const FIND: &str = "-- receipts::find
SELECT permission, target::text, accepted_at, skipped::text, duplicate_of, unread::text, unposted::text,
    dropped_files::text, coalesce(postern_altered(id), '[]')
FROM receipts WHERE id = $1";

/// The range lets PostgreSQL leave out the partitions of other weeks.
const NOTE_UNMET: &str = "-- receipts::note_unmet
UPDATE receipts SET unread = noted.unread::json, unposted = noted.unposted::json
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS noted (receipt, unread, unposted)
WHERE id = noted.receipt AND id BETWEEN $4 AND $5";

/// The range as above. The row's lock puts those in order who start more runs of one receipt.
const ADD_PLACES: &str = "-- receipts::add_places
UPDATE receipts SET places = places + more.count FROM unnest($1::uuid[], $2::int[]) AS more (receipt, count)
WHERE id = more.receipt AND id BETWEEN $3 AND $4 AND places + more.count <= $5
RETURNING id, places - more.count + 1";

/// The most runs of one receipt, whoever starts them: runs that start runs are as many as they like otherwise.
pub const MAX_RUNS: i32 = 10_000;

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

/// A submission to claim, with what is known of it before it runs.
#[derive(Debug)]
pub struct NewReceipt<'a> {
    /// The submission.
    pub submission: &'a Submission,
    /// The workflows that will not run.
    pub skipped: Vec<Skipped>,
    /// The receipt that had the same dedupe key first.
    pub duplicate_of: Option<ReceiptId>,
    /// Whether it starts nothing, although it is no duplicate.
    pub unmatched: bool,
    /// How many runs it starts.
    pub places: usize,
}

/// Claims the submissions of a bundle, in the order of their receipts, and returns those that nobody had claimed.
/// Waits for other transactions that are claiming the same ones. `claims` stand in that order, and name no receipt twice.
pub async fn claim(
    transaction: &Transaction<'_>,
    claims: &[NewReceipt<'_>],
    conflicts: Conflicts,
) -> Result<HashSet<ReceiptId>, StoreError> {
    let claimed = match conflicts {
        Conflicts::Expected => claim_any(transaction, claims).await?,
        Conflicts::Unexpected => claim_new(transaction, claims).await?,
    };
    let arrival = |one: &NewReceipt| Some((one.submission.ticket?, Some(time(one.submission.accepted_at_ms))));
    sequence::arrive(transaction, &claims.iter().filter_map(arrival).collect::<Vec<_>>()).await?;
    Ok(claimed)
}

async fn claim_any(transaction: &Transaction<'_>, claims: &[NewReceipt<'_>]) -> Result<HashSet<ReceiptId>, StoreError> {
    let column = |pick: fn(&Submission) -> String| claims.iter().map(|one| pick(one.submission)).collect::<Vec<_>>();
    let ids: Vec<_> = claims.iter().map(|one| one.submission.receipt.uuid()).collect();
    let records: Vec<_> = claims.iter().map(|one| one.submission.record.map(i64::from)).collect();
    let times: Vec<_> = claims.iter().map(|one| time(one.submission.accepted_at_ms)).collect();
    let versions: Vec<_> = claims.iter().map(|one| one.submission.settings_version).collect();
    let skipped: Vec<_> = claims.iter().map(|one| serde_json::json!(one.skipped).to_string()).collect();
    let statement = transaction.prepare_cached(CLAIM).await?;
    let rows = transaction
        .query(
            &statement,
            &[
                &ids,
                &column(|one| one.permission.to_string()),
                &column(|one| serde_json::json!(one.target).to_string()),
                &records,
                &column(|one| one.env.to_string()),
                &column(|one| one.query.to_string()),
                &column(|one| one.request.to_string()),
                &times,
                &versions,
                &skipped,
                &claims.iter().map(|one| one.duplicate_of.map(ReceiptId::uuid)).collect::<Vec<_>>(),
                &claims.iter().map(|one| one.unmatched).collect::<Vec<_>>(),
                &column(|one| serde_json::json!(one.dropped_files).to_string()),
                &claims.iter().map(|one| i32::try_from(one.places).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
                &claims.iter().map(|one| one.submission.waits).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| ReceiptId::from(row.get::<_, uuid::Uuid>(0))).collect())
}

async fn claim_new(transaction: &Transaction<'_>, claims: &[NewReceipt<'_>]) -> Result<HashSet<ReceiptId>, StoreError> {
    let mut rows = pin!(copy::into(transaction, CLAIM_NEW, &TYPES).await?);
    for NewReceipt { submission, skipped, duplicate_of, unmatched, places } in claims {
        let places = i32::try_from(*places).unwrap_or(i32::MAX);
        rows.as_mut()
            .write(&[
                &submission.receipt.uuid(),
                &submission.permission.as_str(),
                &Json(&submission.target),
                &submission.record.map(i64::from),
                &Json(&submission.env),
                &Json(&submission.query),
                &Json(&submission.request),
                &time(submission.accepted_at_ms),
                &submission.settings_version,
                &Json(skipped),
                &duplicate_of.map(ReceiptId::uuid),
                unmatched,
                &Json(&submission.dropped_files),
                &places,
                &submission.waits,
            ])
            .await
            .map_err(copy::taken)?;
    }
    rows.finish().await.map_err(copy::taken)?;
    Ok(claims.iter().map(|one| one.submission.receipt).collect())
}

/// Notes the names that did not meet, on receipts that this transaction claimed.
pub async fn note_unmet(transaction: &Transaction<'_>, noted: &[(ReceiptId, Unmet)]) -> Result<(), StoreError> {
    let ids: Vec<_> = noted.iter().map(|(receipt, _)| receipt.uuid()).collect();
    let (Some(least), Some(greatest)) = (ids.iter().min(), ids.iter().max()) else { return Ok(()) };
    let column = |pick: fn(&Unmet) -> &Vec<String>| {
        noted.iter().map(|(_, unmet)| serde_json::json!(pick(unmet)).to_string()).collect::<Vec<_>>()
    };
    let statement = transaction.prepare_cached(NOTE_UNMET).await?;
    let (unread, unposted) = (column(|unmet| &unmet.unread), column(|unmet| &unmet.unposted));
    transaction.execute(&statement, &[&ids, &unread, &unposted, least, greatest]).await?;
    Ok(())
}

/// Gives places to more runs of receipts, and tells the first of them; not to a receipt that would have more than
/// [`MAX_RUNS`].
pub async fn add_places(
    transaction: &Transaction<'_>,
    wanted: &BTreeMap<ReceiptId, i32>,
) -> Result<HashMap<ReceiptId, i32>, StoreError> {
    let ids: Vec<_> = wanted.keys().map(|receipt| receipt.uuid()).collect();
    let (Some(least), Some(greatest)) = (ids.first(), ids.last()) else { return Ok(HashMap::new()) };
    let counts: Vec<i32> = wanted.values().copied().collect();
    let rows = transaction.query(ADD_PLACES, &[&ids, &counts, least, greatest, &MAX_RUNS]).await?;
    Ok(rows.iter().map(|row| (row.get::<_, uuid::Uuid>(0).into(), row.get(1))).collect())
}

/// One receipt, or nothing if no worker has taken it yet.
pub async fn find(connection: &Object, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
    let statement = connection.prepare_cached(FIND).await?;
    let Some(row) = connection.query_opt(&statement, &[&id.uuid()]).await? else {
        return Ok(None);
    };
    let permission = row.get::<_, String>(0).try_into().map_err(|_| StoreError::Refused("a stored key".into()))?;
    Ok(Some(Receipt {
        permission,
        target: parsed(row.get(1))?,
        accepted_at: row.get(2),
        skipped: parsed(row.get(3))?,
        duplicate_of: row.get::<_, Option<uuid::Uuid>>(4).map(ReceiptId::from),
        unmet: Unmet { unread: parsed(row.get(5))?, unposted: parsed(row.get(6))? },
        dropped_files: parsed(row.get(7))?,
        altered: parsed(row.get(8))?,
    }))
}

fn time(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
