//! The records for people: which modules have any, a module page by page, one record with its times.

use std::time::SystemTime;

use deadpool_postgres::Object;

use super::StoreError;
use super::records::{Record, read};
use crate::id::{ModuleName, RecordId};

/// Jumps from module to module along the index instead of reading every record.
const MODULES: &str = "-- record_list::modules
WITH RECURSIVE m (module) AS (
    (SELECT module FROM records ORDER BY module LIMIT 1)
    UNION ALL
    SELECT (SELECT r.module FROM records r WHERE r.module > m.module ORDER BY r.module LIMIT 1) FROM m
    WHERE m.module IS NOT NULL
)
SELECT module FROM m WHERE module IS NOT NULL LIMIT 1000";

const PAGE: &str = "-- record_list::page
SELECT id, module, fields::text, created_at, updated_at FROM records
WHERE module = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";

const ONE: &str = "-- record_list::one
SELECT id, module, fields::text, created_at, updated_at FROM records WHERE id = $1";

const OF: &str = "-- record_list::of
SELECT id, module, fields::text, created_at, updated_at FROM records WHERE id = ANY ($1) ORDER BY id DESC";

/// A record with its times, by the database's clock.
#[derive(Debug)]
pub struct Dated {
    /// The record.
    pub record: Record,
    /// When it was created.
    pub created_at: SystemTime,
    /// When it was last changed.
    pub updated_at: SystemTime,
}

/// The modules that have records, by name.
pub async fn modules(connection: &Object) -> Result<Vec<String>, StoreError> {
    Ok(connection.query(MODULES, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// The next records of a module behind one, newest first, at most `limit`.
pub async fn page(
    connection: &Object,
    module: &ModuleName,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<Dated>, StoreError> {
    let after = after.map(RecordId::get);
    connection.query(PAGE, &[&module.as_str(), &after, &limit]).await?.iter().map(dated).collect()
}

/// Records by their ids, the newest first.
pub async fn of(connection: &Object, ids: &[RecordId]) -> Result<Vec<Dated>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    connection.query(OF, &[&ids]).await?.iter().map(dated).collect()
}

/// One record.
pub async fn one(connection: &Object, id: RecordId) -> Result<Option<Dated>, StoreError> {
    connection.query_opt(ONE, &[&id.get()]).await?.as_ref().map(dated).transpose()
}

fn dated(row: &tokio_postgres::Row) -> Result<Dated, StoreError> {
    Ok(Dated { record: read(row)?, created_at: row.get(3), updated_at: row.get(4) })
}
