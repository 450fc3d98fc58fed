//! The digest: what a transaction committed becomes search keys afterwards, in small parts. A part and its removal from the
//! queue are one transaction, so each row is digested once. One process at a time digests: of two that read a record the
//! later one must write last.

use std::pin::pin;

use deadpool_postgres::{Object, Transaction};
use futures_util::TryStreamExt;
use tokio_postgres::types::{FromSqlOwned, ToSql, Type};
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

/// The rows of a part of the queue.
#[derive(Debug)]
pub struct Part {
    /// The receipts that were inserted.
    receipts: Vec<Uuid>,
    /// The records that were touched, with those that are gone, in order.
    records: Vec<i64>,
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
    let receipts = rows.iter().flat_map(|row| row.get::<_, Vec<Uuid>>(0)).collect();
    let mut records: Vec<i64> = rows.iter().flat_map(|row| row.get::<_, Vec<i64>>(1)).collect();
    records.sort_unstable();
    records.dedup();
    Ok(Some(Part { receipts, records }))
}

/// Writes the hashes of what was posted and of the records as they are now. One document at a time is in memory.
pub async fn write(
    transaction: &Transaction<'_>,
    part: &Part,
    hashes: impl Fn(&Env) -> Vec<i64>,
) -> Result<(), StoreError> {
    let Part { receipts, records } = part;
    if let (Some(least), Some(greatest)) = (receipts.iter().min(), receipts.iter().max()) {
        let found = hashed::<Uuid>(transaction, RECEIPTS, &[receipts, least, greatest], &hashes).await?;
        copied(transaction, ADD_RECEIPTS, Type::UUID, found).await?;
    }
    let statement = transaction.prepare_cached(FORGET_RECORDS).await?;
    transaction.execute(&statement, &[records]).await?;
    let found = hashed::<i64>(transaction, RECORDS, &[records], &hashes).await?;
    copied(transaction, ADD_RECORDS, Type::INT8, found).await
}

/// The ids of rows, each with the hashes of its document.
async fn hashed<I: FromSqlOwned>(
    transaction: &Transaction<'_>,
    query: &str,
    parameters: &[&(dyn ToSql + Sync)],
    hashes: impl Fn(&Env) -> Vec<i64>,
) -> Result<Vec<(I, Vec<i64>)>, StoreError> {
    let statement = transaction.prepare_cached(query).await?;
    let mut rows = pin!(transaction.query_raw(&statement, parameters.iter().copied()).await?);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        found.push((row.get(0), hashes(&parsed(row.get(1))?)));
    }
    Ok(found)
}

async fn copied<I: ToSql + Sync>(
    transaction: &Transaction<'_>,
    statement: &str,
    id: Type,
    found: Vec<(I, Vec<i64>)>,
) -> Result<(), StoreError> {
    let mut rows = pin!(copy::into(transaction, statement, &[id, Type::INT8]).await?);
    for (id, hashes) in &found {
        for hash in hashes {
            rows.as_mut().write(&[id, hash]).await?;
        }
    }
    rows.finish().await?;
    Ok(())
}

/// For how many seconds the oldest row has waited.
pub async fn lag(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(LAG, &[]).await?.get(0))
}
