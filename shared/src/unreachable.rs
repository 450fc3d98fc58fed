//! Why a server cannot be reached, told apart for the person who has to mend it: the name, the port, the network, or the
//! server itself. No text of it holds a password.

use std::io::{self, ErrorKind};

use crate::tls;

/// Why a server cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// No name server knows the host, or none answers. With what the system says of it.
    NotResolved(String),
    /// The host answers, but nothing listens at the port.
    Refused,
    /// No socket is at the path.
    NoSocket,
    /// No answer came in time.
    TimedOut,
    /// The network has no way to the host.
    NoRoute,
    /// The server ended the connection before it was open.
    Closed,
    /// It was reached, and no connection with TLS came about. With the reason.
    Tls(String),
    /// Anything else. With what the system says of it.
    Other(String),
}

impl Unreachable {
    /// The reason for which connecting failed.
    pub fn of(error: &io::Error) -> Self {
        if let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls(tls::reason(fault));
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::NotFound => Self::NoSocket,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Self::NoRoute,
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::BrokenPipe => Self::Closed,
            // The resolver has codes of its own: its errors have none of the system, and no kind that is stable.
            kind if error.raw_os_error().is_none() && !is_of_a_library(kind) => Self::NotResolved(last_part(error)),
            _ => Self::Other(error.to_string()),
        }
    }

    /// The same as a sentence about the server at `at`, such as `db.example.org:5432`.
    pub fn told(&self, at: &str) -> String {
        match self {
            Self::NotResolved(reason) => format!("the name of the host cannot be resolved: {at} ({reason})"),
            Self::Refused => format!("connection refused: nothing listens at {at}"),
            Self::NoSocket => format!("no server has its socket at {at}"),
            Self::TimedOut => format!("no answer in time from {at}"),
            Self::NoRoute => format!("the network has no way to {at}"),
            Self::Closed => format!("{at} ended the connection before it was open"),
            Self::Tls(reason) => format!("there is no TLS with {at}: {reason}"),
            Self::Other(reason) => format!("cannot connect to {at}: {reason}"),
        }
    }
}

/// Whether a library has made the error for a reason of its own.
fn is_of_a_library(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Other | ErrorKind::PermissionDenied | ErrorKind::InvalidData | ErrorKind::Unsupported)
}

/// Of `failed to lookup address information: Name or service not known` the end.
fn last_part(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::ToSocketAddrs;

    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        let unknown = "no-such-host.invalid:5432".to_socket_addrs().unwrap_err();
        assert!(matches!(Unreachable::of(&unknown), Unreachable::NotResolved(_)), "{unknown:?}");
        let refused = std::net::TcpStream::connect("127.0.0.1:1").unwrap_err();
        assert_eq!(Unreachable::of(&refused), Unreachable::Refused);
        for (code, reason) in [(110, Unreachable::TimedOut), (113, Unreachable::NoRoute), (2, Unreachable::NoSocket)] {
            assert_eq!(Unreachable::of(&io::Error::from_raw_os_error(code)), reason);
        }
        let timed_out = io::Error::new(ErrorKind::TimedOut, "connection timed out");
        assert_eq!(Unreachable::of(&timed_out), Unreachable::TimedOut);
        assert!(matches!(Unreachable::of(&io::Error::other("strange")), Unreachable::Other(_)));
        let reason = Unreachable::NotResolved("Name or service not known".into());
        let text = "the name of the host cannot be resolved: db:5432 (Name or service not known)";
        assert_eq!(reason.told("db:5432"), text);
    }
}
