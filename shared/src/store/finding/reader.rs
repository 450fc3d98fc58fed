//! Reads what has a key, some rows at a time, the newest first.

use std::collections::BTreeSet;

use deadpool_postgres::Transaction;
use tokio_postgres::Portal;

use super::key_table::{Id, Table};
use crate::store::StoreError;

/// The most rows that are read at once.
const MAX_ROWS: usize = 1_000;

/// What has one key.
pub(super) struct Reader<I> {
    portal: Portal,
    /// The range that is looked for. The first is in it, the second is not.
    between: (I, I),
    /// What was read and not given yet.
    read: BTreeSet<I>,
    /// All that is at least this was read; none = all was.
    down_to: Option<I>,
    /// How much was read.
    count: i64,
}

impl<I: Id> Reader<I> {
    /// Begins with the newest.
    pub async fn open(
        transaction: &Transaction<'_>,
        Table { name, id, others }: Table,
        hash: i64,
        between: (I, I),
    ) -> Result<Self, StoreError> {
        let statement = format!(
            "-- reader::open
SELECT {id}, {others} FROM {name} WHERE hash = $1 AND {id} >= $2 AND {id} < $3 ORDER BY {id} DESC"
        );
        let statement = transaction.prepare_cached(&statement).await?;
        let end = between.1.above();
        let portal = transaction.bind(&statement, &[&hash, &between.0, &end]).await?;
        Ok(Self { portal, between, read: BTreeSet::new(), down_to: Some(end), count: 0 })
    }

    /// The next that have the keys of all readers, the newest first; maybe none, although more come.
    pub async fn of_all(
        readers: &mut [Self],
        transaction: &Transaction<'_>,
        rows: usize,
    ) -> Result<Vec<I>, StoreError> {
        let behind = readers.iter().filter_map(Self::down_to).max();
        for reader in readers.iter_mut().filter(|reader| reader.down_to == behind) {
            reader.read_on(transaction, rows.clamp(1, MAX_ROWS)).await?;
        }
        let down_to = readers.iter().filter_map(Self::down_to).max();
        let mut of_all: Option<BTreeSet<I>> = None;
        for reader in readers {
            let given = reader.given(down_to);
            of_all = Some(match of_all {
                Some(others) => others.intersection(&given).copied().collect(),
                None => given,
            });
        }
        Ok(of_all.unwrap_or_default().into_iter().rev().collect())
    }

    /// All that is at least this was read; none = all was.
    pub fn down_to(&self) -> Option<I> {
        self.down_to
    }

    /// Whether all was read and given.
    pub fn is_done(&self) -> bool {
        self.down_to.is_none() && self.read.is_empty()
    }

    /// How much was read.
    pub fn count(&self) -> i64 {
        self.count
    }

    async fn read_on(&mut self, transaction: &Transaction<'_>, most: usize) -> Result<(), StoreError> {
        let rows = transaction.query_portal(&self.portal, i32::try_from(most).unwrap_or(i32::MAX)).await?;
        let (start, end) = self.between;
        let end = self.down_to.map_or(end, |down_to| down_to.min(end));
        for row in &rows {
            let others: Option<Vec<I>> = row.get(1);
            let ids = others.into_iter().flatten().chain([row.get::<_, I>(0)]);
            let before = self.read.len();
            self.read.extend(ids.filter(|id| (start..end).contains(id)));
            self.count += i64::try_from(self.read.len() - before).unwrap_or_default();
        }
        self.down_to = rows.last().filter(|_| rows.len() == most).map(|row| row.get(0));
        Ok(())
    }

    /// Gives what was read down to a place.
    fn given(&mut self, down_to: Option<I>) -> BTreeSet<I> {
        match down_to {
            Some(down_to) => self.read.split_off(&down_to),
            None => std::mem::take(&mut self.read),
        }
    }
}
