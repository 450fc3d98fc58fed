//! Why a connection with TLS does not open, told apart for the person who has to mend it.

use rustls::{CertificateError, Error};

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
