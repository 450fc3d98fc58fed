//! Records by what they are now.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::{Filter, Found};
use crate::id::RecordId;
use crate::store::StoreError;

const FOUND: &str = "-- records::found
SELECT l.record, r.module, r.updated_at,
    r.id IS NOT NULL AND ($5::timestamptz IS NULL OR r.updated_at >= $5) AND ($6::timestamptz IS NULL OR r.updated_at < $6)
FROM (
    SELECT DISTINCT record FROM record_keys k
    WHERE hash = $1 AND record < $3 AND NOT EXISTS (
        SELECT FROM unnest($2::bigint[]) AS wanted WHERE wanted <> $1 AND NOT EXISTS (
            SELECT FROM record_keys other WHERE other.hash = wanted AND other.record = k.record))
    ORDER BY record DESC LIMIT $4
) l LEFT JOIN LATERAL (SELECT id, module, updated_at FROM records WHERE id = l.record LIMIT 1) r ON true
ORDER BY l.record DESC";

/// A record that was found.
#[derive(Debug)]
pub struct FoundRecord {
    /// Its module.
    pub module: String,
    /// When it was last changed.
    pub updated_at: SystemTime,
}

/// Records that have all of these keys, older than another. Of a filter the time alone counts, which is that of the last
/// change.
pub async fn records(
    transaction: &Transaction<'_>,
    hashes: &[i64],
    filter: &Filter,
    behind: Option<RecordId>,
    last: i64,
) -> Result<Found<RecordId, FoundRecord>, StoreError> {
    let Some(first) = hashes.first().filter(|_| !filter.is_of_calls()) else { return Ok(Found::default()) };
    let (end, looked_at) = (behind.map_or(i64::MAX, RecordId::get), filter.looked_at(last));
    let statement = transaction.prepare_cached(FOUND).await?;
    let rows = transaction.query(&statement, &[first, &hashes, &end, &looked_at, &filter.from, &filter.to]).await?;
    let record = |row: &Row| {
        let id = RecordId::try_from(row.get::<_, i64>(0));
        let id = id.map_err(|error| StoreError::Refused(format!("a stored record: {error}")))?;
        let is_one = row.get::<_, bool>(3);
        Ok((id, is_one.then(|| FoundRecord { module: row.get(1), updated_at: row.get(2) })))
    };
    Ok(Found::of(rows.iter().map(record).collect::<Result<_, StoreError>>()?, looked_at))
}
