//! The `Host` of a request: whether it is one, and whether a private listener answers to it. A page that an operator
//! looks at can make the browser ask a private listener under a name of the attacker's (DNS rebinding); it cannot make
//! the browser send an address instead of that name. So addresses are answered, and of names only those that are set.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The setting that holds the names of a private listener.
pub const SETTING: &str = "POSTERN_PRIVATE_HOSTS";

/// A name of a private listener, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

/// A text that is no name of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a host, without a port")]
pub struct NoHostName;

impl FromStr for HostName {
    type Err = NoHostName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if is_name { Ok(Self(text.to_ascii_lowercase())) } else { Err(NoHostName) }
    }
}

/// The address at which a listener is reached from this machine: one that listens on all addresses (`0.0.0.0`, `[::]`)
/// is reached on loopback, and no browser opens a link to `0.0.0.0`.
pub fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// What a `Host` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'h> {
    /// Nothing: the target of the request has no authority.
    Empty,
    /// An address.
    Address(IpAddr),
    /// A name, as it was sent.
    Name(&'h str),
}

impl<'h> Host<'h> {
    /// Reads `uri-host [ ":" port ]` (RFC 9112, 3.2; RFC 3986, 3.2.2); nothing if it is not valid. Percent escapes are
    /// not taken: no name of DNS has them.
    pub fn read(text: &'h str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            return address.parse::<Ipv6Addr>().ok().filter(|_| is_port).map(|address| Self::Address(address.into()));
        }
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
        if !is_port(port) || !name.bytes().all(is_of_names) || name.is_empty() && !text.is_empty() {
            return None;
        }
        Some(match name.parse() {
            _ if name.is_empty() => Self::Empty,
            Ok(address) => Self::Address(address),
            Err(_) => Self::Name(name),
        })
    }

    /// Whether a private listener of these names answers to it.
    pub fn is_private(self, names: &[HostName]) -> bool {
        match self {
            Self::Empty => false,
            Self::Address(_) => true,
            Self::Name(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                name == "localhost" || names.iter().any(|known| known.0 == name)
            }
        }
    }
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        for (listener, reached) in [
            ("0.0.0.0:8081", "127.0.0.1:8081"),
            ("[::]:8081", "[::1]:8081"),
            ("192.168.0.7:80", "192.168.0.7:80"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(reachable(listener.parse().unwrap()).to_string(), reached);
        }
    }

    #[test]
    fn an_authority_is_an_address_or_a_name_with_or_without_a_port() {
        let address = |text: &str| Some(Host::Address(text.parse().unwrap()));
        for (text, host) in [
            ("127.0.0.1", address("127.0.0.1")),
            ("127.0.0.1:80", address("127.0.0.1")),
            ("[::1]", address("::1")),
            ("[::1]:8081", address("::1")),
            ("a.example:", Some(Host::Name("a.example"))),
            ("a_b.example:65535", Some(Host::Name("a_b.example"))),
            ("", Some(Host::Empty)),
            (":80", None),
            ("::1", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[127.0.0.1]", None),
            ("a b", None),
            ("a/b", None),
            ("u@a.example", None),
            ("a:b", None),
            ("a:123456", None),
            ("a?x", None),
            ("é", None),
        ] {
            assert_eq!(Host::read(text), host, "{text:?}");
        }
    }

    #[test]
    fn a_private_listener_answers_to_addresses_and_to_its_names() {
        let names = ["Ingress".parse().unwrap(), "a.example".parse().unwrap()];
        for host in
            ["10.0.0.1:8081", "[fd00::1]", "localhost", "LOCALHOST:1", "ingress:8081", "A.example.", "a.example"]
        {
            assert!(Host::read(host).unwrap().is_private(&names), "{host}");
        }
        for host in ["", "b.a.example", "localhost.b.example", "127.0.0.1.b.example", "ingres", "ingress.b"] {
            assert!(!Host::read(host).unwrap().is_private(&names), "{host}");
        }
        for name in ["", "a:80", "a b", "*", "http://a"] {
            assert_eq!(name.parse::<HostName>(), Err(NoHostName), "{name}");
        }
    }
}
