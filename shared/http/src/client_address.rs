//! The address of the caller. Behind proxies it is a claim in a header, and only claims made by a trusted proxy
//! count. Whatever is unclear is refused: a forgotten proxy setting must not make every caller "localhost"
//! (Home Assistant core 15544), and a header that the proxy does not overwrite must not name the caller.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use postern_shared::body::parameters::Parameters;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use warp::http::HeaderMap;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
/// RFC 7239.
const FORWARDED: &str = "forwarded";

/// What else only a proxy adds. Postern does not read who the caller is from these, but a peer of a private network that
/// sends one of them is a proxy. Every header whose name begins with `x-forwarded` belongs to them.
const OTHERS: [&str; 5] = ["via", "x-envoy-external-address", "x-azure-socketip", "cf-ray", "cdn-loop"];

/// How the headers end in which proxies name the caller, whatever maker stands before it.
const ENDINGS: [&str; 9] = [
    "real-ip",
    "client-ip",
    "clientip",
    "connecting-ip",
    "connecting-ipv6",
    "forwarded-for",
    "viewer-address",
    "remote-ip",
    "remote-addr",
];

/// Why nobody can say who calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientAddressError {
    /// A private peer that is not in `trusted_proxies` forwards for somebody.
    #[error("{0} forwards a request but is not a trusted proxy")]
    ProxyNotTrusted(IpAddr),
    /// The header holds something else where the caller's address should stand.
    #[error("the {0} header does not name the caller's address")]
    Unreadable(&'static str),
    /// Both headers are there and name different callers: one of them the proxy did not write.
    #[error("the headers {X_FORWARDED_FOR} and {FORWARDED} name different callers")]
    Disagreement,
}

impl From<ClientAddressError> for ApiError {
    fn from(error: ClientAddressError) -> Self {
        let code = match error {
            ClientAddressError::ProxyNotTrusted(_) => ErrorCode::ProxyNotTrusted,
            ClientAddressError::Unreadable(_) | ClientAddressError::Disagreement => ErrorCode::AddressUnclear,
        };
        Self::new(code, Message::said(error.to_string()))
    }
}

/// The canonical address (an IPv4-mapped IPv6 address is its IPv4) of the caller: the TCP peer, or behind a trusted
/// proxy the right-most address of `X-Forwarded-For` or `Forwarded` that is not a trusted proxy itself.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Result<IpAddr, ClientAddressError> {
    let peer = peer.to_canonical();
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(&ip));
    let has = (headers.contains_key(X_FORWARDED_FOR), headers.contains_key(FORWARDED));
    if !is_trusted(peer) {
        let forwards = is_private(peer) && is_of_a_proxy(headers);
        return if forwards { Err(ClientAddressError::ProxyNotTrusted(peer)) } else { Ok(peer) };
    }
    let by_list = || caller(headers, X_FORWARDED_FOR, x_forwarded_for, is_trusted);
    let by_rfc = || caller(headers, FORWARDED, forwarded, is_trusted);
    let named = match has {
        (true, true) => {
            let (one, other) = (by_list()?, by_rfc()?);
            if one == other { one } else { return Err(ClientAddressError::Disagreement) }
        }
        (true, false) => by_list()?,
        (false, true) => by_rfc()?,
        (false, false) => None,
    };
    match named {
        Some(caller) => Ok(caller),
        // It forwards for somebody and does not say for whom.
        None if is_of_a_proxy(headers) => Err(ClientAddressError::Unreadable(X_FORWARDED_FOR)),
        None => Ok(peer),
    }
}

/// Whether a request has a header that only a proxy adds.
fn is_of_a_proxy(headers: &HeaderMap) -> bool {
    headers.keys().map(|name| name.as_str()).any(|name| {
        name == FORWARDED
            || OTHERS.contains(&name)
            || name.starts_with("x-forwarded")
            || ENDINGS.iter().any(|end| name.ends_with(end))
    })
}

/// Walks a header's entries from the right: several lines are one list (RFC 9110, 5.3). Each line is read by itself,
/// so that a quote which a client left open cannot swallow the line of the proxy.
fn caller(
    headers: &HeaderMap,
    name: &'static str,
    entries: fn(&str) -> Option<Vec<Option<IpAddr>>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Result<Option<IpAddr>, ClientAddressError> {
    let mut left_most = None;
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    for line in lines.into_iter().rev() {
        let entries = line.to_str().ok().and_then(entries).ok_or(ClientAddressError::Unreadable(name))?;
        for entry in entries.into_iter().rev() {
            let ip = entry.ok_or(ClientAddressError::Unreadable(name))?;
            left_most = Some(ip);
            if !is_trusted(ip) {
                return Ok(left_most);
            }
        }
    }
    Ok(left_most)
}

fn x_forwarded_for(line: &str) -> Option<Vec<Option<IpAddr>>> {
    // Empty elements of a list are ignored (RFC 9110, 5.6.1).
    Some(line.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(node).collect())
}

/// Nothing if a quote is left open: then where the elements end is anybody's guess.
fn forwarded(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut entries = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                entries.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    entries.push(&line[start..]);
    let named = entries.into_iter().filter(|entry| !entry.trim().is_empty()).map(element).collect();
    (!quoted).then_some(named)
}

/// The address of one `Forwarded` element, such as `for="[2001:db8::1]:4711";proto=https`.
fn element(text: &str) -> Option<IpAddr> {
    let mut named: Option<Cow<'_, [u8]>> = None;
    for parameter in Parameters::new(text.as_bytes()) {
        let (name, value) = parameter.ok()?;
        if name.eq_ignore_ascii_case(b"for") && named.replace(value).is_some() {
            return None;
        }
    }
    node(std::str::from_utf8(&named?).ok()?)
}

/// `1.2.3.4`, `1.2.3.4:99`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:99`.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse::<IpAddr>().ok().or_else(with_port).or_else(bracketed).map(|ip| ip.to_canonical())
}

/// Addresses that only a machine of one's own network can have as a peer. The shared space of RFC 6598 belongs to
/// them: load balancers of some clouds call from it.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || is_shared(ip)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

fn is_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0b1100_0000 == 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientAddressError::{Disagreement, ProxyNotTrusted, Unreadable};
    use warp::http::HeaderValue;

    const XFF: &str = X_FORWARDED_FOR;
    const FWD: &str = FORWARDED;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The proxies 10.0.0.0/8 and 2001:db8:1::/48 are trusted.
    fn address(peer: &str, headers: &[(&'static str, &str)]) -> Result<IpAddr, ClientAddressError> {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        client_address(ip(peer), &map, &trusted)
    }

    #[test]
    fn a_trusted_proxy_names_the_caller() {
        for (peer, headers, caller) in [
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(XFF, "1.2.3.4")], "1.2.3.4"),
            ("::ffff:10.0.0.1", vec![(XFF, "::ffff:1.2.3.4")], "1.2.3.4"),
            ("2001:db8:1::9", vec![(XFF, "2001:db8::1")], "2001:db8::1"),
            ("10.0.0.1", vec![(XFF, "6.6.6.6, 1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "6.6.6.6,1.2.3.4 , 10.1.1.1,")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "6.6.6.6"), (XFF, "1.2.3.4"), (XFF, "10.0.0.2")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", vec![(XFF, "garbage, _hidden, unknown, 1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "é"), (XFF, "1.2.3.4:99")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "[::1]:99")], "::1"),
            ("10.0.0.1", vec![(XFF, "[2001:db8::1]")], "2001:db8::1"),
            ("10.0.0.1", vec![(FWD, "for=1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![(FWD, r#"by=10.0.0.1; FOR="[2001:db8::1]:4711" ;proto=https"#)], "2001:db8::1"),
            (
                "10.0.0.1",
                vec![(FWD, r#"for="6.6.6.6";x="a,b\",for=7.7.7.7", For="1.2.3.4:1", for=10.0.0.2,"#)],
                "1.2.3.4",
            ),
            ("10.0.0.1", vec![(FWD, "nonsense, for=_hidden, for=1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![(FWD, r#"for="6.6.6.6"#), (FWD, "for=1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![(XFF, "6.6.6.6, 1.2.3.4"), (FWD, "for=1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", vec![("x-real-ip", "6.6.6.6"), (XFF, "1.2.3.4")], "1.2.3.4"),
        ] {
            assert_eq!(address(peer, &headers), Ok(ip(caller)), "{peer} {headers:?}");
        }
    }

    #[test]
    fn what_does_not_name_the_caller_clearly_is_refused() {
        for (headers, error) in [
            (vec![(XFF, "unknown")], Unreadable(XFF)),
            (vec![(XFF, "")], Unreadable(XFF)),
            (vec![(FWD, "")], Unreadable(XFF)),
            (vec![("x-real-ip", "6.6.6.6")], Unreadable(XFF)),
            (vec![("via", "1.1 proxy")], Unreadable(XFF)),
            (vec![(XFF, "1.2.3.4, _hidden")], Unreadable(XFF)),
            (vec![(XFF, "1.2.3.4, unknown, 10.0.0.2")], Unreadable(XFF)),
            (vec![(XFF, "1.2.3.4 5.6.7.8")], Unreadable(XFF)),
            (vec![(XFF, "010.1.1.1")], Unreadable(XFF)),
            (vec![(XFF, "fe80::1%eth0")], Unreadable(XFF)),
            (vec![(XFF, "1.2.3.4:999999")], Unreadable(XFF)),
            (vec![(XFF, "1.2.3.4"), (XFF, "é")], Unreadable(XFF)),
            (vec![(FWD, "1.2.3.4")], Unreadable(FWD)),
            (vec![(FWD, "proto=https")], Unreadable(FWD)),
            (vec![(FWD, "for=1.2.3.4;for=5.6.7.8")], Unreadable(FWD)),
            (vec![(FWD, "for=\"1.2.3.4, for=5.6.7.8")], Unreadable(FWD)),
            (vec![(FWD, r#"for="a, for="9.9.9.9""#)], Unreadable(FWD)),
            (vec![(FWD, r#"for=1.2.3.4;x=", for="9.9.9.9""#)], Unreadable(FWD)),
            (vec![(FWD, "for=unknown")], Unreadable(FWD)),
            (vec![(XFF, "1.2.3.4"), (FWD, "for=5.6.7.8")], Disagreement),
            (vec![(XFF, "1.2.3.4"), (FWD, "")], Disagreement),
            (vec![(XFF, "1.2.3.4"), (FWD, "for=unknown")], Unreadable(FWD)),
        ] {
            assert_eq!(address("10.0.0.1", &headers), Err(error), "{headers:?}");
        }
    }

    #[test]
    fn an_untrusted_peer_cannot_speak_for_others() {
        for private in
            ["192.168.0.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fe80::1", "fd00::1"]
        {
            for header in [
                (XFF, "1.2.3.4"),
                (FWD, "for=1.2.3.4"),
                (XFF, ""),
                // C24 of the callers, and more of the kind.
                ("x-real-ip", "203.0.113.9"),
                ("x-client-ip", "203.0.113.9"),
                ("cf-connecting-ip", "203.0.113.9"),
                ("true-client-ip", "203.0.113.9"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "example.org"),
                ("x-forwarded", "for=203.0.113.9"),
                ("fly-client-ip", "203.0.113.9"),
                ("do-connecting-ip", "203.0.113.9"),
                ("x-azure-clientip", "203.0.113.9"),
                ("x-azure-socketip", "203.0.113.9"),
                ("cloudfront-viewer-address", "203.0.113.9:4711"),
                ("cf-connecting-ipv6", "2001:db8::9"),
                ("cf-ray", "7d0f-FRA"),
                ("x-vercel-forwarded-for", "203.0.113.9"),
                ("wl-proxy-client-ip", "203.0.113.9"),
                ("ali-cdn-real-ip", "203.0.113.9"),
                ("x-original-forwarded-for", "203.0.113.9"),
                ("via", "1.1 proxy"),
            ] {
                assert_eq!(address(private, &[header]), Err(ProxyNotTrusted(ip(private))), "{private}");
            }
            assert_eq!(address(private, &[]), Ok(ip(private)));
            assert_eq!(address(private, &[("x-request-id", "1"), ("forwardedx", "1")]), Ok(ip(private)));
        }
        assert_eq!(address("::ffff:127.0.0.1", &[(XFF, "1.2.3.4")]), Err(ProxyNotTrusted(ip("127.0.0.1"))));
        for public in ["8.8.8.8", "100.128.0.1", "2001:4860::8888"] {
            assert_eq!(
                address(public, &[(XFF, "10.0.0.1"), (FWD, "garbage"), ("x-real-ip", "10.0.0.1")]),
                Ok(ip(public))
            );
        }
    }
}
