//! What has all of some search keys, the newest first.

use std::collections::HashSet;

use deadpool_postgres::Transaction;

use super::key_table::{Id, Table};
use super::reader::Reader;
use crate::store::StoreError;

/// So many rows of a key are counted at most to find the key that fewest have.
const MAX_COUNTED: i64 = 10_000;

/// So much is read of a key before a search answers with what it has found. What several keys share may be far back.
const MAX_READ: i64 = 10_000;

/// So many are looked up at once among the rows of the other keys. Where thousands of receipts of one moment have rows of
/// their own, as versions before 82 wrote them, each look-up reads all of these.
const MAX_LOOKED_UP: usize = 1_000;

/// A row often has so many receipts. So the first part that is read has fewer rows than receipts are asked for, by this
/// factor.
const OF_ROW: usize = 16;

impl Table {
    /// What has all of the keys, at least `start` and below `end`, at most `most`; and down to where was looked, if not to
    /// `start`. The rarest key is read, or two common ones side by side; what has them is then looked up among the rows of the
    /// others. There is at least one key.
    pub async fn having<I: Id>(
        self,
        transaction: &Transaction<'_>,
        hashes: &[i64],
        (start, end): (I, I),
        most: i64,
    ) -> Result<(Vec<I>, Option<I>), StoreError> {
        let (hashes, are_common) = self.rarest_first(transaction, hashes).await?;
        let (read, probed) = hashes.split_at(if are_common { 2 } else { 1 });
        let mut readers = Vec::new();
        for hash in read {
            readers.push(Reader::open(transaction, self, *hash, (start, end)).await?);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut found, mut rows) = (Vec::new(), most.div_ceil(OF_ROW));
        loop {
            let candidates = Reader::of_all(&mut readers, transaction, rows).await?;
            rows = rows.saturating_mul(2);
            for candidates in candidates.chunks(MAX_LOOKED_UP) {
                found.extend(self.having_too(transaction, candidates, probed).await?);
                if found.len() >= most {
                    break;
                }
            }
            let floor = readers.iter().filter_map(Reader::down_to).max();
            if found.len() >= most || readers.iter().any(Reader::is_done) {
                found.truncate(most);
                return Ok((found, None));
            }
            if readers.iter().any(|reader| reader.count() > MAX_READ) && floor.is_some_and(|floor| floor < end) {
                return Ok((found, floor));
            }
        }
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
        let rows = transaction.query(&statement, &[&hashes, &MAX_COUNTED]).await?;
        let are_common = rows.first().is_some_and(|row| row.get::<_, i64>(1) == MAX_COUNTED);
        Ok((rows.iter().map(|row| row.get(0)).collect(), are_common))
    }

    /// Those that have other keys too, in their order.
    async fn having_too<I: Id>(
        self,
        transaction: &Transaction<'_>,
        candidates: &[I],
        hashes: &[i64],
    ) -> Result<Vec<I>, StoreError> {
        if candidates.is_empty() || hashes.is_empty() {
            return Ok(candidates.to_vec());
        }
        let (Self { name, id, others }, kind) = (self, I::TYPE);
        let statement = format!(
            "-- keyed::having_too
SELECT c.id FROM unnest($1::{kind}[], $2::{kind}[]) AS c (id, above) WHERE (
    SELECT bool_and(EXISTS (SELECT FROM {name} k
        WHERE k.hash = wanted AND k.{id} >= c.id AND k.{id} < c.above AND (k.{id} = c.id OR c.id = ANY ({others}))))
    FROM unnest($3::bigint[]) AS wanted)"
        );
        let statement = transaction.prepare_cached(&statement).await?;
        let above: Vec<I> = candidates.iter().map(|id| id.above()).collect();
        let rows = transaction.query(&statement, &[&candidates, &above, &hashes]).await?;
        let having: HashSet<I> = rows.iter().map(|row| row.get(0)).collect();
        Ok(candidates.iter().filter(|id| having.contains(id)).copied().collect())
    }
}
