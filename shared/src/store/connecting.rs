//! Why a connection to PostgreSQL does not open, told apart: the name of the host, the port, the user, the database, or
//! the room for one more. All of it may be mended while Postern waits.

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres::error::{DbError, SqlState};

use super::StoreError;
use super::error::described;
use super::servers::Servers;
use crate::unreachable::Unreachable;

/// The server of a configuration, without user and password: `db.example.org:5432`, or the path of a socket.
pub fn server(config: &Config) -> String {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(host)), _) if host.contains(':') => format!("[{host}]:{port}"),
        (Some(Host::Tcp(host)), _) => format!("{host}:{port}"),
        (Some(Host::Unix(folder)), _) => format!("{}/.s.PGSQL.{port}", folder.display()),
        (None, Some(address)) => format!("{address}:{port}"),
        (None, None) => String::new(),
    }
}

/// The pool gave no connection.
pub fn without_connection(error: &PoolError, servers: &Servers) -> StoreError {
    StoreError::Away(match error {
        PoolError::Backend(_) => servers.failure(),
        PoolError::Timeout(TimeoutType::Create) => Unreachable::TimedOut.told(&servers.names()),
        PoolError::Timeout(_) => format!("all connections of this process to {} are in use", servers.names()),
        other => other.to_string(),
    })
}

/// Why a server could not be connected to.
pub fn reason(error: &tokio_postgres::Error, at: &str) -> String {
    if let Some(refused) = error.as_db_error() {
        return refusal(refused, at);
    }
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match cause {
        Some(cause) => Unreachable::of(cause).told(at),
        None if error.is_closed() => Unreachable::Closed.told(at),
        None => format!("cannot connect to {at}: {}", described(error)),
    }
}

/// The server answered, and refuses. Its message is in its own language, and holds no password.
fn refusal(error: &DbError, at: &str) -> String {
    let what = match *error.code() {
        SqlState::INVALID_PASSWORD => "the password or the user is wrong",
        // What no line of pg_hba.conf lets in: most often a user, or a connection without TLS.
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => "the user may not connect, or not without TLS",
        SqlState::INVALID_CATALOG_NAME => "there is no such database",
        SqlState::TOO_MANY_CONNECTIONS => "the server has too many connections",
        SqlState::CANNOT_CONNECT_NOW => "the server is starting or stopping",
        _ => "the server refuses the connection",
    };
    format!("{what}: {at} answers \"{}\" ({})", error.message(), error.code().code())
}
