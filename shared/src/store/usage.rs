//! How large the tables are: bytes with indexes, and rows as PostgreSQL estimates them. The partitions of a table are one
//! table here, and its weeks tell how much comes each day.

use std::time::SystemTime;

use deadpool_postgres::Object;

use super::StoreError;
use crate::id::ReceiptId;

/// The latest week of a table that has rows tells how much comes each day.
const TABLES: &str = "-- usage::tables
WITH parts AS (
    SELECT coalesce(parent.relname, c.relname)::text AS name, c.relname::text AS part, c.oid,
        pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::bigint AS rows
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
), weeks AS (
    SELECT t.relname::text AS name, w.part, w.low, w.high
    FROM pg_partitioned_table p JOIN pg_class t ON t.oid = p.partrelid, LATERAL postern_weeks(t.relname::text) w
    WHERE t.relnamespace = current_schema()::regnamespace
), latest AS (
    SELECT DISTINCT ON (w.name) w.name, p.bytes, p.rows,
        least(7, extract(epoch FROM now()) / 86400 - postern_day(w.low))::float8 AS days
    FROM weeks w JOIN parts p USING (part) WHERE p.rows > 0 AND postern_day(w.low) < extract(epoch FROM now()) / 86400
    ORDER BY w.name, w.low DESC
), oldest AS (
    SELECT DISTINCT ON (w.name) w.name, w.high, p.bytes, p.rows FROM weeks w JOIN parts p USING (part)
    ORDER BY w.name, w.low
)
SELECT name, sum(p.bytes)::bigint, sum(p.rows)::bigint, min(l.bytes)::float8 / min(l.days), min(l.rows)::float8 / min(l.days),
    min(o.high::text)::uuid, min(o.bytes)::bigint, min(o.rows)::bigint
FROM parts p LEFT JOIN latest l USING (name) LEFT JOIN oldest o USING (name)
GROUP BY name ORDER BY 2 DESC, name";

/// A table with all of its partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// With its indexes.
    pub bytes: i64,
    /// As PostgreSQL estimates them.
    pub rows: i64,
    /// Bytes and rows that came each day of its latest week; none = it has no weeks, or they are empty.
    pub daily: Option<(f64, f64)>,
    /// Its oldest week, which goes next.
    pub oldest: Option<Week>,
}

/// The oldest week of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its end: it goes when this is too old.
    pub ends: SystemTime,
    /// With its indexes.
    pub bytes: i64,
    /// As PostgreSQL estimates them.
    pub rows: i64,
}

/// All tables, the largest first.
pub async fn tables(connection: &Object) -> Result<Vec<Table>, StoreError> {
    let rows = connection.query(TABLES, &[]).await?;
    let table = |row: &tokio_postgres::Row| Table {
        name: row.get(0),
        bytes: row.get(1),
        rows: row.get(2),
        daily: row.get::<_, Option<f64>>(3).zip(row.get(4)),
        oldest: row.get::<_, Option<uuid::Uuid>>(5).map(|ends| Week {
            ends: ReceiptId::from(ends).time(),
            bytes: row.get(6),
            rows: row.get(7),
        }),
    };
    Ok(rows.iter().map(table).collect())
}
