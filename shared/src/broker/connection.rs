//! Where the broker is and how a session reaches it. The URL holds a password, so it never prints itself.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, ErrorKind};

use crate::unreachable::Unreachable;

/// Seconds between heartbeats, at most. A peer that misses two of them is gone: a link that swallows is noticed
/// within 10 s, and the messages of a frozen worker go to others. RabbitMQ advises 5 to 20.
pub const HEARTBEAT_S: u16 = 5;

/// From the first SYN to the opened connection. Longer than a busy or electing cluster needs; each
/// attempt that is given up leaves a thread behind until the kernel gives up as well, so not too short.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// A parsed `amqp://user:password@host:port/vhost`.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl(AMQPUri);

/// Why a text is not the URL of a broker. It never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBrokerUrl {
    /// Not of the form at all.
    #[error("it does not read as amqp://user:password@host:port/vhost")]
    Malformed,
    /// This build has no TLS.
    #[error("it begins with amqps://, which this version does not speak: use amqp://")]
    Tls,
}

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
    /// Nothing answered within [`CONNECT_LIMIT`].
    #[error("the broker at {at} did not answer within {} s", CONNECT_LIMIT.as_secs())]
    #[expect(missing_docs, reason = "named")]
    TimedOut { at: String },
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

impl FromStr for BrokerUrl {
    type Err = InvalidBrokerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBrokerUrl> {
        let mut uri: AMQPUri = text.parse().map_err(|_| InvalidBrokerUrl::Malformed)?;
        if uri.scheme == AMQPScheme::AMQPS {
            return Err(InvalidBrokerUrl::Tls);
        }
        if let Some(address) = bracketed_host(text) {
            uri.authority.host = address.to_owned();
        }
        let asked = uri.query.heartbeat.filter(|seconds| *seconds > 0);
        uri.query.heartbeat = Some(asked.unwrap_or(HEARTBEAT_S).min(HEARTBEAT_S));
        Ok(Self(uri))
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerUrl(hidden)")
    }
}

/// Opens a connection that shows up in RabbitMQ under `name`. It does not recover by itself: the sessions do,
/// since only they know what is in doubt.
pub async fn connect(url: &BrokerUrl, name: &str) -> Result<Connection, ConnectError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    match tokio::time::timeout(CONNECT_LIMIT, Connection::connect_uri(url.0.clone(), properties)).await {
        Ok(connected) => connected.map_err(|error| ConnectError::new(error, url.server())),
        Err(_) => Err(ConnectError::TimedOut { at: url.server() }),
    }
}

impl BrokerUrl {
    /// Host and port, for messages.
    fn server(&self) -> String {
        let (host, port) = (&self.0.authority.host, self.0.authority.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// The address in `[…]`, which the parser of lapin would silently replace by `localhost`.
fn bracketed_host(text: &str) -> Option<&str> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.strip_prefix('[')?.split_once(']')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_parsed_once_and_never_printed() {
        let url: BrokerUrl = "amqp://postern:s3cret@rabbit:5673/tests".parse().unwrap();
        assert_eq!(
            (url.0.authority.host.as_str(), url.0.authority.port, url.0.vhost.as_str()),
            ("rabbit", 5673, "tests")
        );
        assert_eq!(format!("{url:?}"), "BrokerUrl(hidden)");
        for (text, error) in [
            ("amqps://postern:s3cret@rabbit", InvalidBrokerUrl::Tls),
            ("http://postern:s3cret@rabbit", InvalidBrokerUrl::Malformed),
            ("s3cret", InvalidBrokerUrl::Malformed),
        ] {
            let refused = text.parse::<BrokerUrl>().unwrap_err();
            assert_eq!(refused, error);
            assert!(!refused.to_string().contains("s3cret"));
        }
    }

    #[test]
    fn an_ipv6_address_is_kept() {
        let url: BrokerUrl = "amqp://u:p@[::1]:5673/v".parse().unwrap();
        assert_eq!((url.0.authority.host.as_str(), url.0.authority.port), ("::1", 5673));
    }

    #[test]
    fn a_heartbeat_may_be_shorter_but_not_longer_or_off() {
        for (query, seconds) in [("", 5), ("?heartbeat=3", 3), ("?heartbeat=60", 5), ("?heartbeat=0", 5)] {
            let url: BrokerUrl = format!("amqp://rabbit/v{query}").parse().unwrap();
            assert_eq!(url.0.query.heartbeat, Some(seconds), "{query}");
        }
    }
}
