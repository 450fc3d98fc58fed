//! An address that a client writes into a header counts only behind a trusted proxy, and only left of what the
//! proxy wrote.

use std::net::IpAddr;

use postern_http::client_address::client_address;
use warp::http::{HeaderMap, HeaderName, HeaderValue};

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
    let (proxy, public, private, caller) = (ip("10.0.0.1"), ip("8.8.8.8"), ip("192.168.0.1"), ip("1.2.3.4"));
    let mut headers = HeaderMap::new();
    for line in data.split(|b| *b == b'\n') {
        let [kind, value @ ..] = line else { continue };
        let name = if kind & 1 == 0 { "x-forwarded-for" } else { "forwarded" };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    assert_eq!(client_address(public, &headers, &trusted), Ok(public));
    assert_eq!(client_address(private, &headers, &trusted).is_ok(), headers.is_empty());
    if let Ok(found) = client_address(proxy, &headers, &trusted) {
        assert_eq!(found, found.to_canonical());
    }
    // Whatever the client wrote, the proxy appends the caller: nothing else is found, on its own line or not.
    for (name, entry) in [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=\"1.2.3.4:5\";by=\"[::1]\"")] {
        let Some(last) = headers.get_all(name).iter().next_back() else { continue };
        let joined = HeaderValue::from_bytes(&[last.as_bytes(), b", ", entry.as_bytes()].concat()).unwrap();
        for value in [joined, HeaderValue::from_static(entry)] {
            let mut proxied = HeaderMap::new();
            proxied.append(name, last.clone());
            if value.len() == entry.len() {
                proxied.append(name, value);
            } else {
                proxied.insert(name, value);
            }
            if let Ok(found) = client_address(proxy, &proxied, &trusted) {
                assert_eq!(found, caller);
            }
        }
    }
}
