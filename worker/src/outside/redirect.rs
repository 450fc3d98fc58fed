//! Where a redirect leads, and with what. What a step sends is meant for the origin (scheme, host and port) that its
//! author named: its headers, its key and its body never go to another origin.

use reqwest::{Method, Url};

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub method: Method,
    pub url: Url,
    /// Whether the headers of the step and its idempotency key go along.
    pub with_headers: bool,
    pub with_body: bool,
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFollowed {
    /// The answer stands as it is.
    NoRedirect,
    /// It leads to what is no URL of HTTP or HTTPS.
    NoUrl,
    /// It leads to another origin with the same method and body, which are sent to none but that of the step's URL.
    OtherOrigin,
}

impl Hop {
    /// The next request after an answer with this status and `Location` (RFC 9110, 15.4).
    pub fn next(&self, status: u16, location: Option<&str>) -> Result<Self, NotFollowed> {
        let (301..=303 | 307 | 308, Some(location)) = (status, location) else { return Err(NotFollowed::NoRedirect) };
        let url = self.url.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.filter(Url::has_host).ok_or(NotFollowed::NoUrl)?;
        let is_same = url.origin() == self.url.origin();
        let only_reads = matches!(self.method, Method::GET | Method::HEAD);
        let repeats = status >= 307;
        if !is_same && repeats && (self.with_body || !only_reads) {
            return Err(NotFollowed::OtherOrigin);
        }
        Ok(Self {
            method: if repeats || only_reads { self.method.clone() } else { Method::GET },
            url,
            with_headers: self.with_headers && is_same,
            with_body: self.with_body && repeats,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent next, as `METHOD URL`, with `+h` for the headers and `+b` for the body.
    fn next(method: &str, status: u16, location: &str) -> Result<String, NotFollowed> {
        let url = "http://a.example/x".parse().unwrap();
        let method: Method = method.parse().unwrap();
        let hop = Hop { with_headers: true, with_body: method == Method::POST, method, url };
        let marks =
            |hop: &Hop| [(hop.with_headers, "+h"), (hop.with_body, "+b")].map(|(is, mark)| if is { mark } else { "" });
        hop.next(status, Some(location)).map(|hop| format!("{} {} {}", hop.method, hop.url, marks(&hop).concat()))
    }

    #[test]
    fn headers_and_bodies_stay_at_their_origin() {
        let ok = |text: &str| Ok(text.to_owned());
        for (method, status, location, expected) in [
            ("POST", 307, "/y", ok("POST http://a.example/y +h+b")),
            ("POST", 308, "http://a.example:80/y", ok("POST http://a.example/y +h+b")),
            ("POST", 303, "/y", ok("GET http://a.example/y +h")),
            ("POST", 302, "//b.example/y", ok("GET http://b.example/y ")),
            ("POST", 301, "http://a.example:81/y", ok("GET http://a.example:81/y ")),
            ("GET", 307, "https://a.example/y", ok("GET https://a.example/y ")),
            ("HEAD", 303, "http://b.example/", ok("HEAD http://b.example/ ")),
            ("DELETE", 302, "http://b.example/", ok("GET http://b.example/ ")),
            ("POST", 307, "http://b.example/", Err(NotFollowed::OtherOrigin)),
            ("POST", 308, "https://a.example/", Err(NotFollowed::OtherOrigin)),
            ("DELETE", 307, "http://a.example:81/", Err(NotFollowed::OtherOrigin)),
            ("GET", 302, "file:///etc/passwd", Err(NotFollowed::NoUrl)),
            ("GET", 302, "http://", Err(NotFollowed::NoUrl)),
            ("GET", 304, "/y", Err(NotFollowed::NoRedirect)),
        ] {
            assert_eq!(next(method, status, location), expected, "{method} {status} {location}");
        }
    }

    #[test]
    fn what_was_left_behind_at_another_origin_does_not_come_back() {
        let start = Hop {
            method: Method::GET,
            url: "http://a.example/".parse().unwrap(),
            with_headers: true,
            with_body: false,
        };
        let there = start.next(302, Some("http://b.example/")).unwrap();
        let back = there.next(302, Some("http://a.example/")).unwrap();
        assert_eq!((back.url.as_str(), back.with_headers), ("http://a.example/", false));
        assert_eq!(start.next(302, None), Err(NotFollowed::NoRedirect));
    }
}
