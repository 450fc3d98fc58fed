//! The life of a transaction: everything that a bundle writes is one.

use std::time::{Duration, SystemTime};

use super::{Connection, StoreError, Transaction};

const STAY: &str = "-- transaction::stay
SELECT 1";

const TIME: &str = "-- transaction::time
SELECT now()";

/// Writes some bytes of log. Everybody may call it.
const CONFIRM_READS: &str = "-- transaction::confirm_reads
SELECT pg_logical_emit_message(true, 'postern', '')";

/// How long a session may leave the data of a COPY out. PostgreSQL counts it as busy meanwhile, so that neither
/// `idle_in_transaction_session_timeout` nor `statement_timeout` ends it.
pub const FROZEN_AFTER: Duration = Duration::from_secs(10);

/// What ends a session stands in the list: PostgreSQL takes conditions in an order of its own.
const END_FROZEN: &str = "-- transaction::end_frozen
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = current_setting('application_name')
    AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - $1 * interval '1 s'";

/// What a connection may have carried in one transaction and still be kept, in bytes. The connection keeps the memory of
/// its largest message for as long as it is open, and a process has some dozen connections.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

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

/// Makes the commit of a transaction wait for a synchronous standby, even if it writes nothing else. What the transaction
/// has read may be of a commit that no standby has yet, or of an old primary.
pub async fn confirm_reads(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(CONFIRM_READS, &[]).await?;
    Ok(())
}

/// Commits a transaction. When this fails the outcome is unknown: start again from the claim.
pub async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}

/// Undoes a transaction. Numbers that it took from sequences stay taken.
pub async fn roll_back(transaction: Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.rollback().await?)
}

/// Returns a connection to the pool after a transaction that carried this many bytes, or closes the connection if those
/// were many.
pub fn give_back(connection: Connection, bytes: usize) {
    if bytes > MAX_KEPT_BYTES {
        drop(Connection::take(connection));
    }
}

/// Ends the sessions of other processes like this one that froze in the middle of a COPY, and so frees what they hold.
/// Returns how many those were.
pub async fn end_frozen(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection.execute(END_FROZEN, &[&FROZEN_AFTER.as_secs_f64()]).await?)
}
