//! The counters that the steps of workflows draw from.

use std::collections::{BTreeMap, HashMap};

use deadpool_postgres::Transaction;

use super::StoreError;

/// Locks the counters until the end of the transaction, in the order of their names: what is not committed leaves no gap,
/// and two who draw from the same ones wait for each other instead of for ever.
const DRAW: &str = "-- counters::draw
INSERT INTO counters AS c (name, last)
SELECT name, count FROM unnest($1::text[], $2::bigint[]) AS wanted (name, count) ORDER BY name
ON CONFLICT (name) DO UPDATE SET last = c.last + excluded.last
RETURNING name, last";

/// Draws so many numbers of each counter; returns the first of them. A counter begins with 1.
pub async fn draw(
    transaction: &Transaction<'_>,
    wanted: &BTreeMap<&str, i64>,
) -> Result<HashMap<String, i64>, StoreError> {
    let (names, counts): (Vec<&str>, Vec<i64>) = wanted.iter().unzip();
    let rows = transaction.query(DRAW, &[&names, &counts]).await?;
    let first = |name: String, last: i64| {
        let count = wanted.get(name.as_str()).copied().unwrap_or_default();
        (name, last - count + 1)
    };
    Ok(rows.iter().map(|row| first(row.get(0), row.get(1))).collect())
}
