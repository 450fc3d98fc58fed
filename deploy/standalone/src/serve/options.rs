//! The settings of `postern serve`: those of all services, and where its own data is.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use postern_control::AccessOptions;
use postern_ingress::ServiceOptions;
use postern_shared::options::{self, OtherDatabaseOptions, SecretsOptions, TelemetryOptions, TraceOptions};
use postern_worker::ExecutionOptions;

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Puts the documents of the demo into a Postern that has none yet
    #[arg(long)]
    pub(super) demo: bool,

    /// PostgreSQL, as a URL or a list of keywords. Without it one of its own is kept in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = database_url)]
    pub(super) database_url: Option<String>,

    /// Connections to PostgreSQL that each of the three services keeps at most.
    #[arg(long, env = "POSTERN_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = options::connections)]
    pub(super) database_connections: usize,

    #[command(flatten)]
    pub(super) other_database: OtherDatabaseOptions,

    /// RabbitMQ, as an AMQP URL with its vhost. Without it the database is the queue.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, value_parser = amqp_url)]
    pub(super) amqp_url: Option<String>,

    /// A file with the URL of RabbitMQ, instead of `AMQP_URL`.
    #[arg(long, env = "AMQP_URL_FILE")]
    pub(super) amqp_url_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) private_database: PrivateDatabaseOptions,

    #[command(flatten)]
    pub(super) secrets: SecretsOptions,

    #[command(flatten)]
    pub(super) ingress: ServiceOptions,

    /// The listener for the control panel and the API. Without it they are served by the private listener, together
    /// with health and metrics.
    #[arg(long, env = "POSTERN_CONTROL_LISTEN")]
    pub(super) control_listen: Option<SocketAddr>,

    #[command(flatten)]
    pub(super) access: AccessOptions,

    /// The listener for health and metrics of the worker.
    #[arg(long, env = "POSTERN_WORKER_LISTEN", default_value = "127.0.0.1:8082")]
    pub(super) worker_listen: SocketAddr,

    #[command(flatten)]
    pub(super) worker: ExecutionOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,

    /// Where the traces of ingress and worker go.
    #[command(flatten)]
    pub(super) traces: TraceOptions,
}

impl Options {
    /// Whether they fit together. The error names those that do not.
    pub fn check(&self) -> Result<(), String> {
        options::apart(&self.listeners())?;
        self.ingress.check()
    }

    /// All listeners, each with the name of its setting.
    pub(super) fn listeners(&self) -> Vec<(&'static str, SocketAddr)> {
        let mut listeners = self.ingress.listeners().to_vec();
        listeners.push(("POSTERN_WORKER_LISTEN", self.worker_listen));
        listeners.extend(self.control_listen.map(|address| ("POSTERN_CONTROL_LISTEN", address)));
        listeners
    }
}

/// A compose file hands over an empty text for what is not set.
fn database_url(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { options::database_url(text) }
}

fn amqp_url(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { options::amqp_url(text) }
}

/// The variables that the programs of PostgreSQL get: where programs are, and what decides about language and time.
/// Everything else, secrets above all, would be readable by the user that they run as.
#[expect(clippy::disallowed_methods, reason = "options read the environment")]
pub(super) fn environment_of_programs() -> impl Iterator<Item = (OsString, OsString)> {
    const KEPT: [&str; 5] = ["PATH", "LANG", "LANGUAGE", "TZ", "TZDIR"];
    let is_kept = |name: &str| KEPT.contains(&name) || name.starts_with("LC_");
    std::env::vars_os().filter(move |(name, _)| name.to_str().is_some_and(is_kept))
}

/// The PostgreSQL that is kept where no `DATABASE_URL` names another.
#[derive(Debug, Clone, Args)]
pub struct PrivateDatabaseOptions {
    /// The folder in which PostgreSQL keeps its data.
    #[arg(long, env = "POSTERN_DATA_DIR", default_value = "./postern-data")]
    pub(super) data_dir: PathBuf,

    /// The user that PostgreSQL runs as when root starts Postern. PostgreSQL refuses to run as root.
    #[arg(long, env = "POSTERN_POSTGRES_USER", default_value = "postgres")]
    pub(super) postgres_user: String,

    /// The folder of the programs of PostgreSQL. Without it the usual places are searched.
    #[arg(long, env = "POSTERN_POSTGRES_BIN")]
    pub(super) postgres_bin: Option<PathBuf>,
}
