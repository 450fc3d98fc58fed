//! The ingress's settings.

use std::net::SocketAddr;

use clap::Parser;
use ipnet::IpNet;
use postern_shared::broker::publisher::DEFAULT_CHANNELS;
use postern_shared::env::Limits;
use postern_shared::options::number::between;
use postern_shared::options::{self, BrokerOptions, DatabaseOptions, PrivateOptions, Settings, TelemetryOptions};
use postern_shared::permission::short_url::ShortUrl;

use crate::api::MIN_TOKEN_CHARS;
use crate::limits;
use crate::panel::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};

/// The most messages in the spool. Each takes some hundred bytes of the disk, and their number is counted now and then.
const MOST_SPOOLED: i64 = 1_000_000_000;

/// The most channels to the broker, each with a bundle in flight. RabbitMQ allows 2,047 of a connection by default, and a
/// few fill a quorum queue.
const MOST_CHANNELS: usize = 256;

/// The largest body, which is also what all bodies together may take.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

/// The most names and list items of a body. Each costs some hundred bytes of memory.
const MOST_FIELDS: usize = 100_000;

/// The longest name, which is kept and shown with every receipt.
const MOST_NAME_BYTES: usize = 64 * 1024;

/// The most connections of a listener: 24 GiB of headers, if all of them send one.
const MOST_CONNECTIONS: usize = 1_000_000;

/// The longest time that a caller may take, in seconds: its body takes memory meanwhile.
const MOST_BODY_TIMEOUT_S: u64 = 3_600;

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

impl Settings for Options {
    fn check(&self) -> Result<(), String> {
        options::apart(&self.service.listeners())
    }
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

    /// Messages with submissions in the spool from which on it takes nothing more: what a broker that stays away may
    /// cost of the disk. Runs that wait there, for a delay or a retry, do not count.
    #[arg(long, env = "POSTERN_MAX_SPOOLED", default_value_t = 1_000_000, value_parser = spooled)]
    pub(crate) max_spooled: i64,

    /// Channels to the broker, each with one bundle in flight.
    #[arg(long, env = "POSTERN_PUBLISH_CHANNELS", default_value_t = DEFAULT_CHANNELS, value_parser = channels)]
    pub(crate) publish_channels: usize,

    /// Where the control panel, its API, health and metrics are served, for operators only.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8081")]
    pub private_listen: SocketAddr,

    /// To which names it answers.
    #[command(flatten)]
    pub private: PrivateOptions,

    /// A token of the API, beside those in the database, of at least 20 characters. Without any token the first start
    /// makes one and prints it.
    #[arg(long, env = "POSTERN_API_TOKEN", hide_env_values = true, value_parser = api_token)]
    pub(crate) api_token: Option<String>,

    /// The password of the account `admin`, of at least 12 characters, which the first start makes. Without it the
    /// first start prints a link to make an account.
    #[arg(long, env = "POSTERN_ADMIN_PASSWORD", hide_env_values = true, value_parser = admin_password)]
    pub(crate) admin_password: Option<String>,
}

impl ServiceOptions {
    /// The listeners, each with the name of its setting.
    pub fn listeners(&self) -> [(&'static str, SocketAddr); 2] {
        [("POSTERN_LISTEN", self.listen), ("POSTERN_PRIVATE_LISTEN", self.private_listen)]
    }
}

/// How much one POST, and all callers together, may hold.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitOptions {
    /// Bytes of a body, and of what a compressed body inflates to.
    #[arg(long, env = "POSTERN_MAX_BODY_BYTES", default_value_t = Limits::default().body_bytes, value_parser = body_bytes)]
    pub(crate) max_body_bytes: usize,

    /// Names and list items of a body, over all levels.
    #[arg(long, env = "POSTERN_MAX_FIELDS", default_value_t = Limits::default().fields, value_parser = fields)]
    pub(crate) max_fields: usize,

    /// Bytes of one name.
    #[arg(long, env = "POSTERN_MAX_NAME_BYTES", default_value_t = Limits::default().name_bytes, value_parser = name_bytes)]
    pub(crate) max_name_bytes: usize,

    /// Levels of nesting.
    #[arg(long, env = "POSTERN_MAX_DEPTH", default_value_t = Limits::default().depth, value_parser = depth)]
    pub(crate) max_depth: usize,

    /// Seconds that a caller may take to send its body.
    #[arg(long, env = "POSTERN_BODY_TIMEOUT_S", default_value_t = 30, value_parser = body_timeout_s)]
    pub(crate) body_timeout_s: u64,

    /// Connections of the public listener. Where the process may not open as many files they are fewer.
    #[arg(long, env = "POSTERN_MAX_CONNECTIONS", default_value_t = limits::CONNECTIONS, value_parser = connections)]
    pub(crate) max_connections: usize,

    /// Connections of one address, or of one IPv6 network of 64 bits, but for trusted proxies.
    #[arg(long, env = "POSTERN_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = limits::CONNECTIONS_PER_ADDRESS, value_parser = connections)]
    pub(crate) max_connections_per_address: usize,
}

/// Levels that a worker reads: a deeper body would make its whole bundle unreadable, with the submissions of others.
const MOST_DEPTH: usize = 64;

fn depth(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_DEPTH, "a worker reads no deeper body")
}

fn spooled(text: &str) -> Result<i64, String> {
    between(
        text,
        1,
        MOST_SPOOLED,
        "with none nothing is accepted while the broker is away, and each takes room on the disk",
    )
}

fn channels(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_CHANNELS, "without a channel nothing is published, and a few fill a queue")
}

fn body_bytes(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_BODY_BYTES, "all bodies together may take no more")
}

fn fields(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_FIELDS, "each name takes memory")
}

fn name_bytes(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_NAME_BYTES, "a name is kept with every receipt")
}

fn connections(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_CONNECTIONS, "each takes memory, see limits in the README")
}

fn body_timeout_s(text: &str) -> Result<u64, String> {
    between(text, 1, MOST_BODY_TIMEOUT_S, "a body takes memory for as long as it is read")
}

/// An empty token is none, as compose files hand over what is not set.
fn api_token(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 | MIN_TOKEN_CHARS.. => Ok(text.to_owned()),
        _ => Err(format!("it is shorter than {MIN_TOKEN_CHARS} characters")),
    }
}

/// An empty password is none, as compose files hand over what is not set.
fn admin_password(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..MIN_PASSWORD_CHARS => Err(format!("it is shorter than {MIN_PASSWORD_CHARS} characters")),
        _ if text.len() > MAX_PASSWORD_BYTES => Err(format!("it is longer than {MAX_PASSWORD_BYTES} bytes")),
        _ => Ok(text.to_owned()),
    }
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

    fn parse(argument: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["", "--database-url=host=h", "--amqp-url=amqp://h", argument])
    }

    #[test]
    fn a_depth_that_a_worker_cannot_read_is_refused() {
        let parse = |depth: &str| parse(&format!("--max-depth={depth}"));
        assert_eq!(Limits::from(&parse("64").unwrap().service.limits).depth, 64);
        for depth in ["0", "65", "-1", "x", ""] {
            assert!(parse(depth).is_err(), "{depth}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for argument in [
            "--max-spooled=0",
            "--max-spooled=-1",
            "--publish-channels=0",
            "--publish-channels=257",
            "--max-body-bytes=0",
            "--max-body-bytes=67108865",
            "--max-fields=0",
            "--max-name-bytes=0",
            "--body-timeout-s=0",
            "--body-timeout-s=18446744073709551615",
            "--api-token=0123456789012345678",
            "--admin-password=eleven char",
        ] {
            assert!(parse(argument).is_err(), "{argument}");
        }
        for argument in
            ["--api-token=01234567890123456789", "--api-token=", "--admin-password=twelve chars", "--admin-password="]
        {
            assert!(parse(argument).is_ok(), "{argument}");
        }
        assert!(parse("--private-listen=0.0.0.0:8080").unwrap().check().is_err());
        assert!(parse("--private-listen=0.0.0.0:8081").unwrap().check().is_ok());
    }
}
