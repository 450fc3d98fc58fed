//! The ingress's settings.

use std::net::SocketAddr;

use clap::Parser;
use ipnet::IpNet;
use postern_shared::broker::publisher::DEFAULT_CHANNELS;
use postern_shared::env::Limits;
use postern_shared::options::{BrokerOptions, DatabaseOptions, TelemetryOptions};
use postern_shared::permission::short_url::ShortUrl;

/// Takes POSTs from permitted addresses and answers once they are durably queued.
#[derive(Debug, Clone, Parser)]
#[command(name = "postern-ingress", version)]
pub struct Options {
    /// What the service is set to.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Where PostgreSQL is.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Where RabbitMQ is; without one everything goes into the spool.
    #[command(flatten)]
    pub broker: BrokerOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
}

/// What the service is set to, whatever runs beside it.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceOptions {
    /// Where callers reach the short URLs and their receipts.
    #[arg(long, env = "POSTERN_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// The short URL of every permission that has none of its own.
    #[arg(long, env = "POSTERN_SHORT_URL", default_value = "/trigger")]
    pub short_url: ShortUrl,

    /// The proxies whose `X-Forwarded-For` or `Forwarded` is believed: networks such as 10.0.0.0/8, joined by commas.
    #[arg(long, env = "POSTERN_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxies: Vec<IpNet>,

    #[command(flatten)]
    pub(crate) limits: LimitOptions,

    /// Messages in the spool from which on it takes nothing more: what a broker that stays away may cost of the disk.
    #[arg(long, env = "POSTERN_MAX_SPOOLED", default_value_t = 1_000_000)]
    pub(crate) max_spooled: i64,

    /// Channels to the broker, each with one bundle in flight.
    #[arg(long, env = "POSTERN_PUBLISH_CHANNELS", default_value_t = DEFAULT_CHANNELS)]
    pub(crate) publish_channels: usize,

    /// Where the control panel, its API, health and metrics are served, for operators only.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8081")]
    pub private_listen: SocketAddr,

    /// A token of the API, beside those in the database, of at least 20 characters. Without any token the first start
    /// makes one and prints it.
    #[arg(long, env = "POSTERN_API_TOKEN", hide_env_values = true)]
    pub(crate) api_token: Option<String>,

    /// The password of the account `admin`, of at least 12 characters, which the first start makes. Without it the
    /// first start prints a link to make an account.
    #[arg(long, env = "POSTERN_ADMIN_PASSWORD", hide_env_values = true)]
    pub(crate) admin_password: Option<String>,
}

/// How much one POST may hold.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitOptions {
    /// Bytes of a body, and of what a compressed body inflates to.
    #[arg(long, env = "POSTERN_MAX_BODY_BYTES", default_value_t = Limits::default().body_bytes)]
    pub(crate) max_body_bytes: usize,

    /// Names and list items of a body, over all levels.
    #[arg(long, env = "POSTERN_MAX_FIELDS", default_value_t = Limits::default().fields)]
    pub(crate) max_fields: usize,

    /// Bytes of one name.
    #[arg(long, env = "POSTERN_MAX_NAME_BYTES", default_value_t = Limits::default().name_bytes)]
    pub(crate) max_name_bytes: usize,

    /// Levels of nesting.
    #[arg(long, env = "POSTERN_MAX_DEPTH", default_value_t = Limits::default().depth, value_parser = depth)]
    pub(crate) max_depth: usize,

    /// Seconds that a caller may take to send its body.
    #[arg(long, env = "POSTERN_BODY_TIMEOUT_S", default_value_t = 30)]
    pub(crate) body_timeout_s: u64,
}

/// Levels that a worker reads: a deeper body would make its whole bundle unreadable, with the submissions of others.
const MOST_DEPTH: usize = 64;

fn depth(text: &str) -> Result<usize, String> {
    let depth = text.parse().ok().filter(|depth| (1..=MOST_DEPTH).contains(depth));
    depth.ok_or_else(|| format!("must be a number from 1 to {MOST_DEPTH}"))
}

impl From<&LimitOptions> for Limits {
    fn from(options: &LimitOptions) -> Self {
        Self {
            body_bytes: options.max_body_bytes,
            fields: options.max_fields,
            name_bytes: options.max_name_bytes,
            depth: options.max_depth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_that_a_worker_cannot_read_is_refused() {
        let parse = |depth: &str| {
            Options::try_parse_from(["", "--database-url=x", "--amqp-url=x", &format!("--max-depth={depth}")])
        };
        assert_eq!(Limits::from(&parse("64").unwrap().service.limits).depth, 64);
        for depth in ["0", "65", "-1", "x", ""] {
            assert!(parse(depth).is_err(), "{depth}");
        }
    }
}
