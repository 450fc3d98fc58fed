//! The settings that both services and the command line share. Each is declared once, here or in the
//! `options` of its program; nothing else reads the environment.

use clap::Args;

/// Where PostgreSQL is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// PostgreSQL, as a URL or a list of keywords.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,

    /// Connections to PostgreSQL that this process keeps at most.
    #[arg(long, env = "POSTERN_DATABASE_CONNECTIONS", default_value_t = 8)]
    pub database_connections: usize,
}

/// Where RabbitMQ is.
#[derive(Debug, Clone, Args)]
pub struct BrokerOptions {
    /// RabbitMQ, as an AMQP URL with its vhost. Only `postern serve`, which is both services, may be without: a worker
    /// that was told of no broker would never see what its ingress publishes.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, required = true)]
    pub amqp_url: Option<String>,
}

/// What a process says of itself.
#[derive(Debug, Clone, Args)]
pub struct TelemetryOptions {
    /// What is logged: a level, or directives such as `postern_worker=debug`.
    #[arg(long, env = "POSTERN_LOG", default_value = "info")]
    pub log: String,

    /// How log lines look: `text` or `json`.
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
