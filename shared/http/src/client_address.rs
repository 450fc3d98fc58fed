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
mod tests;
