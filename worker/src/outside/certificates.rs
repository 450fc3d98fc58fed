//! Why no encrypted connection came about, in words for the person who has to mend it.

use std::error::Error;
use std::io;

use postern_shared::message::{ConnectionFault, Message};
use postern_shared::tls::{self, TlsFault};

/// What is wrong, if an error is one of TLS, or is around one: what stands inside of an error of input and output is no
/// source of it.
pub fn fault(error: &(dyn Error + 'static)) -> Option<Message> {
    let Some(found) = tls::fault(error) else { return fault(error.downcast_ref::<io::Error>()?.get_ref()?) };
    Some(match found {
        TlsFault::Unknown => ConnectionFault::CertificateUnknown.into(),
        TlsFault::OtherName => ConnectionFault::CertificateName.into(),
        TlsFault::Expired => ConnectionFault::CertificateExpired.into(),
        TlsFault::NoTls => ConnectionFault::NoTls.into(),
        TlsFault::Other => Message::TargetTls,
    })
}

/// The same of an error and its causes.
pub fn fault_within(error: &(dyn Error + 'static)) -> Option<Message> {
    std::iter::successors(Some(error), |one| (*one).source()).find_map(fault)
}
