//! The callers that no permission admits, counted by day and address: what shows an admin whom to let in, and a
//! proxy that was forgotten.

use std::time::SystemTime;

use deadpool_postgres::Object;

use super::StoreError;

/// The most addresses that one day counts by themselves: a scan from many addresses must not fill the table.
const MAX_ADDRESSES: i64 = 10_000;

/// For how many days the counts of rejected callers are kept.
const MAX_AGE_DAYS: i32 = 30;

/// Two at the same time may pass the limit by what they bring.
const COUNT: &str = "-- rejected_callers::count
INSERT INTO rejected_callers (day, address, reason, count, last_at)
SELECT day, address, (array_agg(reason ORDER BY last_at DESC))[1], sum(count), max(last_at)
FROM (
    SELECT s.day, s.reason, s.count, s.last_at,
        CASE WHEN k.address IS NOT NULL OR row_number() OVER (PARTITION BY s.day, k.address IS NULL ORDER BY s.address)
            + (SELECT count(*) FROM rejected_callers AS r WHERE r.day = s.day) <= $5
            THEN s.address ELSE 'others' END AS address
    FROM (
        SELECT (last_at AT TIME ZONE 'UTC')::date AS day, address, reason, count, last_at
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS s (address, reason, count, last_at)
    ) AS s
    LEFT JOIN rejected_callers AS k ON k.day = s.day AND k.address = s.address
) AS placed
GROUP BY day, address ORDER BY day, address
ON CONFLICT (day, address) DO UPDATE SET reason = excluded.reason, count = rejected_callers.count + excluded.count,
    last_at = greatest(rejected_callers.last_at, excluded.last_at)";

const FORGET: &str = "-- rejected_callers::forget
DELETE FROM rejected_callers WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::int";

const LATEST: &str = "-- rejected_callers::latest
SELECT day::text, address, reason, count, last_at FROM rejected_callers ORDER BY last_at DESC, address LIMIT $1";

/// The rejections of one address since the last time.
#[derive(Debug, Clone)]
pub struct Rejections {
    /// The address, or `others` for those that are not counted by themselves.
    pub address: String,
    /// The code of the latest.
    pub reason: String,
    /// How many.
    pub count: i64,
    /// When the latest was, by the clock of the ingress.
    pub last_at: SystemTime,
}

/// Adds to the counts of the days on which the latest of each happened.
pub async fn count(connection: &Object, new: &[Rejections]) -> Result<(), StoreError> {
    let addresses: Vec<_> = new.iter().map(|one| one.address.as_str()).collect();
    let reasons: Vec<_> = new.iter().map(|one| one.reason.as_str()).collect();
    let counts: Vec<_> = new.iter().map(|one| one.count).collect();
    let times: Vec<_> = new.iter().map(|one| one.last_at).collect();
    let statement = connection.prepare_cached(COUNT).await?;
    connection.execute(&statement, &[&addresses, &reasons, &counts, &times, &MAX_ADDRESSES]).await?;
    Ok(())
}

/// Removes what is too old.
pub async fn forget(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[&MAX_AGE_DAYS]).await?;
    Ok(())
}

/// The addresses that were rejected latest, each with its day (UTC, `2026-01-31`), newest first, at most `last`.
pub async fn latest(connection: &Object, last: i64) -> Result<Vec<(String, Rejections)>, StoreError> {
    let rows = connection.query(LATEST, &[&last]).await?;
    let read = |row: &tokio_postgres::Row| {
        let (address, reason) = (row.get(1), row.get(2));
        (row.get(0), Rejections { address, reason, count: row.get(3), last_at: row.get(4) })
    };
    Ok(rows.iter().map(read).collect())
}
