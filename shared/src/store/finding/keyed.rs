//! What has all of some search keys, the newest first.

use deadpool_postgres::Transaction;
use tokio_postgres::types::{FromSqlOwned, ToSql};

use crate::store::StoreError;

/// A table of keys, and its column of what has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub name: &'static str,
    pub id: &'static str,
}

/// How far the rows of a key are counted to find the key that fewest have, and how far those of common keys are then read
/// side by side: what two common keys share may be far back, or nothing.
const MAX_READ: i64 = 10_000;

/// Few rows: each of the first key is looked up among the rows of the others.
const PROBE: &str = "-- keyed::probe
SET LOCAL enable_nestloop = on; SET LOCAL enable_mergejoin = off";

/// Many rows of each key: those of the two rarest are read in their order, side by side.
const MERGE: &str = "-- keyed::merge
SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = on";

impl Table {
    /// What has all of the keys, at least `start` and below `end`, at most `most`; and down to where was looked, if not to
    /// `start`.
    pub async fn having<I: ToSql + Sync + FromSqlOwned>(
        self,
        transaction: &Transaction<'_>,
        hashes: &[i64],
        (start, end): (I, I),
        most: i64,
    ) -> Result<(Vec<I>, Option<I>), StoreError> {
        let (hashes, are_common) = self.rarest_first(transaction, hashes).await?;
        let floor = if are_common { self.floor(transaction, &hashes, &start, &end).await? } else { None };
        transaction.batch_execute(if are_common { MERGE } else { PROBE }).await?;
        let statement = transaction.prepare_cached(&self.all_of(are_common)).await?;
        let rows = transaction.query(&statement, &[&hashes, floor.as_ref().unwrap_or(&start), &end, &most]).await?;
        if are_common {
            transaction.batch_execute(PROBE).await?;
        }
        Ok((rows.iter().map(|row| row.get(0)).collect(), floor))
    }

    /// Where the two rarest keys have been read for as many rows as are read of each; none = they have fewer.
    async fn floor<I: ToSql + Sync + FromSqlOwned>(
        self,
        transaction: &Transaction<'_>,
        hashes: &[i64],
        start: &I,
        end: &I,
    ) -> Result<Option<I>, StoreError> {
        let Self { name, id } = self;
        let statement = format!(
            "-- keyed::floor
SELECT floor FROM unnest(($1::bigint[])[:2]) AS hash CROSS JOIN LATERAL (
    SELECT {id} AS floor FROM {name} k WHERE k.hash = hash.hash AND k.{id} >= $2 AND k.{id} < $3
    ORDER BY k.{id} DESC OFFSET $4 LIMIT 1
) of_hash ORDER BY floor DESC LIMIT 1"
        );
        let statement = transaction.prepare_cached(&statement).await?;
        let row = transaction.query_opt(&statement, &[&hashes, start, end, &MAX_READ]).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The keys with the rarest first, and whether even that one is common.
    async fn rarest_first(self, transaction: &Transaction<'_>, hashes: &[i64]) -> Result<(Vec<i64>, bool), StoreError> {
        if hashes.len() < 2 {
            return Ok((hashes.to_vec(), false));
        }
        let Self { name, .. } = self;
        let statement = format!(
            "-- keyed::rarest_first
SELECT hash, counted FROM unnest($1::bigint[]) AS hash CROSS JOIN LATERAL (
    SELECT count(*) AS counted FROM (SELECT FROM {name} k WHERE k.hash = hash.hash LIMIT $2) rows
) of_hash ORDER BY counted, hash"
        );
        let statement = transaction.prepare_cached(&statement).await?;
        let rows = transaction.query(&statement, &[&hashes, &MAX_READ]).await?;
        let are_common = rows.first().is_some_and(|row| row.get::<_, i64>(1) == MAX_READ);
        Ok((rows.iter().map(|row| row.get(0)).collect(), are_common))
    }

    /// Begins with the first key, which has an index entry for each row, in the order of the ids.
    fn all_of(self, are_common: bool) -> String {
        let Self { name, id } = self;
        let (function, second, others) = if are_common {
            let second = format!(
                "JOIN {name} second ON second.{id} = k.{id} AND second.hash = ($1::bigint[])[2]
    AND second.{id} >= $2 AND second.{id} < $3"
            );
            ("all_of_common", second, "($1::bigint[])[3:]")
        } else {
            ("all_of", String::new(), "($1::bigint[])[2:]")
        };
        format!(
            "-- keyed::{function}
SELECT DISTINCT k.{id} FROM {name} k {second}
WHERE k.hash = ($1::bigint[])[1] AND k.{id} >= $2 AND k.{id} < $3 AND coalesce((
    SELECT bool_and(EXISTS (SELECT FROM {name} other WHERE other.hash = wanted AND other.{id} = k.{id}))
    FROM unnest({others}) AS wanted), true)
ORDER BY k.{id} DESC LIMIT $4"
        )
    }
}
