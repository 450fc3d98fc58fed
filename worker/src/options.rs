//! The worker's settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use postern_shared::date::{named_zone, unknown_zone};
use postern_shared::options::number::between;
use postern_shared::options::{
    BrokerOptions, DatabaseOptions, PrivateOptions, RetentionOptions, SecretsOptions, Settings, TelemetryOptions,
    TraceOptions, network,
};
use postern_shared::search_key::Names;

use crate::outside::mail::MailServer;

/// The most bundles at the same time. Each takes two connections to PostgreSQL.
const MOST_CONCURRENCY: u16 = 256;

/// The most calls of other systems at the same time: the run of each may keep megabytes in memory while it waits for the
/// answer.
const MOST_OUTSIDE_CONCURRENCY: u16 = 4_096;

/// The longest wait of a shutdown, in seconds: nothing executes a bundle for so long.
const MOST_DRAIN_TIMEOUT_S: u64 = 3_600;

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

    /// The listener for health and metrics.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8082")]
    pub private_listen: SocketAddr,

    /// To which names it answers.
    #[command(flatten)]
    pub private: PrivateOptions,

    /// How secrets are decrypted.
    #[command(flatten)]
    pub secrets: SecretsOptions,

    /// How it executes.
    #[command(flatten)]
    pub execution: ExecutionOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,

    /// Where its traces go.
    #[command(flatten)]
    pub traces: TraceOptions,
}

impl Settings for Options {}

/// How bundles are executed.
#[derive(Debug, Clone, clap::Args)]
pub struct ExecutionOptions {
    /// Transactions with submissions of the default lane at the same time, and as many with submissions of bursts. Each
    /// has a connection to PostgreSQL of its own.
    #[arg(long, env = "POSTERN_CONCURRENCY", default_value_t = 4, value_parser = concurrency)]
    pub(crate) concurrency: u16,

    /// Calls of other systems at the same time. A target, or a workflow, gets one more only while twice as many slots
    /// are free as it has. With 256 slots, one target of one workflow has 43 at most. A call that waits for its answer
    /// costs memory and a socket.
    #[arg(long, env = "POSTERN_OUTSIDE_CONCURRENCY", default_value_t = 256, value_parser = outside_concurrency)]
    pub(crate) outside_concurrency: u16,

    /// Private addresses, and networks of them, that workflows may reach, joined by commas. All other private addresses are
    /// refused.
    #[arg(long, env = "POSTERN_ALLOWED_TARGETS", value_delimiter = ',', value_parser = network)]
    pub(crate) allowed_targets: Vec<IpNet>,

    /// The mail server by which workflows send: `smtp://user:password@host:587`, which must offer STARTTLS, or
    /// `smtps://…` (port 465). `?tls=never` behind an `smtp://` URL sends without encryption.
    #[arg(long, env = "POSTERN_SMTP_URL", hide_env_values = true, value_parser = smtp_url)]
    pub(crate) smtp_url: Option<String>,

    /// A file with the URL of the mail server, instead of `POSTERN_SMTP_URL`.
    #[arg(long, env = "POSTERN_SMTP_URL_FILE")]
    pub(crate) smtp_url_file: Option<PathBuf>,

    /// The sender of mails whose step names no sender, such as `Postern <leads@example.org>`.
    #[arg(long, env = "POSTERN_MAIL_FROM")]
    pub(crate) mail_from: Option<Mailbox>,

    /// The time zone of clock times, dates and weekdays in workflows that name no `zone`, such as `Europe/Moscow`.
    #[arg(long, env = "POSTERN_ZONE", default_value = "UTC", value_parser = zone)]
    pub(crate) zone: TimeZone,

    /// Names of posted values and of fields by whose words receipts and records are found, joined by commas; `*` stands
    /// for any letters. E-mails and phone numbers are found under any name.
    #[arg(long, env = "POSTERN_SEARCH_NAMES", default_value = Names::DEFAULT)]
    pub(crate) search_names: Names,

    /// How long it keeps what is over.
    #[command(flatten)]
    pub(crate) retention: RetentionOptions,

    /// Seconds that a shutdown waits for the bundles that are being executed.
    #[arg(long, env = "POSTERN_DRAIN_TIMEOUT_S", default_value_t = 25, value_parser = drain_timeout_s)]
    pub(crate) drain_timeout_s: u64,
}

fn concurrency(text: &str) -> Result<u16, String> {
    between(text, 1, MOST_CONCURRENCY, "with none nothing runs, and each takes two connections to PostgreSQL")
}

fn outside_concurrency(text: &str) -> Result<u16, String> {
    between(text, 1, MOST_OUTSIDE_CONCURRENCY, "with none no other system is called, and each takes memory")
}

fn zone(text: &str) -> Result<TimeZone, String> {
    named_zone(text).ok_or_else(|| unknown_zone(text).to_string())
}

fn drain_timeout_s(text: &str) -> Result<u64, String> {
    between(text, 0, MOST_DRAIN_TIMEOUT_S, "no bundle takes longer")
}

/// A URL of a mail server. The error does not repeat it.
fn smtp_url(text: &str) -> Result<String, String> {
    MailServer::new(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        let parse =
            |argument: &str| Options::try_parse_from(["", "--database-url=host=h", "--amqp-url=amqp://h", argument]);
        for argument in [
            "--concurrency=0",
            "--concurrency=257",
            "--concurrency=-1",
            "--outside-concurrency=0",
            "--outside-concurrency=65535",
            "--drain-timeout-s=18446744073709551615",
            "--smtp-url=http://mail",
            "--smtp-url=mail",
            "--zone=Moscow",
            "--zone=",
            "--database-connections=0",
            "--database-connections=1001",
        ] {
            assert!(parse(argument).is_err(), "{argument}");
        }
        for argument in
            ["--concurrency=256", "--drain-timeout-s=0", "--zone=Europe/Moscow", "--smtp-url=smtp://u:p@mail?tls=never"]
        {
            assert!(parse(argument).is_ok(), "{argument}");
        }
        for url in ["", "nonsense", "postgres:///db", "host=h sslmode=allow", "postgres://u:p@h:port/db"] {
            let parsed = Options::try_parse_from(["", &format!("--database-url={url}"), "--amqp-url=amqp://h"]);
            assert!(parsed.is_err(), "{url}");
        }
    }
}
