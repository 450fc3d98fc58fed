//! Checks the certificate of a server as far as the operator has asked for. The levels are those of libpq.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Check;

#[derive(Debug)]
pub(super) struct Verifier {
    /// Of the issuer and the name; none = nothing is checked.
    whole: Option<Arc<WebPkiServerVerifier>>,
    is_name_checked: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub fn new(
        check: Check,
        roots: impl FnOnce() -> Result<RootCertStore, String>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let whole = match check {
            Check::Nothing => None,
            Check::Issuer | Check::IssuerAndName => {
                let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots()?), Arc::clone(provider));
                Some(builder.build().map_err(|error| error.to_string())?)
            }
        };
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self { whole, is_name_checked: check == Check::IssuerAndName, algorithms })
    }

    /// Of a server that may be anybody no signature is looked at: an old key, too short for what is checked, is no reason to
    /// have no connection.
    fn unless_unchecked(
        &self,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.whole.is_none() { Ok(HandshakeSignatureValid::assertion()) } else { verify(&self.algorithms) }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(whole) = &self.whole else { return Ok(ServerCertVerified::assertion()) };
        match whole.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: everything else is right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.is_name_checked => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.unless_unchecked(|algorithms| verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.unless_unchecked(|algorithms| verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
