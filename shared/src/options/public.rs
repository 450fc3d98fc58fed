//! Where callers reach Postern. Ingress opens the listener; control shows callers' addresses and ready-made calls by the
//! same settings.

use std::net::SocketAddr;

use clap::Args;
use ipnet::IpNet;

use super::network;
use crate::permission::short_url::ShortUrl;

/// How callers come.
#[derive(Debug, Clone, Args)]
pub struct PublicOptions {
    /// The public listener: short URLs and receipts. Control shows its port in ready-made calls.
    #[arg(long, env = "POSTERN_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// The short URL of every permission that has none of its own.
    #[arg(long, env = "POSTERN_SHORT_URL", default_value = "/trigger")]
    pub short_url: ShortUrl,

    /// The proxies whose `X-Forwarded-For` or `Forwarded` is believed, also for log-ins to the control panel: addresses,
    /// and networks such as 10.0.0.0/8, joined by commas. Such a header from another private address is refused, and so is another
    /// header that only a proxy adds (`X-Real-IP`, `X-Forwarded-Proto`).
    #[arg(long, env = "POSTERN_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
}
