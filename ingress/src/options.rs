//! The ingress's settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ipnet::IpNet;
use postern_shared::broker::publisher::DEFAULT_CHANNELS;
use postern_shared::options::number::between;
use postern_shared::options::retention::Keep;
use postern_shared::options::{
    self, BodyOptions, BrokerOptions, DatabaseOptions, PrivateOptions, PublicOptions, SecretsOptions, Settings,
    TelemetryOptions, TraceOptions, network,
};
use postern_shared::settings_snapshot;

use crate::limits;

/// The most messages in the spool. Each takes some hundred bytes of the disk, and their number is counted now and then.
const MOST_SPOOLED: i64 = 1_000_000_000;

/// The most channels to the broker, each with a bundle in flight. RabbitMQ allows 2,047 of a connection by default, and a
/// few fill a quorum queue.
const MOST_CHANNELS: usize = 256;

/// The most connections of a listener: 24 GiB of headers, if all of them send one.
const MOST_CONNECTIONS: usize = 1_000_000;

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

    /// How secrets are decrypted.
    #[command(flatten)]
    pub secrets: SecretsOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,

    /// Where its traces go.
    #[command(flatten)]
    pub traces: TraceOptions,
}

impl Settings for Options {
    fn check(&self) -> Result<(), String> {
        options::apart(&self.service.listeners())?;
        self.service.check()?;
        if self.service.settings_snapshot.is_some() && self.secrets.is_empty() {
            return Err(format!(
                "{} needs POSTERN_SECRETS_KEY or POSTERN_SECRETS_KEY_FILE: under that key the file is authenticated",
                settings_snapshot::SETTING
            ));
        }
        Ok(())
    }
}

/// What the service is set to, whatever runs beside it.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceOptions {
    /// How callers come.
    #[command(flatten)]
    pub public: PublicOptions,

    /// The proxies that announce their callers by the PROXY protocol, version 2: addresses, and networks such as
    /// 10.0.0.0/8, joined by commas. Each connection from them to the public listener must begin with its header. The header of anybody else is
    /// refused.
    #[arg(long, env = "POSTERN_PROXY_PROTOCOL_PEERS", value_delimiter = ',', value_parser = network)]
    pub(crate) proxy_protocol_peers: Vec<IpNet>,

    /// How much a body may hold.
    #[command(flatten)]
    pub body: BodyOptions,

    #[command(flatten)]
    pub(crate) limits: LimitOptions,

    /// The number of messages with submissions in the spool from which on the spool takes no more. It bounds the disk
    /// space while the broker is away. Runs that wait in the spool, for a delay or a retry, do not count.
    #[arg(long, env = "POSTERN_MAX_SPOOLED", default_value_t = 1_000_000, value_parser = spooled)]
    pub(crate) max_spooled: i64,

    /// Days after which refused bodies are removed, or `never`. Each permission has a share of the store in any case.
    #[arg(long, env = "POSTERN_KEEP_REFUSED_DAYS", default_value = "7")]
    pub(crate) keep_refused: Keep,

    /// A file with a copy of the permissions and of the encrypted secrets, which the ingress writes whenever they change.
    /// An ingress that starts while PostgreSQL is away begins with them. The file is authenticated under the key of
    /// `POSTERN_SECRETS_KEY`. Each process needs a file of its own.
    #[arg(long, env = "POSTERN_SETTINGS_SNAPSHOT")]
    pub(crate) settings_snapshot: Option<PathBuf>,

    /// Channels to RabbitMQ, each with one bundle in flight.
    #[arg(long, env = "POSTERN_PUBLISH_CHANNELS", default_value_t = DEFAULT_CHANNELS, value_parser = channels)]
    pub(crate) publish_channels: usize,

    /// The listener for health and metrics. `postern serve` serves the control panel and the API there as well, unless
    /// `POSTERN_CONTROL_LISTEN` names another address.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8081")]
    pub private_listen: SocketAddr,

    /// To which names it answers.
    #[command(flatten)]
    pub private: PrivateOptions,
}

impl ServiceOptions {
    /// Whether they can work. The error names the setting that cannot.
    pub fn check(&self) -> Result<(), String> {
        self.public.tls()?;
        self.settings_snapshot.as_deref().map_or(Ok(()), settings_snapshot::check)
    }

    /// The listeners, each with the name of its setting.
    pub fn listeners(&self) -> [(&'static str, SocketAddr); 2] {
        [("POSTERN_LISTEN", self.public.listen), ("POSTERN_PRIVATE_LISTEN", self.private_listen)]
    }
}

/// How much all callers together may hold.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitOptions {
    /// Connections of the public listener. At the limit, the oldest idle connection of the address with most
    /// connections is closed. A process that may not open as many files has fewer.
    #[arg(long, env = "POSTERN_MAX_CONNECTIONS", default_value_t = limits::CONNECTIONS, value_parser = connections)]
    pub(crate) max_connections: usize,

    /// Connections of one address, or of one IPv6 network of 64 bits. Trusted proxies may take all.
    #[arg(long, env = "POSTERN_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = limits::CONNECTIONS_PER_ADDRESS, value_parser = connections)]
    pub(crate) max_connections_per_address: usize,
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

fn connections(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_CONNECTIONS, "each takes memory, see the limits in deploy/README.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(argument: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["", "--database-url=host=h", "--amqp-url=amqp://h", argument])
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for argument in [
            "--max-spooled=0",
            "--max-spooled=-1",
            "--publish-channels=0",
            "--publish-channels=257",
            "--max-connections=0",
        ] {
            assert!(parse(argument).is_err(), "{argument}");
        }
        assert!(parse("--private-listen=0.0.0.0:8080").unwrap().check().is_err());
        assert!(parse("--private-listen=0.0.0.0:8081").unwrap().check().is_ok());
    }
}
