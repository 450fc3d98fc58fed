//! The digest: what a transaction committed becomes search keys and statistics afterwards, in small parts. A part and its
//! removal from the queue are one transaction, so each row is digested once. One process at a time digests: of two that
//! read a record the later one must write last.

mod keys;

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;
use uuid::Uuid;

use super::failure_groups::{FailureCount, Failures};
use super::statistics::{Counted, StepCount};
use super::{StoreError, parsed};
use crate::id::{ReceiptId, RecordId};
use crate::record_ref::{ConnectedRecord, RecordRef};
use crate::search_key::Secret;
pub use keys::write;

const ENQUEUE: &str = "-- digest::enqueue
INSERT INTO digest_queue (receipts, records, touching, touched, touching_connected, touched_connected, steps, failures,
    gone_connected)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const SECRET: &str = "-- digest::secret
SELECT key FROM search_secret";

/// Until the end of the transaction no other process digests.
const ALONE: &str = "-- digest::alone
SELECT pg_try_advisory_xact_lock(hashtext('postern_digest'))";

const NEXT: &str = "-- digest::next
DELETE FROM digest_queue WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(cardinality(receipts)) OVER (ORDER BY id) - cardinality(receipts) AS before
        FROM (SELECT id, receipts FROM digest_queue ORDER BY id LIMIT $1) oldest
    ) counted WHERE before < $2)
RETURNING receipts, records, touching, touched, refused_bodies, dead_letters, date_trunc('hour', at, 'UTC'),
    steps::text, touching_connected, touched_connected, failures::text, gone_connected";

const LAG: &str = "-- digest::lag
SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::bigint
FROM (SELECT at FROM digest_queue ORDER BY id LIMIT 1) oldest";

/// The rows of the queue that are digested together: each is a bundle, which may be as small as one lead.
const MAX_ROWS: i64 = 256;

/// Of so many leads no further bundle is taken.
const MAX_LEADS: i64 = 2_000;

/// What a transaction commits that is to be digested.
#[derive(Debug, Default)]
pub struct Committed {
    /// The receipts that it inserts.
    pub receipts: Vec<ReceiptId>,
    /// The records that it creates, changes or deletes.
    pub records: Vec<RecordId>,
    /// Which receipts did something to which records.
    pub touched: Vec<(ReceiptId, RecordRef)>,
    /// The records of other systems of which its runs have seen that they are not there any more.
    pub gone: Vec<ConnectedRecord>,
    /// The steps that its runs took, whether their workflows keep a log or not.
    pub steps: Counted,
    /// The runs that failed, and those that count as failed no longer.
    pub failures: Failures,
}

/// The rows of a part of the queue.
#[derive(Debug)]
pub struct Part {
    /// The receipts that were inserted.
    receipts: Vec<Uuid>,
    /// The records that were touched, with those that are gone, in order.
    records: Vec<i64>,
    /// Which receipts did something to which records.
    touched: Vec<(Uuid, RecordRef)>,
    /// The records of other systems that are not there any more.
    gone: Vec<ConnectedRecord>,
    /// The refused bodies that were kept.
    refused_bodies: Vec<i64>,
    /// The dead letters that were kept.
    dead_letters: Vec<i64>,
    /// The steps that were taken, each with its hour.
    steps: Vec<(SystemTime, StepCount)>,
    /// The changes of groups of failed runs.
    failures: Vec<FailureCount>,
}

/// Notes what a transaction commits.
pub async fn enqueue(transaction: &Transaction<'_>, committed: &Committed) -> Result<(), StoreError> {
    let Committed { receipts, records, touched, gone, steps, failures } = committed;
    let (steps, failures) = (steps.encoded(), failures.encoded());
    let is_empty = receipts.is_empty() && records.is_empty() && touched.is_empty() && gone.is_empty();
    if is_empty && steps.is_none() && failures.is_none() {
        return Ok(());
    }
    let receipts: Vec<Uuid> = receipts.iter().map(|receipt| receipt.uuid()).collect();
    let records: Vec<i64> = records.iter().map(|record| record.get()).collect();
    let own = touched.iter().filter_map(|(receipt, record)| Some((receipt.uuid(), record.own()?.get())));
    let (touching, own): (Vec<Uuid>, Vec<i64>) = own.unzip();
    let connected =
        touched.iter().filter_map(|(receipt, record)| Some((receipt.uuid(), record.connected()?.to_string())));
    let (touching_connected, connected): (Vec<Uuid>, Vec<String>) = connected.unzip();
    let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let statement = transaction.prepare_cached(ENQUEUE).await?;
    transaction
        .execute(
            &statement,
            &[&receipts, &records, &touching, &own, &touching_connected, &connected, &steps, &failures, &gone],
        )
        .await?;
    Ok(())
}

/// The secret key of the hashes.
pub async fn secret(connection: &Object) -> Result<Secret, StoreError> {
    let key: Vec<u8> = connection.query_one(SECRET, &[]).await?.get(0);
    let key: Result<[u8; 32], _> = key.try_into();
    key.map(Secret::from).map_err(|_| StoreError::Refused("the key of the search has another length".into()))
}

/// Takes the oldest rows of the queue; none = there are none, or another process digests.
pub async fn next(transaction: &Transaction<'_>) -> Result<Option<Part>, StoreError> {
    if !transaction.query_one(ALONE, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let statement = transaction.prepare_cached(NEXT).await?;
    let rows = transaction.query(&statement, &[&MAX_ROWS, &MAX_LEADS]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut records = all::<i64>(&rows, 1);
    records.sort_unstable();
    records.dedup();
    let own = all::<Uuid>(&rows, 2).into_iter().zip(all::<i64>(&rows, 3));
    let own = own.filter_map(|(receipt, id)| Some((receipt, RecordRef::of_columns(Some(id), None)?)));
    let connected = all::<Uuid>(&rows, 8).into_iter().zip(all::<String>(&rows, 9));
    let connected = connected.filter_map(|(receipt, record)| Some((receipt, record.parse().ok()?)));
    let touched = own.chain(connected).collect();
    let (refused_bodies, dead_letters) = (all(&rows, 4), all(&rows, 5));
    let (mut steps, mut failures) = (Vec::new(), Vec::new());
    for row in &rows {
        if let Some(text) = row.get(10) {
            failures.extend(parsed::<Vec<FailureCount>>(text)?);
        }
        if let Some(text) = row.get(7) {
            let counted: Vec<StepCount> = parsed(text)?;
            steps.extend(counted.into_iter().map(|one| (row.get(6), one)));
        }
    }
    let gone = all::<String>(&rows, 11).iter().filter_map(|record| record.parse().ok()).collect();
    Ok(Some(Part { receipts: all(&rows, 0), records, touched, gone, refused_bodies, dead_letters, steps, failures }))
}

/// The items of a column of lists.
fn all<T: FromSqlOwned>(rows: &[Row], column: usize) -> Vec<T>
where
    Vec<T>: FromSqlOwned,
{
    rows.iter().flat_map(|row| row.get::<_, Vec<T>>(column)).collect()
}

/// For how many seconds the oldest row has waited.
pub async fn lag(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(LAG, &[]).await?.get(0))
}
