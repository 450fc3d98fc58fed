//! The keys of the links that make the first account, as long as there is none. Each process of control prints a link of
//! its own, since a stored hash gives no key back; each link works at every process.

use deadpool_postgres::{GenericClient, Object, Transaction};

use super::{StoreError, accounts};

/// How many links work at the same time: of more processes, and of earlier starts, those of the latest work.
pub const MAX_KEYS: i64 = 16;

const ADD: &str = "-- set_up_keys::add
INSERT INTO set_up_keys (hash) SELECT $1 WHERE NOT EXISTS (TABLE accounts)";

const FORGET_EARLIER: &str = "-- set_up_keys::forget_earlier
DELETE FROM set_up_keys WHERE id <= (SELECT id FROM set_up_keys ORDER BY id DESC OFFSET $1 LIMIT 1)";

const HAS: &str = "-- set_up_keys::has
SELECT EXISTS (SELECT FROM set_up_keys WHERE hash = $1)";

const FORGET_ALL: &str = "-- set_up_keys::forget_all
DELETE FROM set_up_keys";

/// The SHA-256 of a key.
pub type Hash = [u8; 32];

/// What became of a key to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Its link works.
    Done,
    /// There is an account already.
    Late,
}

/// Adds a key.
pub async fn add(connection: &mut Object, hash: &Hash) -> Result<Added, StoreError> {
    let transaction = connection.transaction().await?;
    accounts::lock(&transaction).await?;
    let added = transaction.execute(ADD, &[&&hash[..]]).await?;
    transaction.execute(FORGET_EARLIER, &[&MAX_KEYS]).await?;
    transaction.commit().await?;
    Ok(if added > 0 { Added::Done } else { Added::Late })
}

/// Whether the link of a key works.
pub async fn has(client: &impl GenericClient, hash: &Hash) -> Result<bool, StoreError> {
    Ok(client.query_one(HAS, &[&&hash[..]]).await?.get(0))
}

/// Takes all links out of force.
pub(super) async fn forget_all(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(FORGET_ALL, &[]).await?;
    Ok(())
}
