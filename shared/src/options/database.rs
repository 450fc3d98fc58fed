//! Where PostgreSQL is.

use std::path::PathBuf;

use clap::Args;

use super::number;
use crate::store::servers::DatabaseUrl;

/// The most connections to PostgreSQL of one process. A server with more of them is slower, not faster.
const MOST_CONNECTIONS: usize = 1_000;

/// Where PostgreSQL is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// PostgreSQL, as a URL or a list of keywords. It names one server or several, and how TLS secures the connections.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = database_url)]
    pub database_url: String,

    /// Connections to PostgreSQL that this process keeps at most. An ingress has 2 more, by which callers read
    /// receipts. A control has 2 more for log-ins. A worker has twice `POSTERN_CONCURRENCY` and 14 more, if that is
    /// above it.
    #[arg(long, env = "POSTERN_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = connections)]
    pub database_connections: usize,

    /// Other ways to it.
    #[command(flatten)]
    pub other: OtherDatabaseOptions,
}

/// Other ways to the same PostgreSQL.
#[derive(Debug, Clone, Default, Args)]
pub struct OtherDatabaseOptions {
    /// A file with the URL of PostgreSQL, instead of `DATABASE_URL`. Each new connection reads the file, so that a new
    /// password is used without a restart.
    #[arg(long, env = "DATABASE_URL_FILE")]
    pub database_url_file: Option<PathBuf>,

    /// The same PostgreSQL without a pooler between, if `DATABASE_URL` leads to one. It is for `LISTEN`, one connection of
    /// each process, and for `postern migrate`.
    #[arg(long, env = "POSTERN_DATABASE_DIRECT_URL", hide_env_values = true, value_parser = database_url)]
    pub database_direct_url: Option<String>,

    /// A file with the URL of PostgreSQL without a pooler, instead of `POSTERN_DATABASE_DIRECT_URL`.
    #[arg(long, env = "POSTERN_DATABASE_DIRECT_URL_FILE")]
    pub database_direct_url_file: Option<PathBuf>,
}

impl DatabaseOptions {
    /// By one way.
    pub fn new(database_url: impl Into<String>, database_connections: usize) -> Self {
        Self { database_url: database_url.into(), database_connections, other: OtherDatabaseOptions::default() }
    }
}

/// A `DATABASE_URL` by which a server can be looked for. The error does not repeat it.
pub fn database_url(text: &str) -> Result<String, String> {
    text.parse::<DatabaseUrl>()?;
    Ok(text.to_owned())
}

/// Connections to PostgreSQL of one process.
pub fn connections(text: &str) -> Result<usize, String> {
    number::between(text, 1, MOST_CONNECTIONS, "without a connection nothing works, and too many slow PostgreSQL down")
}
