//! Where callers reach Postern. Ingress opens the listener; control shows callers' addresses and ready-made calls by the
//! same settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use super::network;
use crate::permission::short_url::ShortUrl;
use crate::tls::server::ServerTls;

/// How callers come.
#[derive(Debug, Clone, Args)]
pub struct PublicOptions {
    /// The public listener: short URLs and receipts. Control shows its port in ready-made calls.
    #[arg(long, env = "POSTERN_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// A file with the certificate of the public listener in PEM, followed by those of the CAs that signed it. With it the
    /// listener speaks HTTPS alone. Control shows HTTPS in ready-made calls if the setting has a value, and reads no file.
    #[arg(long, env = "POSTERN_TLS_CERTIFICATE_FILE")]
    pub tls_certificate_file: Option<PathBuf>,

    /// A file with the key of that certificate in PEM. Both files are read again when they change.
    #[arg(long, env = "POSTERN_TLS_KEY_FILE")]
    pub tls_key_file: Option<PathBuf>,

    /// The short URL of every permission that has none of its own.
    #[arg(long, env = "POSTERN_SHORT_URL", default_value = "/trigger")]
    pub short_url: ShortUrl,

    /// The proxies whose `X-Forwarded-For` or `Forwarded` is believed, also for log-ins to the control panel: addresses,
    /// and networks such as 10.0.0.0/8, joined by commas. Such a header from another private address is refused, and so is another
    /// header that only a proxy adds (`X-Real-IP`, `X-Forwarded-Proto`).
    #[arg(long, env = "POSTERN_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
}

impl PublicOptions {
    /// How the public listener is secured; none = it speaks HTTP.
    ///
    /// # Errors
    /// One of the settings is not there, or its file cannot be used.
    pub fn tls(&self) -> Result<Option<ServerTls>, String> {
        const NAMES: &str = "POSTERN_TLS_CERTIFICATE_FILE and POSTERN_TLS_KEY_FILE";
        match (&self.tls_certificate_file, &self.tls_key_file) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let tls = ServerTls::new(certificate.clone(), key.clone());
                tls.map(Some).map_err(|error| format!("{NAMES} cannot be used: {error}"))
            }
            _ => Err(format!("{NAMES} go together: only one of them is set")),
        }
    }

    /// What the URLs of callers begin with.
    pub fn scheme(&self) -> &'static str {
        if self.tls_certificate_file.is_some() { "https" } else { "http" }
    }
}
