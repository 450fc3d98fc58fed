//! What every session sets, and whether it lasts. The limits are set by statements, not when the connection is opened: a
//! pooler such as PgBouncer refuses the options of a connection, or ignores them, and then nothing would be limited.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{Store, StoreError};
use crate::unreachable::Unreachable;

/// A frozen peer frees its locks, and nothing waits for ever. A waiting statement outlives an idle transaction: the lock
/// of a frozen worker is gone before those behind it give up. Whoever froze in a COPY is ended by
/// [`super::end_frozen`]. Statements are short: compiling one, or starting processes for it, takes longer than it does, and
/// those processes would take all cores beside leads.
const LIMITS: &str = "-- session::limits
SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '20s'; SET statement_timeout = '30s';
SET default_transaction_isolation = 'read committed'; SET jit = off;
SET max_parallel_workers_per_gather = 0";

/// The process of the server that works for this session.
const PROCESS: &str = "-- session::process
SELECT pg_backend_pid(), current_setting('statement_timeout')";

const BEGIN: &str = "-- session::begin
BEGIN";

const END: &str = "-- session::end
ROLLBACK";

/// What [`LIMITS`] sets.
const STATEMENT_TIMEOUT_S: u32 = 30;

/// How long the server may take to tell it.
const LIMIT: Duration = Duration::from_secs(5);

/// Sets the limits of a session.
pub async fn limit(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(LIMITS).await
}

/// Whether a connection is one session of the server for as long as it is open. A pooler that gives every transaction
/// another session loses the limits and the prepared statements, now and then and without a word.
///
/// While the connection is idle, such a pooler gives its session to the transaction of another connection.
///
/// # Errors
/// [`StoreError::Settings`] names the pooler's setting.
pub async fn check(store: &Store, connection: &Object) -> Result<(), StoreError> {
    let checked = timeout(LIMIT, keeps_its_session(store, connection)).await;
    checked.unwrap_or_else(|_| Err(StoreError::Away(Unreachable::TimedOut.told(&store.connector.servers().names()))))
}

async fn keeps_its_session(store: &Store, connection: &Object) -> Result<(), StoreError> {
    let (other, driver) = store.connector.open().await?;
    let servers = store.connector.servers().names();
    let driver = driver.spawn();
    let first = process(connection).await?;
    other.batch_execute(BEGIN).await?;
    let (second, now) = (process(&other).await?, process(connection).await?);
    other.batch_execute(END).await?;
    driver.abort();
    if second.0 == first.0 || now.0 != first.0 {
        return Err(StoreError::Settings(format!(
            "DATABASE_URL leads to a pooler at {} that gives each transaction another session, as PgBouncer does with \
             pool_mode = transaction: Postern needs pool_mode = session, since the time limits and the prepared statements \
             of a session would be lost",
            servers
        )));
    }
    if now.1 != format!("{STATEMENT_TIMEOUT_S}s") {
        return Err(StoreError::Settings(format!(
            "the pooler at {} takes SET and forgets it: statement_timeout is {} and not {STATEMENT_TIMEOUT_S}s",
            servers, now.1
        )));
    }
    Ok(())
}

/// The simple protocol prepares nothing, so that it is answered in every mode of a pooler.
async fn process(client: &Client) -> Result<(String, String), StoreError> {
    let messages = client.simple_query(PROCESS).await?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())),
        _ => None,
    });
    row.ok_or_else(|| StoreError::Away("the server does not say which process works for a session".to_owned()))
}
