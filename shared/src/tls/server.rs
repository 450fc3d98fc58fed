//! TLS of a listener: the certificate by which callers know it. The files are read again when they change, so that a
//! renewed certificate needs no restart. Connections that are open keep what they began with.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::pem::{self, Identity};

/// A connection that is secured.
pub type Secured<S> = TlsStream<S>;

/// Between two looks whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The most bytes of an answer that are kept encrypted for a peer that does not read.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// What a listener speaks: nothing else is offered to callers.
const PROTOCOL: &[u8] = b"http/1.1";

/// How a listener is secured; clones share it.
#[derive(Clone)]
pub struct ServerTls(Arc<Shared>);

struct Shared {
    /// The certificate and its key.
    files: [PathBuf; 2],
    /// When the files that are in force were changed last.
    changed: Vec<Option<SystemTime>>,
    config: ArcSwap<ServerConfig>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be used, or they do not go together. The error names the files.
    pub fn new(certificate: PathBuf, key: PathBuf) -> Result<Self, String> {
        let files = [certificate, key];
        let changed = pem::changed(&files);
        let config = ArcSwap::from_pointee(config(&files)?);
        Ok(Self(Arc::new(Shared { files, changed, config })))
    }

    /// Shakes hands with a peer. Nothing bounds how long that takes.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<Secured<S>> {
        let acceptor = TlsAcceptor::from(self.0.config.load_full());
        acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(MAX_UNSENT_BYTES))).await
    }

    /// Reads the files again when they change, until it is dropped. Files that cannot be used are told of once, and what
    /// they held stays in force.
    pub async fn follow(&self) {
        let mut known = self.0.changed.clone();
        loop {
            sleep(LOOK_EVERY).await;
            let shared = Arc::clone(&self.0);
            // A disk that stands still must not keep up what else this process does.
            let Ok((changed, read)) = tokio::task::spawn_blocking(move || {
                let changed = pem::changed(&shared.files);
                let read = (changed != known).then(|| config(&shared.files));
                (changed, read)
            })
            .await
            else {
                return;
            };
            known = changed;
            match read {
                Some(Ok(config)) => {
                    self.0.config.store(Arc::new(config));
                    tracing::info!("the certificate of the listener was read again");
                }
                Some(Err(error)) => {
                    tracing::error!(error, "the files of the listener's certificate have changed and cannot be used");
                }
                None => {}
            }
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerTls").field(&self.0.files).finish()
    }
}

fn config([certificate, key]: &[PathBuf; 2]) -> Result<ServerConfig, String> {
    let identity = Identity::read(certificate, key)?;
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(identity.certificates, identity.key)
        .map_err(|error| pem::apart(certificate, key, &error))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, missing) = (folder.path().join("empty.pem"), folder.path().join("missing.pem"));
        fs::write(&empty, "nothing").unwrap();
        for (certificate, words) in
            [(&missing, "missing.pem cannot be read"), (&empty, "empty.pem holds no certificate")]
        {
            let error = ServerTls::new(certificate.clone(), missing.clone()).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
