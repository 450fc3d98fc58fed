//! Reaches out: one HTTP call, outside of every transaction. Whatever the target's name or a redirect leads to, private,
//! loopback and link-local addresses are refused unless an operator has allowed them: a workflow's URL may be made of
//! what a stranger posted. Nothing of a call stands in a log line.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use postern_shared::store::checkpoints::Decision;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Url, redirect};

/// Redirects that are followed: more is a loop.
const MAX_REDIRECTS: usize = 5;

/// What is added to a time-out before an outcome that nobody wrote down counts as unknown.
pub const MARGIN: Duration = Duration::from_secs(10);

/// Not the public internet: RFC 6890 and its successors.
const PRIVATE: [&str; 21] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "2001::/32",
];

/// A call to make.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    /// From connecting to the last byte.
    pub timeout: Duration,
    pub max_bytes: usize,
    pub at_most_once: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Report {
    /// Header names are in lower case.
    Answered {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    Failed(Failure),
    /// A person said what came of it.
    Decided(Decision),
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// In words, without any value.
    pub reason: String,
    pub kind: Kind,
}

/// What is known when there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The target got nothing.
    NotSent,
    /// It may have got it.
    Unclear,
    /// Trying again would not help.
    Final,
}

/// Makes calls; clones share their connections.
#[derive(Debug, Clone)]
pub struct Outside {
    client: Client,
    guard: Guard,
}

impl Outside {
    /// Only public targets, and those in these networks.
    pub fn new(allowed: Vec<IpNet>) -> Result<Self, reqwest::Error> {
        let guard =
            Guard { allowed: allowed.into(), private: PRIVATE.iter().filter_map(|net| net.parse().ok()).collect() };
        let builder = || {
            let follow = guard.clone().redirects();
            Client::builder()
                .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(guard.clone()))
                .redirect(follow)
                // A proxy of the environment would connect in our place, past the check of addresses.
                .no_proxy()
        };
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "no certificates of the system are found: https targets cannot be reached");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { client, guard })
    }

    /// Makes one call. `key` is the same whenever this step of this run is tried.
    pub async fn call(&self, call: &Call, key: &str) -> Report {
        match self.send(call, key).await {
            Ok(report) => report,
            Err(error) => Report::Failed(failure(&error, call)),
        }
    }

    async fn send(&self, call: &Call, key: &str) -> Result<Report, reqwest::Error> {
        let fail = |reason: String| Ok(Report::Failed(Failure { reason, kind: Kind::Final }));
        if let Err(refused) = self.guard.check(&call.url) {
            return fail(refused.to_string());
        }
        let mut headers = call.headers.clone();
        if let (false, Ok(key)) = (headers.contains_key("idempotency-key"), HeaderValue::from_str(key)) {
            headers.insert("idempotency-key", key);
        }
        let mut request = self.client.request(call.method.clone(), call.url.clone()).timeout(call.timeout);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request.headers(headers).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > call.max_bytes {
                return fail(format!("the answer has more than {} bytes", call.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Report::Answered { status: response.status().as_u16(), headers, body })
    }
}

fn failure(error: &reqwest::Error, call: &Call) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<TargetRefused>() {
            return Failure { reason: refused.to_string(), kind: Kind::Final };
        }
        source = cause.source();
    }
    let (reason, kind) = if error.is_redirect() {
        ("it was redirected too often".to_owned(), Kind::Final)
    } else if error.is_builder() {
        ("the request cannot be made".to_owned(), Kind::Final)
    } else if error.is_connect() {
        ("the target cannot be connected".to_owned(), Kind::NotSent)
    } else if error.is_timeout() {
        (format!("there was no answer within {} ms", call.timeout.as_millis()), Kind::Unclear)
    } else {
        ("the connection broke before the answer was there".to_owned(), Kind::Unclear)
    };
    Failure { reason, kind }
}

/// Says which addresses may be reached.
#[derive(Debug, Clone)]
struct Guard {
    allowed: Arc<[IpNet]>,
    private: Arc<[IpNet]>,
}

/// The address of a target may not be reached.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the target has a private address, which POSTERN_ALLOWED_TARGETS does not allow")]
struct TargetRefused;

impl Guard {
    /// Checks a URL whose host is an address; a name is checked when it is resolved.
    fn check(&self, url: &Url) -> Result<(), TargetRefused> {
        let host = url.host_str().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !self.admits(address) => Err(TargetRefused),
            _ => Ok(()),
        }
    }

    fn redirects(self) -> redirect::Policy {
        redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error("too many redirects");
            }
            match self.check(attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(refused) => attempt.error(refused),
            }
        })
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
        Outside::new(allowed.split_whitespace().map(|net| net.parse().unwrap()).collect()).unwrap().guard
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
        for address in ["8.8.8.8", "172.32.0.1", "2001:db9::1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
        {
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
