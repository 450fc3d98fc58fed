//! How a session reaches the broker: of several nodes each is tried in turn.

use std::time::Duration;

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{Connection, ConnectionProperties, ErrorKind};

use super::secure;
use super::url::Node;
pub use super::url::{BrokerUrl, InvalidBrokerUrl};
use crate::unreachable::Unreachable;

/// From the first SYN to the opened connection. Longer than a busy or electing cluster needs; each
/// attempt that is given up leaves a thread behind until the kernel gives up as well, so not too short.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// The same for one of several nodes: a node that hangs must not keep a session from the others.
pub const NODE_LIMIT: Duration = Duration::from_secs(4);

/// Why the broker could not be reached. `at` is its host and port.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection, or none that lasted.
    #[error("the broker is not reachable: {}", reason.told(at))]
    #[expect(missing_docs, reason = "named")]
    Unreachable { at: String, reason: Unreachable },
    /// The broker knows no such user, or another password.
    #[error("the broker at {at} refuses the user or the password")]
    #[expect(missing_docs, reason = "named")]
    Credentials { at: String },
    /// The broker has no such vhost, or the user has no right to it.
    #[error("the broker at {at} has no such vhost for this user: {answer}")]
    #[expect(missing_docs, reason = "named")]
    VirtualHost { at: String, answer: String },
    /// Anything else that the broker or the library objects to.
    #[error("the broker at {at} cannot be used: {error}")]
    #[expect(missing_docs, reason = "named")]
    Failed { at: String, error: lapin::Error },
    /// Nothing answered within [`CONNECT_LIMIT`], or [`NODE_LIMIT`].
    #[error("the broker at {at} did not answer within {} s", limit.as_secs())]
    #[expect(missing_docs, reason = "named")]
    TimedOut { at: String, limit: Duration },
    /// Each node has failed, for these reasons.
    #[error("no node of the broker can be used: {0}")]
    AllNodes(String),
}

impl ConnectError {
    fn new(error: lapin::Error, at: String) -> Self {
        match error.kind() {
            ErrorKind::IOError(cause) => Self::Unreachable { at, reason: Unreachable::of(cause) },
            ErrorKind::ProtocolError(refused) => match refused.kind() {
                AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Self::Credentials { at },
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                    Self::VirtualHost { at, answer: refused.get_message().to_string() }
                }
                _ => Self::Failed { at, error },
            },
            _ => Self::Failed { at, error },
        }
    }
}

/// Opens a connection that shows up in RabbitMQ under `name`. It does not recover by itself: the sessions do,
/// since only they know what is in doubt.
pub async fn connect(url: &BrokerUrl, name: &str) -> Result<Connection, ConnectError> {
    Ok(connect_apart(url, name, None).await?.0)
}

/// The same. The node that is taken is tried last. Returns the host and port of the node as well.
pub async fn connect_apart(
    url: &BrokerUrl,
    name: &str,
    taken: Option<&str>,
) -> Result<(Connection, String), ConnectError> {
    let mut failures = Vec::new();
    for node in url.in_turn(taken) {
        match connect_to(node, name, limit(url)).await {
            Ok(connection) => {
                if let Some(passed_over) = joined(&failures) {
                    tracing::warn!(node = node.server(), %passed_over, "a node of the broker was passed over");
                }
                return Ok((connection, node.server()));
            }
            Err(error) => failures.push(error),
        }
    }
    let all = joined(&failures).unwrap_or_default();
    Err(if failures.len() == 1 { failures.remove(0) } else { ConnectError::AllNodes(all) })
}

/// Whether some node lets one connect. The node that is taken does not count.
pub async fn can_connect_apart(url: &BrokerUrl, name: &str, taken: &str) -> bool {
    for node in url.in_turn(None).filter(|node| node.server() != taken) {
        if let Ok(connection) = connect_to(node, name, limit(url)).await {
            let _ = connection.close(200, "it was only tried".into()).await;
            return true;
        }
    }
    false
}

fn limit(url: &BrokerUrl) -> Duration {
    if url.count() > 1 { NODE_LIMIT } else { CONNECT_LIMIT }
}

async fn connect_to(node: &Node, name: &str, limit: Duration) -> Result<Connection, ConnectError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let uri = node.uri.clone();
    let connecting = async {
        match node.tls.clone() {
            None => Connection::connect_uri(uri, properties).await,
            Some(tls) => secure::connect(uri, tls, properties).await,
        }
    };
    match tokio::time::timeout(limit, connecting).await {
        Ok(connected) => connected.map_err(|error| ConnectError::new(error, node.server())),
        Err(_) => Err(ConnectError::TimedOut { at: node.server(), limit }),
    }
}

/// None of none.
fn joined(failures: &[ConnectError]) -> Option<String> {
    (!failures.is_empty()).then(|| failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
