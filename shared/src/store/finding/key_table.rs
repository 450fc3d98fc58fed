//! The tables of search keys, and what has the keys.

use std::hash::Hash;

use tokio_postgres::types::{FromSqlOwned, ToSql};
use uuid::Uuid;

use crate::store::shared_keys::end_of_moment;

/// A table of keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub name: &'static str,
    /// Its column of what has them.
    pub id: &'static str,
    /// What it says of others that share the row.
    pub others: &'static str,
}

impl Table {
    /// For a table whose rows are of one each. The ids of all such tables are of this type.
    pub const NO_OTHERS: &'static str = "NULL::bigint[]";
}

/// What has keys: the greater, the newer.
pub(super) trait Id: ToSql + FromSqlOwned + Sync + Ord + Copy + Hash {
    /// Its type and the type of lists of it.
    const TYPE: &'static str;

    /// Above all that share a row with it.
    fn above(self) -> Self;
}

impl Id for Uuid {
    const TYPE: &'static str = "uuid";

    fn above(self) -> Self {
        end_of_moment(self)
    }
}

impl Id for i64 {
    const TYPE: &'static str = "bigint";

    fn above(self) -> Self {
        self.saturating_add(1)
    }
}
