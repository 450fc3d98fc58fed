//! Receipts and records by what was posted or is stored in them, as far as it is digested.

use deadpool_postgres::Object;
use uuid::Uuid;

use super::StoreError;
use crate::id::{ReceiptId, RecordId};

/// Begins with the key of `$1`, which has an index entry for each receipt, the newest first.
const RECEIPTS: &str = "-- finding::receipts
SELECT receipt FROM search_keys k WHERE hash = $1 AND (
    SELECT count(DISTINCT hash) FROM search_keys other WHERE other.receipt = k.receipt AND other.hash = ANY ($2)
) = cardinality($2) ORDER BY receipt DESC LIMIT $3";

const RECORDS: &str = "-- finding::records
SELECT record, module FROM (
    SELECT record FROM record_keys k WHERE hash = $1 AND (
        SELECT count(DISTINCT hash) FROM record_keys other WHERE other.record = k.record AND other.hash = ANY ($2)
    ) = cardinality($2) ORDER BY record DESC LIMIT $3
) found JOIN records ON id = record ORDER BY record DESC";

/// The newest receipts that have all of these keys, newest first, at most `last`.
pub async fn receipts(connection: &Object, hashes: &[i64], last: i64) -> Result<Vec<ReceiptId>, StoreError> {
    let Some(first) = hashes.first() else { return Ok(Vec::new()) };
    let rows = connection.query(RECEIPTS, &[first, &hashes, &last]).await?;
    Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
}

/// The newest records that have all of these keys, with their modules, newest first, at most `last`.
pub async fn records(connection: &Object, hashes: &[i64], last: i64) -> Result<Vec<(RecordId, String)>, StoreError> {
    let Some(first) = hashes.first() else { return Ok(Vec::new()) };
    let rows = connection.query(RECORDS, &[first, &hashes, &last]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.get::<_, i64>(0).try_into().ok()?, row.get(1)))).collect())
}
