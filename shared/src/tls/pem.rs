//! Files in PEM: certificates and keys. What is wrong with one is told in words that name the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate, with those of the CAs between it and the root, and its key.
pub struct Identity {
    pub certificates: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let certificates = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
        Ok(Self { certificates, key })
    }
}

/// Why a certificate and a key are of no use together.
pub fn apart(certificate: &Path, key: &Path, error: &rustls::Error) -> String {
    format!("{} and {} do not go together: {error}", certificate.display(), key.display())
}

/// All certificates of a file, of which there must be one.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(file, &error))?;
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate in PEM", file.display()));
    }
    Ok(certificates)
}

/// When each file was changed last.
pub fn changed<'f>(files: impl IntoIterator<Item = &'f PathBuf>) -> Vec<Option<SystemTime>> {
    files.into_iter().map(|file| fs::metadata(file).and_then(|found| found.modified()).ok()).collect()
}

fn unreadable(file: &Path, error: &Error) -> String {
    match error {
        Error::Io(error) => format!("{} cannot be read: {error}", file.display()),
        error => format!("{} does not read as PEM: {error}", file.display()),
    }
}
