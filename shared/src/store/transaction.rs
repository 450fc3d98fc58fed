//! The life of a transaction: everything that a bundle writes is one.

use std::time::{Duration, SystemTime};

use super::{Connection, StoreError, Transaction};

const STAY: &str = "-- transaction::stay
SELECT 1";

const TIME: &str = "-- transaction::time
SELECT now()";

/// How long a session may leave the data of a COPY out. PostgreSQL counts it as busy meanwhile, so that neither
/// `idle_in_transaction_session_timeout` nor `statement_timeout` ends it.
pub const FROZEN_AFTER: Duration = Duration::from_secs(10);

/// What ends a session stands in the list: PostgreSQL takes conditions in an order of its own.
const END_FROZEN: &str = "-- transaction::end_frozen
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = current_setting('application_name')
    AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - $1 * interval '1 s'";

/// Begins a transaction.
pub async fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction().await?)
}

/// Tells PostgreSQL that a transaction is still wanted.
pub async fn stay(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(STAY, &[]).await?;
    Ok(())
}

/// When a transaction began, by the database's clock.
pub async fn time(transaction: &Transaction<'_>) -> Result<SystemTime, StoreError> {
    let statement = transaction.prepare_cached(TIME).await?;
    Ok(transaction.query_one(&statement, &[]).await?.get(0))
}

/// Commits a transaction. When this fails the outcome is unknown: start again from the claim.
pub async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}

/// Ends the sessions of other processes like this one that froze in the middle of a COPY, and so frees what they hold.
/// Returns how many those were.
pub async fn end_frozen(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection.execute(END_FROZEN, &[&FROZEN_AFTER.as_secs_f64()]).await?)
}
