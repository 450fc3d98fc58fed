//! What drives a connection.

use std::future::{pending, poll_fn};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::AsyncMessage;

use super::Connection;
use super::identity::Position;

/// Must be polled for as long as the client of its connection is used.
pub struct Driver {
    connection: Connection,
    position: Option<Position>,
    seen: watch::Receiver<Option<Position>>,
}

impl Driver {
    /// `position` is that of its server, and `seen` that of the newest one.
    pub(super) const fn new(
        connection: Connection,
        position: Option<Position>,
        seen: watch::Receiver<Option<Position>>,
    ) -> Self {
        Self { connection, position, seen }
    }

    /// Drives it until the connection ends.
    pub fn spawn(mut self) -> JoinHandle<()> {
        tokio::spawn(async move { while self.next().await.is_some() {} })
    }

    /// What the server says unasked; nothing when the connection has ended, or another server has succeeded its server.
    pub async fn next(&mut self) -> Option<AsyncMessage> {
        let Self { connection, position, seen } = self;
        let is_newer =
            |newest: &Option<Position>| newest.zip(*position).is_some_and(|(newest, own)| newest.succeeds(&own));
        let succeeded = async {
            if seen.wait_for(is_newer).await.is_err() {
                // The URL names other servers now: what was opened by the old one goes on.
                pending::<()>().await;
            }
        };
        tokio::select! {
            said = poll_fn(|context| connection.poll_message(context)) => match said {
                Some(Err(error)) => {
                    tracing::debug!(%error, "a connection to postgresql ended");
                    None
                }
                said => said.and_then(Result::ok),
            },
            () = succeeded => None,
        }
    }
}
