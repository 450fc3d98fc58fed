//! The records of other systems that runs have created, changed, deleted or commented on: their names and times. What
//! stands in them is kept by the other system.

use std::collections::BTreeMap;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;

use super::StoreError;
use crate::record_ref::ConnectedRecord;

const NOTE: &str = "-- connected_records::note
INSERT INTO connected_records (connection, module, id, hash)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (connection, module, id) DO UPDATE SET last_at = now(), hash = excluded.hash, gone_at = NULL";

/// When it was seen first that it is gone.
const NOTE_GONE: &str = "-- connected_records::note_gone
UPDATE connected_records c SET gone_at = now() FROM unnest($1::text[], $2::text[], $3::text[]) AS g (connection, module, id)
WHERE c.connection = g.connection AND c.module = g.module AND c.id = g.id AND c.gone_at IS NULL";

const MODULES: &str = "-- connected_records::modules
WITH RECURSIVE m (connection, module) AS (
    (SELECT connection, module FROM connected_records ORDER BY connection, module LIMIT 1)
    UNION ALL
    SELECT next.connection, next.module FROM m, LATERAL (SELECT r.connection, r.module FROM connected_records r
        WHERE (r.connection, r.module) > (m.connection, m.module) ORDER BY r.connection, r.module LIMIT 1) next
)
SELECT connection, module FROM m LIMIT 1000";

const PAGE: &str = "-- connected_records::page
SELECT number, id, first_at, last_at, gone_at FROM connected_records
WHERE connection = $1 AND module = $2 AND ($3::bigint IS NULL OR number < $3) ORDER BY number DESC LIMIT $4";

const ONE: &str = "-- connected_records::one
SELECT number, id, first_at, last_at, gone_at FROM connected_records
WHERE connection = $1 AND module = $2 AND id = $3";

/// A record that runs have touched.
#[derive(Debug, Clone)]
pub struct Touched {
    /// The place in the order in which runs touched them first.
    pub number: i64,
    /// The id that the other system gave to it.
    pub id: String,
    /// When a run touched it first.
    pub first_at: SystemTime,
    /// When a run touched it last.
    pub last_at: SystemTime,
    /// When a run saw that the other system does not show it any more; none = no run did.
    pub gone_at: Option<SystemTime>,
}

/// Notes that runs have touched these records, each with the hash by which receipts that touched it are found.
pub async fn note<'r>(
    transaction: &Transaction<'_>,
    records: impl IntoIterator<Item = (&'r ConnectedRecord, i64)>,
) -> Result<(), StoreError> {
    // Each once: one statement must not change a row twice. The order keeps two from waiting for each other.
    let records: BTreeMap<&ConnectedRecord, i64> = records.into_iter().collect();
    if records.is_empty() {
        return Ok(());
    }
    let [connections, modules, ids] = columns(records.keys().copied());
    let hashes: Vec<i64> = records.into_values().collect();
    let statement = transaction.prepare_cached(NOTE).await?;
    transaction.execute(&statement, &[&connections, &modules, &ids, &hashes]).await?;
    Ok(())
}

/// Notes of these records, as far as runs have touched them, that they are gone.
pub async fn note_gone(transaction: &Transaction<'_>, records: &[ConnectedRecord]) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let [connections, modules, ids] = columns(records);
    let statement = transaction.prepare_cached(NOTE_GONE).await?;
    transaction.execute(&statement, &[&connections, &modules, &ids]).await?;
    Ok(())
}

fn columns<'r>(records: impl IntoIterator<Item = &'r ConnectedRecord>) -> [Vec<&'r str>; 3] {
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for ConnectedRecord { connection, module, id } in records {
        for (column, text) in columns.iter_mut().zip([connection.as_str(), module.as_str(), id.as_str()]) {
            column.push(text);
        }
    }
    columns
}

/// The connections and modules of which there are any, in order.
pub async fn modules(connection: &Object) -> Result<Vec<(String, String)>, StoreError> {
    Ok(connection.query(MODULES, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The next records of a module behind a number, the newest first, at most `limit`.
pub async fn page(
    connection: &Object,
    (name, module): (&str, &str),
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Touched>, StoreError> {
    Ok(connection.query(PAGE, &[&name, &module, &after, &limit]).await?.iter().map(touched).collect())
}

/// One record.
pub async fn one(connection: &Object, record: &ConnectedRecord) -> Result<Option<Touched>, StoreError> {
    let ConnectedRecord { connection: name, module, id } = record;
    let row = connection.query_opt(ONE, &[&name.as_str(), &module.as_str(), &id.as_str()]).await?;
    Ok(row.as_ref().map(touched))
}

fn touched(row: &Row) -> Touched {
    Touched { number: row.get(0), id: row.get(1), first_at: row.get(2), last_at: row.get(3), gone_at: row.get(4) }
}
