//! Why no encrypted connection came about, in words for the person who has to mend it.

use std::error::Error;

use postern_shared::message::{ConnectionFault, Message};
use postern_shared::tls::{self, TlsFault};

/// What is wrong, if an error is one of TLS.
pub fn fault(error: &(dyn Error + 'static)) -> Option<Message> {
    Some(match tls::fault(error)? {
        TlsFault::Unknown => ConnectionFault::CertificateUnknown.into(),
        TlsFault::OtherName => ConnectionFault::CertificateName.into(),
        TlsFault::Expired => ConnectionFault::CertificateExpired.into(),
        TlsFault::NoTls => ConnectionFault::NoTls.into(),
        TlsFault::Other => Message::TargetTls,
    })
}

/// The same of an error, its causes, and what stands inside of an error of input and output.
pub fn fault_within(error: &(dyn Error + 'static)) -> Option<Message> {
    std::iter::successors(Some(error), |one| (*one).source()).find_map(|one| {
        let inner = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        fault(one).or_else(|| fault(inner?))
    })
}
