//! The digest: what a transaction committed becomes search keys afterwards, in small parts. A part and its removal from the
//! queue are one transaction, so each row is digested once. One process at a time digests: of two that read a record the
//! later one must write last.

use std::pin::pin;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{StoreError, copy, parsed};
use crate::env::Env;
use crate::id::{ReceiptId, RecordId};
use crate::search_key::Secret;

const ENQUEUE: &str = "-- digest::enqueue
INSERT INTO digest_queue (receipts, records) VALUES ($1, $2)";

const SECRET: &str = "-- digest::secret
SELECT key FROM search_secret";

/// Until the end of the transaction no other process digests.
const ALONE: &str = "-- digest::alone
SELECT pg_try_advisory_xact_lock(hashtext('postern_digest'))";

const NEXT: &str = "-- digest::next
DELETE FROM digest_queue WHERE id IN (SELECT id FROM digest_queue ORDER BY id LIMIT $1) RETURNING receipts, records";

/// The range lets PostgreSQL leave out the partitions of other weeks.
const RECEIPTS: &str = "-- digest::receipts
SELECT id, env::text FROM receipts WHERE id = ANY ($1) AND id BETWEEN $2 AND $3";

const RECORDS: &str = "-- digest::records
SELECT id, fields::text FROM records WHERE id = ANY ($1)";

const ADD_RECEIPTS: &str = "-- digest::add_receipts
COPY search_keys (receipt, hash) FROM STDIN (FORMAT binary)";

const FORGET_RECORDS: &str = "-- digest::forget_records
DELETE FROM record_keys WHERE record = ANY ($1)";

const ADD_RECORDS: &str = "-- digest::add_records
COPY record_keys (record, hash) FROM STDIN (FORMAT binary)";

const LAG: &str = "-- digest::lag
SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::bigint
FROM (SELECT at FROM digest_queue ORDER BY id LIMIT 1) oldest";

/// What is to be digested together.
#[derive(Debug)]
pub struct Part {
    /// The receipts, with what was posted.
    pub receipts: Vec<(ReceiptId, Env)>,
    /// The records as they are now.
    pub records: Vec<(RecordId, Env)>,
    /// All records whose keys are made anew, with those that are gone.
    touched: Vec<i64>,
}

/// Notes what a transaction commits.
pub async fn enqueue(
    transaction: &Transaction<'_>,
    receipts: &[ReceiptId],
    records: impl Iterator<Item = RecordId>,
) -> Result<(), StoreError> {
    let receipts: Vec<Uuid> = receipts.iter().map(|receipt| receipt.uuid()).collect();
    let records: Vec<i64> = records.map(RecordId::get).collect();
    if !(receipts.is_empty() && records.is_empty()) {
        let statement = transaction.prepare_cached(ENQUEUE).await?;
        transaction.execute(&statement, &[&receipts, &records]).await?;
    }
    Ok(())
}

/// The secret key of the hashes.
pub async fn secret(connection: &Object) -> Result<Secret, StoreError> {
    let key: Vec<u8> = connection.query_one(SECRET, &[]).await?.get(0);
    let key: Result<[u8; 32], _> = key.try_into();
    key.map(Secret::from).map_err(|_| StoreError::Refused("the key of the search has another length".into()))
}

/// Takes the oldest rows of the queue; none = there are none, or another process digests.
pub async fn next(transaction: &Transaction<'_>, rows: i64) -> Result<Option<Part>, StoreError> {
    if !transaction.query_one(ALONE, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let statement = transaction.prepare_cached(NEXT).await?;
    let rows = transaction.query(&statement, &[&rows]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let receipts: Vec<Uuid> = rows.iter().flat_map(|row| row.get::<_, Vec<Uuid>>(0)).collect();
    let mut touched: Vec<i64> = rows.iter().flat_map(|row| row.get::<_, Vec<i64>>(1)).collect();
    touched.sort_unstable();
    touched.dedup();
    let mut part = Part { receipts: Vec::new(), records: Vec::new(), touched };
    if let (Some(least), Some(greatest)) = (receipts.iter().min(), receipts.iter().max()) {
        let statement = transaction.prepare_cached(RECEIPTS).await?;
        for row in transaction.query(&statement, &[&receipts, least, greatest]).await? {
            part.receipts.push((row.get::<_, Uuid>(0).into(), parsed(row.get(1))?));
        }
    }
    let statement = transaction.prepare_cached(RECORDS).await?;
    for row in transaction.query(&statement, &[&part.touched]).await? {
        let id = row.get::<_, i64>(0).try_into();
        let id = id.map_err(|error| StoreError::Refused(format!("a stored record: {error}")))?;
        part.records.push((id, parsed(row.get(1))?));
    }
    Ok(Some(part))
}

/// Writes the keys of a part.
pub async fn finish(
    transaction: &Transaction<'_>,
    part: &Part,
    receipts: &[(ReceiptId, i64)],
    records: &[(RecordId, i64)],
) -> Result<(), StoreError> {
    let mut rows = pin!(copy::into(transaction, ADD_RECEIPTS, &[Type::UUID, Type::INT8]).await?);
    for (receipt, hash) in receipts {
        rows.as_mut().write(&[&receipt.uuid(), hash]).await?;
    }
    rows.finish().await?;
    let statement = transaction.prepare_cached(FORGET_RECORDS).await?;
    transaction.execute(&statement, &[&part.touched]).await?;
    let mut rows = pin!(copy::into(transaction, ADD_RECORDS, &[Type::INT8, Type::INT8]).await?);
    for (record, hash) in records {
        rows.as_mut().write(&[&record.get(), hash]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// For how many seconds the oldest row has waited.
pub async fn lag(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(LAG, &[]).await?.get(0))
}
