//! The version of the settings: every change raises it and notifies, every process follows it. The poll is
//! what makes a change arrive; the notification only makes it arrive sooner.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Transaction;
use futures_util::StreamExt;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::{Store, StoreError};
use crate::backoff::Backoff;

/// How often the version is read even if no notification comes.
const POLL: Duration = Duration::from_secs(1);

/// How long reading it may take. A session that hangs is given up for a new one, so that with [`POLL`] a change arrives
/// within two seconds.
const READ_LIMIT: Duration = Duration::from_millis(500);

/// How long a new session may take until it answers.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

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
        let mut again = Backoff::new(AGAIN.0, AGAIN.1);
        while !sender.is_closed() {
            if let Err(error) = session(&store, &sender, &mut again).await {
                tracing::warn!(%error, "the settings cannot be followed; those held stay in force");
            }
            tokio::time::sleep(again.delay()).await;
        }
    });
    receiver
}

async fn session(store: &Store, sender: &watch::Sender<i64>, again: &mut Backoff) -> Result<(), StoreError> {
    let (client, mut connection) = within(CONNECT_LIMIT, store.config().connect(NoTls)).await?;
    let notified = Arc::new(Notify::new());
    let wake = Arc::clone(&notified);
    let reader = tokio::spawn(async move {
        let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if matches!(message, AsyncMessage::Notification(_)) {
                wake.notify_one();
            }
        }
    });
    let result = read_versions(&client, &notified, sender, again).await;
    reader.abort();
    result
}

async fn read_versions(
    client: &Client,
    notified: &Notify,
    sender: &watch::Sender<i64>,
    again: &mut Backoff,
) -> Result<(), StoreError> {
    within(CONNECT_LIMIT, client.batch_execute(LISTEN)).await?;
    let version = within(CONNECT_LIMIT, client.prepare(VERSION)).await?;
    while !sender.is_closed() {
        let found: i64 = within(READ_LIMIT, client.query_one(&version, &[])).await?.get(0);
        again.reset();
        sender.send_if_modified(|held| std::mem::replace(held, found) != found);
        // Elapsed or notified: both mean "look".
        let _ = timeout(POLL, notified.notified()).await;
    }
    Ok(())
}

/// An answer that does not come is no answer: a session can hang without an error for as long as its link does.
async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Away(format!("no answer within {} ms", limit.as_millis()));
    Ok(timeout(limit, answer).await.map_err(late)??)
}
