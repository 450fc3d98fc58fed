//! The version of the settings: every change raises it and notifies, every process follows it. The poll is
//! what makes a change arrive; the notification only makes it arrive sooner.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio::sync::watch;
use tokio::time::timeout;

use super::listen::{CONNECT_LIMIT, listen, within};
use super::{Store, StoreError};
use crate::backoff::Backoff;
use crate::log_limit::LogLimit;

/// How often the version is read even if no notification comes.
const POLL: Duration = Duration::from_secs(1);

/// How long reading the version of the settings may take. A session that hangs is given up for a new one, so that with
/// [`POLL`] a change arrives within two seconds.
const READ_LIMIT: Duration = Duration::from_millis(500);

/// The first and the longest wait before another session.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), POLL);

const VERSION: &str = "-- settings::version
SELECT version FROM settings";

const RAISE: &str = "-- settings::raise
UPDATE settings SET version = version + 1 RETURNING version";

const NOTIFY: &str = "-- settings::notify
SELECT pg_notify('postern_settings', $1)";

const LISTEN: &str = "-- settings::listen
LISTEN postern_settings";

/// Settings with the version they belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The version, from 1; 0 = nothing was loaded yet.
    pub version: i64,
    /// What was loaded.
    pub value: T,
}

/// The version in force.
pub async fn version(connection: &Object) -> Result<i64, StoreError> {
    let statement = connection.prepare_cached(VERSION).await?;
    Ok(connection.query_one(&statement, &[]).await?.get(0))
}

/// Raises the version; the row's lock puts concurrent changes in order.
pub async fn raise(transaction: &Transaction<'_>) -> Result<i64, StoreError> {
    let version: i64 = transaction.query_one(RAISE, &[]).await?.get(0);
    transaction.execute(NOTIFY, &[&version.to_string()]).await?;
    Ok(version)
}

/// Follows the version until the receiver is dropped. The receiver holds 0 until the first answer, and the last
/// known version while PostgreSQL is away.
pub fn follow(store: &Store) -> watch::Receiver<i64> {
    let (sender, receiver) = watch::channel(0);
    let store = store.clone();
    tokio::spawn(async move {
        let (mut again, failures) = (Backoff::new(AGAIN.0, AGAIN.1), LogLimit::default());
        while !sender.is_closed() {
            if let Err(error) = session(&store, &sender, &mut again).await
                && let Some(times) = failures.failed(1)
            {
                tracing::warn!(%error, times, "the settings cannot be followed; those held stay in force");
            }
            tokio::time::sleep(again.delay()).await;
        }
    });
    receiver
}

async fn session(store: &Store, sender: &watch::Sender<i64>, again: &mut Backoff) -> Result<(), StoreError> {
    let mut listening = listen(store, LISTEN).await?;
    let version = within(CONNECT_LIMIT, listening.client.prepare(VERSION)).await?;
    while !sender.is_closed() {
        while listening.at_hand().is_some() {}
        let found: i64 = within(READ_LIMIT, listening.client.query_one(&version, &[])).await?.get(0);
        again.reset();
        sender.send_if_modified(|held| std::mem::replace(held, found) != found);
        // Elapsed or notified: both mean "look", and a lost connection is seen there.
        let _ = timeout(POLL, listening.next()).await;
    }
    Ok(())
}
