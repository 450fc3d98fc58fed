//! Receipts, with what became of each.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::key_table::Table;
use super::{Filter, Found, Status};
use crate::id::{ReceiptId, WorkflowId};
use crate::record_ref::RecordRef;
use crate::search_key::{Key, Secret};
use crate::store::StoreError;
use crate::store::history::floor;
use crate::store::runs::State;

const KEYS: Table = Table { name: "search_keys", id: "receipt", others: "others" };

/// Reads what became of each receipt, receipt by receipt.
const FATES: &str = "-- receipts::fates
SELECT l.receipt, r.permission, r.workflow, r.trigger, r.duplicate_of IS NOT NULL, r.id IS NOT NULL,
    ARRAY(SELECT CASE WHEN handled_by IS NULL THEN state::text ELSE 'finished' END FROM runs
        WHERE runs.receipt = l.receipt AND replaced_by IS NULL),
    r.id IS NULL AND EXISTS (SELECT FROM dead_letters d WHERE d.receipt = l.receipt),
    coalesce(($2::text IS NULL OR r.permission = $2)
        AND ($3::bigint IS NULL OR r.workflow = $3
            OR EXISTS (SELECT FROM runs WHERE runs.receipt = l.receipt AND runs.workflow = $3))
        AND ($4::text[] IS NULL OR EXISTS (SELECT FROM unnest($4) AS part WHERE strpos(r.skipped::text, part) > 0
            OR EXISTS (SELECT FROM runs WHERE runs.receipt = l.receipt AND strpos(message, part) > 0))), false)
FROM unnest($1::uuid[]) AS l (receipt) LEFT JOIN LATERAL (
    SELECT id, permission, workflow, trigger, duplicate_of, skipped FROM receipts WHERE id = l.receipt LIMIT 1
) r ON true";

/// A receipt that was found.
#[derive(Debug)]
pub struct FoundReceipt {
    /// The permission that let it in, once a worker has taken it.
    pub permission: Option<String>,
    /// The workflow that it asks to run.
    pub workflow: Option<WorkflowId>,
    /// The trigger that it asks to fire.
    pub trigger: Option<String>,
    /// What became of it.
    pub status: Status,
}

/// Receipts that have all of these keys, older than another.
pub async fn receipts(
    transaction: &Transaction<'_>,
    hashes: &[i64],
    filter: &Filter,
    behind: Option<ReceiptId>,
    last: i64,
) -> Result<Found<ReceiptId, FoundReceipt>, StoreError> {
    if hashes.is_empty() {
        return Ok(Found::default());
    }
    let ends = [behind.map(ReceiptId::uuid), filter.to.map(floor)];
    let end = ends.into_iter().flatten().min().unwrap_or(Uuid::max());
    let start = filter.from.map_or(Uuid::nil(), floor);
    let (looked_at, parts) = (filter.looked_at(last), filter.of_message());
    let workflow = filter.workflow.map(WorkflowId::get);
    let (ids, floor) = KEYS.having(transaction, hashes, (start, end), looked_at).await?;
    let statement = transaction.prepare_cached(FATES).await?;
    let rows = transaction.query(&statement, &[&ids, &filter.permission, &workflow, &parts]).await?;
    let receipt = |row: &Row| {
        let found = read(row);
        let fits = row.get(8) && filter.status.is_none_or(|wanted| wanted == found.status);
        (row.get::<_, Uuid>(0).into(), fits.then_some(found))
    };
    Ok(Found::of(rows.iter().map(receipt).collect(), looked_at, floor.map(ReceiptId::from)))
}

fn read(row: &Row) -> FoundReceipt {
    let states: Vec<&str> = row.get(6);
    let state = State::of_all(states.iter().filter_map(|word| State::from_word(word)));
    let (is_duplicate, is_taken, is_dead): (bool, bool, bool) = (row.get(4), row.get(5), row.get(7));
    let status = match state {
        _ if is_duplicate => Status::DUPLICATE,
        Some(state) => state.into(),
        None if is_taken => Status::UNMATCHED,
        None if is_dead => Status::DEAD_LETTER,
        None => Status::QUEUED,
    };
    let workflow = row.get::<_, Option<i64>>(2).and_then(|id| id.try_into().ok());
    FoundReceipt { permission: row.get(1), workflow, trigger: row.get(3), status }
}

/// The newest receipts whose runs have created, changed, deleted or commented on a record, at most `last`.
pub async fn touching(
    transaction: &Transaction<'_>,
    secret: &Secret,
    record: &RecordRef,
    last: i64,
) -> Result<Vec<(ReceiptId, FoundReceipt)>, StoreError> {
    let found = receipts(transaction, &[secret.hash(&Key::record(record))], &Filter::default(), None, last).await?;
    Ok(Found::merged([found], last).items)
}
