//! TLS to other systems: all clients of a process take their cryptography from one provider.

use std::error::Error;

use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet};
use rustls::CertificateError::{NotValidYetContext, UnknownIssuer};
use rustls::Error::{InvalidCertificate, InvalidMessage};

/// Why no encrypted connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// Nobody who is trusted has signed the certificate.
    Unknown,
    /// The certificate is for another name.
    OtherName,
    /// The certificate is valid no longer, or not yet.
    Expired,
    /// The other side answered without TLS.
    NoTls,
    /// Anything else.
    Other,
}

/// Sets the provider. Every client that speaks TLS is made after this; it may be called any number of times.
pub fn provide() {
    // Fails if it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What is wrong, if an error is one of TLS.
pub fn fault(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    Some(match error.downcast_ref::<rustls::Error>()? {
        InvalidCertificate(UnknownIssuer) => TlsFault::Unknown,
        InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => TlsFault::OtherName,
        InvalidCertificate(Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }) => {
            TlsFault::Expired
        }
        InvalidMessage(_) => TlsFault::NoTls,
        _ => TlsFault::Other,
    })
}
