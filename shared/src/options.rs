//! The settings that both services and the command line share. Each is declared once, here or in the
//! `options` of its program; nothing else reads the environment. A value that cannot work is refused before anything
//! starts.

mod body;
mod listeners;
pub mod memory_arenas;
pub mod names;
pub mod number;
mod public;
mod refusal;
pub mod retention;
mod secrets;
pub mod variables;

use clap::Args;

use crate::broker::connection::BrokerUrl;
use crate::host::HostName;
use crate::store::servers::DatabaseUrl;
use crate::telemetry;
pub use body::BodyOptions;
pub use listeners::apart;
pub use public::PublicOptions;
pub use refusal::{Refusal, Settings, read, tell};
pub use retention::RetentionOptions;
pub use secrets::SecretsOptions;

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
}

/// Where RabbitMQ is.
#[derive(Debug, Clone, Args)]
pub struct BrokerOptions {
    /// RabbitMQ, as `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. It names one node or several. Only
    /// `postern serve` can be without it: a worker that knows no broker would never see what its ingress publishes.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, required = true, value_parser = amqp_url)]
    pub amqp_url: Option<String>,
}

/// To which names a private listener answers.
#[derive(Debug, Clone, Args)]
pub struct PrivateOptions {
    /// Host names of the private listener and of control, joined by commas, such as `ingress` or `postern.example.org`.
    /// Requests for an address or for `localhost` are always answered. Any other `Host` gets 421.
    #[arg(long, env = "POSTERN_PRIVATE_HOSTS", value_delimiter = ',')]
    pub private_hosts: Vec<HostName>,
}

/// What a process says of itself.
#[derive(Debug, Clone, Args)]
pub struct TelemetryOptions {
    /// What is logged: a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), or directives such as
    /// `postern_worker=debug`, joined by commas. A word that is not a level is refused.
    #[arg(long, env = "POSTERN_LOG", default_value = "info", value_parser = log)]
    pub log: String,

    /// How log lines look: `text`, or `json` with one JSON object a line.
    #[arg(long, env = "POSTERN_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
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

/// An `AMQP_URL` by which a broker can be looked for. The error does not repeat it.
pub fn amqp_url(text: &str) -> Result<String, String> {
    text.parse::<BrokerUrl>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn log(text: &str) -> Result<String, String> {
    telemetry::filter::read(text).map(|_| text.to_owned())
}
