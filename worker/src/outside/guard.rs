//! Who may be reached. Whatever the target's name or a redirect leads to, private, loopback and link-local addresses are
//! refused unless an operator has allowed them: a workflow's URL may be made of what a stranger posted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use postern_shared::message::Message;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Not the public internet: what the special-purpose registries of IANA (RFC 6890) do not call globally reachable, and
/// multicast. NAT64 and 6to4 are looked into.
const PRIVATE: [&str; 29] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
];

/// Says which addresses may be reached.
#[derive(Debug, Clone)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
    private: Arc<[IpNet]>,
}

/// The address of a target may not be reached.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the target has a private address")]
pub struct TargetRefused;

impl From<TargetRefused> for Message {
    fn from(_: TargetRefused) -> Self {
        Self::TargetPrivate
    }
}

impl Guard {
    /// Lets through to public addresses, and to those in these networks.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into(), private: PRIVATE.iter().filter_map(|net| net.parse().ok()).collect() }
    }

    /// Checks a URL whose host is an address; a name is checked when it is resolved.
    pub fn check(&self, url: &Url) -> Result<(), TargetRefused> {
        let host = url.host_str().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !self.admits(address) => Err(TargetRefused),
            _ => Ok(()),
        }
    }

    /// The addresses of a host that may be reached.
    pub async fn find(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Message> {
        let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Message::TargetNotResolved)?;
        let found: Vec<SocketAddr> = found.collect();
        let admitted: Vec<SocketAddr> = found.iter().filter(|one| self.admits(one.ip())).copied().collect();
        if admitted.is_empty() && !found.is_empty() { Err(TargetRefused.into()) } else { Ok(admitted) }
    }

    fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_in = |nets: &[IpNet], address: IpAddr| nets.iter().any(|net| net.contains(&address));
        if is_in(&self.allowed, address) {
            return true;
        }
        !is_in(&self.private, address) && embedded(address).is_none_or(|inner| self.admits(inner.into()))
    }
}

/// The IPv4 address to which NAT64 (RFC 6052) or 6to4 (RFC 3056) leads.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let bytes = address.octets();
    let four = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(four(12)),
        [0x2002, ..] => Some(four(2)),
        _ => None,
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted: Vec<SocketAddr> = found.iter().filter(|one| guard.admits(one.ip())).copied().collect();
            if admitted.is_empty() && !found.is_empty() {
                return Err(TargetRefused.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allowed: &str) -> Guard {
        Guard::new(allowed.split_whitespace().map(|net| net.parse().unwrap()).collect())
    }

    #[test]
    fn only_public_addresses_are_reached_unless_others_are_allowed() {
        let closed = guard("");
        assert_eq!(closed.private.len(), PRIVATE.len());
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "192.88.99.1",
            "198.51.100.255",
            "203.0.113.7",
            "2001:db8::1",
            "2001:0:1::1",
            "2001:1ff::1",
            "100:0:0:1::1",
            "3fff:fff::1",
            "5f00::1",
            "::ffff:192.0.2.1",
            "64:ff9b::c633:6401",
            "2002:cb00:7101::1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:a00:1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:c0a8:1::1",
        ] {
            assert!(!closed.admits(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "172.32.0.1",
            "192.0.3.1",
            "2001:200::1",
            "2001:db9::1",
            "3fff:1000::1",
            "2606:4700::1111",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(closed.admits(address.parse().unwrap()), "{address}");
        }
        let open = guard("127.0.0.0/8 10.0.0.5/32");
        for (address, admitted) in
            [("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("10.0.0.5", true), ("10.0.0.6", false), ("::1", false)]
        {
            assert_eq!(open.admits(address.parse().unwrap()), admitted, "{address}");
        }
    }

    #[test]
    fn an_address_is_recognised_however_a_url_writes_it() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]:80/",
            "http://①27.0.0.1/",
        ] {
            assert!(guard("").check(&url.parse().unwrap()).is_err(), "{url}");
        }
    }
}
