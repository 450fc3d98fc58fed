//! The worker's settings.

use std::net::SocketAddr;

use clap::Parser;
use ipnet::IpNet;
use lettre::message::Mailbox;
use postern_shared::options::{BrokerOptions, DatabaseOptions, TelemetryOptions};

/// Takes what ingress queued and executes the workflows.
#[derive(Debug, Clone, Parser)]
#[command(name = "postern-worker", version)]
pub struct Options {
    /// Where PostgreSQL is.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Where RabbitMQ is; without one it takes from the spool.
    #[command(flatten)]
    pub broker: BrokerOptions,

    /// Where health and metrics are served, for operators only.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8082")]
    pub private_listen: SocketAddr,

    /// How it executes.
    #[command(flatten)]
    pub execution: ExecutionOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
}

/// How bundles are executed.
#[derive(Debug, Clone, clap::Args)]
pub struct ExecutionOptions {
    /// Bundles that are executed at the same time, each on a connection to PostgreSQL of its own.
    #[arg(long, env = "POSTERN_CONCURRENCY", default_value_t = 4)]
    pub(crate) concurrency: u16,

    /// Runs that are resumed at the same time; one that reaches outside holds its place until it is answered.
    #[arg(long, env = "POSTERN_OUTSIDE_CONCURRENCY", default_value_t = 16)]
    pub(crate) outside_concurrency: u16,

    /// Networks with private addresses that workflows may reach, joined by commas.
    #[arg(long, env = "POSTERN_ALLOWED_TARGETS", value_delimiter = ',')]
    pub(crate) allowed_targets: Vec<IpNet>,

    /// The mail server by which workflows send: `smtp://user:password@host:587` (with STARTTLS) or `smtps://…`.
    #[arg(long, env = "POSTERN_SMTP_URL", hide_env_values = true)]
    pub(crate) smtp_url: Option<String>,

    /// Who sends the mails of steps that name nobody.
    #[arg(long, env = "POSTERN_MAIL_FROM")]
    pub(crate) mail_from: Option<Mailbox>,

    /// Seconds that a shutdown waits for the bundles being executed.
    #[arg(long, env = "POSTERN_DRAIN_TIMEOUT_S", default_value_t = 25)]
    pub(crate) drain_timeout_s: u64,
}
