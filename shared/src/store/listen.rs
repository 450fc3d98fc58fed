//! Hears notifications of PostgreSQL, on a connection outside the pool and of any pooler between. A notification can get
//! lost with its connection, so nobody may depend on it: it only makes news arrive sooner.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client};

use super::{Store, StoreError};

/// How long a new session that listens to PostgreSQL may take until it answers.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A session that listens, until it is dropped.
#[derive(Debug)]
pub struct Listening {
    /// For statements on the same connection.
    pub client: Client,
    heard: UnboundedReceiver<String>,
    reader: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Listening {
    /// The payload of the next notification; nothing when the connection is lost. May be dropped and called again.
    pub async fn next(&mut self) -> Option<String> {
        self.heard.recv().await
    }

    /// The payload of a notification that was heard already.
    pub fn at_hand(&mut self) -> Option<String> {
        self.heard.try_recv().ok()
    }
}

/// Begins to listen, with this statement.
pub async fn listen(store: &Store, statement: &str) -> Result<Listening, StoreError> {
    let (client, mut driver) = store.direct.open().await?;
    let (sender, heard) = unbounded_channel();
    let reader = tokio::spawn(async move {
        while let Some(message) = driver.next().await {
            if let AsyncMessage::Notification(notification) = message
                && sender.send(notification.payload().to_owned()).is_err()
            {
                return;
            }
        }
    });
    let listening = Listening { client, heard, reader };
    within(CONNECT_LIMIT, listening.client.batch_execute(statement)).await?;
    Ok(listening)
}

/// An answer that does not come is no answer: a session can hang without an error for as long as its link does.
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Away(format!("no answer within {} ms", limit.as_millis()));
    Ok(timeout(limit, answer).await.map_err(late)??)
}
