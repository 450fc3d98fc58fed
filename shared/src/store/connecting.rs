//! Why a connection to PostgreSQL does not open, told apart: the name of the host, the port, the user, the database, or
//! the room for one more. All of it may be mended while Postern waits.

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres::error::{DbError, SqlState};

use super::StoreError;
use super::error::described;
use crate::unreachable::Unreachable;

/// The servers of a configuration, without user and password: `db.example.org:5432`, or the path of a socket.
pub fn servers(config: &Config) -> String {
    let port = |at: usize| config.get_ports().get(at).or(config.get_ports().first()).copied().unwrap_or(5432);
    let named = config.get_hosts().iter().enumerate().map(|(at, host)| match host {
        Host::Tcp(host) if host.contains(':') => format!("[{host}]:{}", port(at)),
        Host::Tcp(host) => format!("{host}:{}", port(at)),
        Host::Unix(folder) => format!("{}/.s.PGSQL.{}", folder.display(), port(at)),
    });
    let mut servers: Vec<String> = named.collect();
    if servers.is_empty() {
        servers = config.get_hostaddrs().iter().enumerate().map(|(at, ip)| format!("{ip}:{}", port(at))).collect();
    }
    servers.join(", ")
}

/// The pool gave no connection.
pub fn without_connection(error: &PoolError, at: &str) -> StoreError {
    StoreError::Away(match error {
        PoolError::Backend(error) => reason(error, at),
        PoolError::Timeout(TimeoutType::Create) => Unreachable::TimedOut.told(at),
        PoolError::Timeout(_) => format!("all connections of this process to {at} are in use"),
        other => other.to_string(),
    })
}

/// A connection outside the pool did not open.
pub fn unconnected(error: &tokio_postgres::Error, at: &str) -> StoreError {
    StoreError::Away(reason(error, at))
}

fn reason(error: &tokio_postgres::Error, at: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_without_user_and_password() {
        for (url, named) in [
            ("postgres://u:s3cret@db/x", "db:5432"),
            ("postgres://u:s3cret@db:6000,other/x", "db:6000, other:5432"),
            ("host=/run/postgresql user=u", "/run/postgresql/.s.PGSQL.5432"),
            ("hostaddr=10.0.0.1 port=5433 password=s3cret", "10.0.0.1:5433"),
            ("postgres://u:s3cret@[::1]:5433/x", "[::1]:5433"),
        ] {
            assert_eq!(servers(&url.parse().unwrap()), named, "{url}");
        }
    }
}
