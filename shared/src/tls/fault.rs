//! Why a connection with TLS does not open, told apart for the person who has to mend it.

use std::error::Error as AnyError;

use rustls::{CertificateError, Error};

/// Which of them it is.
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

/// What is wrong, if an error is one of TLS.
pub fn fault(error: &(dyn AnyError + 'static)) -> Option<TlsFault> {
    use CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet};
    Some(match error.downcast_ref::<Error>()? {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            TlsFault::Unknown
        }
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => TlsFault::OtherName,
        Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => TlsFault::Expired,
        Error::InvalidMessage(_) => TlsFault::NoTls,
        _ => TlsFault::Other,
    })
}

/// The reason, as a sentence about the other side.
pub fn reason(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::AlertReceived(alert) => format!(
            "it refuses this client ({alert:?}): it may demand a client certificate, or another one than it was given"
        ),
        Error::InvalidMessage(_) => "it does not answer in TLS".to_owned(),
        other => other.to_string(),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    match error {
        // The signature is wrong where a CA of the same name, made anew, has signed it.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "no CA that is trusted here has signed its certificate".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("its certificate is for another name: {}", presented.join(", "))
        }
        other => format!("its certificate is not valid: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{AlertDescription, InvalidMessage};

    use super::*;

    #[test]
    fn faults_are_told_apart() {
        let expected = ServerName::try_from("db.example.org").unwrap();
        let other_name =
            CertificateError::NotValidForNameContext { expected, presented: vec!["DnsName(\"localhost\")".into()] };
        for (error, words) in [
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), "no CA that is trusted here"),
            (Error::InvalidCertificate(CertificateError::BadSignature), "no CA that is trusted here"),
            (Error::InvalidCertificate(CertificateError::Expired), "has expired"),
            (Error::InvalidCertificate(CertificateError::NotValidYet), "not valid yet"),
            (Error::InvalidCertificate(other_name), "for another name: DnsName(\"localhost\")"),
            (Error::InvalidCertificate(CertificateError::Revoked), "is not valid: "),
            (Error::AlertReceived(AlertDescription::CertificateRequired), "(CertificateRequired)"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not answer in TLS"),
        ] {
            assert!(reason(&error).contains(words), "{words}: {}", reason(&error));
        }
    }
}
