//! The life of a transaction: everything that a bundle writes is one.

use super::{Connection, StoreError, Transaction};

const STAY: &str = "-- transaction::stay
SELECT 1";

/// Begins a transaction.
pub async fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction().await?)
}

/// Tells PostgreSQL that a transaction is still wanted.
pub async fn stay(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(STAY, &[]).await?;
    Ok(())
}

/// Commits a transaction. When this fails the outcome is unknown: start again from the claim.
pub async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}
