//! Which caller a proxy names, and which names are not believed.

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
        ("10.0.0.1", vec![(FWD, r#"for="6.6.6.6";x="a,b\",for=7.7.7.7", For="1.2.3.4:1", for=10.0.0.2,"#)], "1.2.3.4"),
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
    for private in ["192.168.0.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fe80::1", "fd00::1"]
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
        assert_eq!(address(public, &[(XFF, "10.0.0.1"), (FWD, "garbage"), ("x-real-ip", "10.0.0.1")]), Ok(ip(public)));
    }
}
