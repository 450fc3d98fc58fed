//! Records by what they are now.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::key_table::Table;
use super::{Filter, Found};
use crate::id::RecordId;
use crate::store::StoreError;

const KEYS: Table = Table { name: "record_keys", id: "record", others: Table::NO_OTHERS };

const NOW: &str = "-- records::now
SELECT l.record, r.module, r.updated_at,
    r.id IS NOT NULL AND ($2::timestamptz IS NULL OR r.updated_at >= $2) AND ($3::timestamptz IS NULL OR r.updated_at < $3)
FROM unnest($1::bigint[]) AS l (record)
LEFT JOIN LATERAL (SELECT id, module, updated_at FROM records WHERE id = l.record LIMIT 1) r ON true";

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
    if hashes.is_empty() || filter.is_of_calls() {
        return Ok(Found::default());
    }
    let (end, looked_at) = (behind.map_or(i64::MAX, RecordId::get), filter.looked_at(last));
    let (ids, floor) = KEYS.having(transaction, hashes, (i64::MIN, end), looked_at).await?;
    let statement = transaction.prepare_cached(NOW).await?;
    let rows = transaction.query(&statement, &[&ids, &filter.from, &filter.to]).await?;
    let record = |row: &Row| {
        let id = place(row.get(0))?;
        let is_one = row.get::<_, bool>(3);
        Ok((id, is_one.then(|| FoundRecord { module: row.get(1), updated_at: row.get(2) })))
    };
    let floor = floor.map(place).transpose()?;
    Ok(Found::of(rows.iter().map(record).collect::<Result<_, StoreError>>()?, looked_at, floor))
}

fn place(id: i64) -> Result<RecordId, StoreError> {
    RecordId::try_from(id).map_err(|error| StoreError::Refused(format!("a stored record: {error}")))
}
