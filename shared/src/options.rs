//! The settings that both services and the command line share. Each is declared once, here or in the
//! `options` of its program; nothing else reads the environment. A value that cannot work is refused before anything
//! starts.

mod body;
mod database;
pub mod files;
mod listeners;
pub mod names;
mod network;
pub mod number;
mod public;
mod refusal;
pub mod retention;
mod secrets;
mod traces;
pub mod variables;

use std::path::PathBuf;

use clap::Args;

use crate::broker::connection::BrokerUrl;
use crate::host::HostName;
use crate::telemetry;
pub use body::BodyOptions;
pub use database::{DatabaseOptions, OtherDatabaseOptions, connections, database_url};
pub use listeners::apart;
pub use network::network;
pub use public::PublicOptions;
pub use refusal::{Refusal, Settings, read, tell};
pub use retention::RetentionOptions;
pub use secrets::SecretsOptions;
pub use traces::{OtlpHeaders, SamplerName, TraceOptions};

/// Where RabbitMQ is.
#[derive(Debug, Clone, Args)]
pub struct BrokerOptions {
    /// RabbitMQ, as `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. It names one node or several. Only
    /// `postern serve` can be without it: a worker that knows no broker would never see what its ingress publishes.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, required = true, value_parser = amqp_url)]
    pub amqp_url: Option<String>,

    /// A file with the URL of RabbitMQ, instead of `AMQP_URL`.
    #[arg(long, env = "AMQP_URL_FILE")]
    pub amqp_url_file: Option<PathBuf>,
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

/// An `AMQP_URL` by which a broker can be looked for. The error does not repeat it.
pub fn amqp_url(text: &str) -> Result<String, String> {
    text.parse::<BrokerUrl>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn log(text: &str) -> Result<String, String> {
    telemetry::filter::read(text).map(|_| text.to_owned())
}
