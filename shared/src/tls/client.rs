//! TLS to PostgreSQL and RabbitMQ: whom a server's certificate must be signed by, and as whom this process comes. The files
//! are read again when they change, so that a renewed certificate needs no restart.

mod verifier;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

use super::pem::{self, Identity};
use verifier::Verifier;

/// What of a server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Nothing: the connection is encrypted, with whomever it is.
    Nothing,
    /// That a trusted CA has signed it.
    Issuer,
    /// The same, and that it is for the host that was asked for.
    IssuerAndName,
}

/// Files in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// The CAs that are trusted; without it those of the system.
    pub ca: Option<PathBuf>,
    /// The certificate of this client and its key, for a server that demands one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// How connections to one server are secured; clones share it.
#[derive(Clone)]
pub struct ClientTls(Arc<Shared>);

struct Shared {
    check: Check,
    files: Files,
    made: Mutex<Made>,
}

struct Made {
    /// When each file was changed last.
    changed: Vec<Option<SystemTime>>,
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be used, or there is no CA. The error names the file.
    pub fn new(check: Check, files: Files) -> Result<Self, String> {
        let made = Made { changed: files.changed(), config: Arc::new(config(check, &files)?) };
        Ok(Self(Arc::new(Shared { check, files, made: Mutex::new(made) })))
    }

    /// What is checked.
    pub fn check(&self) -> Check {
        self.0.check
    }

    /// For the next connection. Files that cannot be read any more are told of, and what they held stays in force.
    pub fn config(&self) -> Arc<ClientConfig> {
        let Shared { check, files, made } = &*self.0;
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = files.changed();
        if changed != made.changed {
            match config(*check, files) {
                Ok(config) => made.config = Arc::new(config),
                Err(error) => tracing::warn!(%error, "the files for TLS have changed and cannot be used"),
            }
            made.changed = changed;
        }
        Arc::clone(&made.config)
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientTls").field(&self.0.check).field(&self.0.files).finish()
    }
}

impl Files {
    fn changed(&self) -> Vec<Option<SystemTime>> {
        let identity = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        pem::changed(self.ca.iter().chain(identity))
    }
}

fn config(check: Check, files: &Files) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(check, || roots(files.ca.as_deref()), &provider)?;
    let config = ClientConfig::builder_with_provider(Arc::<CryptoProvider>::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        // "Dangerous" since a verifier of one's own may check too little: see `Verifier`.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some((certificate, key)) = &files.identity else { return Ok(config.with_no_client_auth()) };
    let identity = Identity::read(certificate, key)?;
    config
        .with_client_auth_cert(identity.certificates, identity.key)
        .map_err(|error| pem::apart(certificate, key, &error))
}

/// The CAs of a file, or of the system.
fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in pem::certificates(file)? {
                roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err("the system has no CA certificates: name a file".to_owned());
            }
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        fs::write(&empty, "nothing").unwrap();
        let missing = folder.path().join("missing.pem");
        let ca = |file: &PathBuf| Files { ca: Some(file.clone()), identity: None };
        let identity = Files { ca: None, identity: Some((missing.clone(), empty.clone())) };
        for (check, files, words) in [
            (Check::Issuer, ca(&missing), "missing.pem cannot be read"),
            (Check::IssuerAndName, ca(&empty), "empty.pem holds no certificate"),
            (Check::Nothing, identity, "missing.pem cannot be read"),
        ] {
            let error = ClientTls::new(check, files).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(ClientTls::new(Check::Nothing, Files::default()).is_ok());
    }
}
