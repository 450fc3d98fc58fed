//! The `Host` of a request, before anything else is looked at: a request without exactly one valid host could mean one
//! server here and another for a proxy in between (RFC 9112, 3.2).

use postern_shared::host::{self, Host, HostName};
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use warp::http::header::HOST;
use warp::http::{Request, Version};

/// The hosts that a listener answers to.
#[derive(Debug)]
pub enum Hosts {
    /// Any: who calls is decided by addresses.
    Any,
    /// Addresses, `localhost`, and these names.
    Private(Vec<HostName>),
}

impl Hosts {
    /// Refuses what names no host, several, or one that is not of this listener.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), ApiError> {
        let mut sent = request.headers().get_all(HOST).iter();
        let host = match (sent.next(), sent.next()) {
            (Some(host), None) => Some(host.to_str().ok().and_then(Host::read).ok_or_else(invalid)?),
            // No browser sends such a request.
            (None, _) if request.version() < Version::HTTP_11 => None,
            _ => return Err(invalid()),
        };
        let Self::Private(names) = self else { return Ok(()) };
        // A target with an authority counts more than the header.
        let named = request.uri().authority().map(|authority| Host::read(authority.as_str()).ok_or_else(invalid));
        match [host, named.transpose()?].into_iter().flatten().all(|host| host.is_private(names)) {
            true => Ok(()),
            false => Err(unknown()),
        }
    }
}

fn invalid() -> ApiError {
    ApiError::new(ErrorCode::InvalidHost, Message::said("the request must have exactly one valid Host header"))
}

fn unknown() -> ApiError {
    let message =
        format!("this listener does not answer to that Host; {} names those that it answers to", host::SETTING);
    ApiError::new(ErrorCode::UnknownHost, Message::said(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &Hosts, version: Version, target: &str, headers: &[&str]) -> Option<ErrorCode> {
        let mut request = Request::builder().version(version).uri(target);
        for host in headers {
            request = request.header(HOST, *host);
        }
        hosts.check(&request.body(()).unwrap()).err().map(|error| error.code)
    }

    #[test]
    fn one_valid_host_is_asked_for_and_on_a_private_listener_a_known_one() {
        let private = Hosts::Private(vec!["ingress".parse().unwrap()]);
        let (invalid, unknown) = (Some(ErrorCode::InvalidHost), Some(ErrorCode::UnknownHost));
        for (target, headers, of_public, of_private) in [
            ("/", &["127.0.0.1"][..], None, None),
            ("/", &["ingress:8081"], None, None),
            ("/", &["a.example"], None, unknown),
            ("/", &[""], None, unknown),
            ("/", &[], invalid, invalid),
            ("/", &["ingress", "ingress"], invalid, invalid),
            ("/", &["a b"], invalid, invalid),
            ("http://a.example/", &["ingress"], None, unknown),
            ("http://ingress/", &["ingress"], None, None),
            ("http://ingress/", &["a.example"], None, unknown),
        ] {
            let found = [&Hosts::Any, &private].map(|hosts| check(hosts, Version::HTTP_11, target, headers));
            assert_eq!(found, [of_public, of_private], "{target} {headers:?}");
        }
        assert_eq!(check(&private, Version::HTTP_10, "/", &[]), None);
        assert_eq!(check(&private, Version::HTTP_10, "/", &["a.example"]), unknown);
        assert_eq!(check(&Hosts::Any, Version::HTTP_10, "/", &["a", "b"]), invalid);
    }
}
