//! A URL that no request can have: without a scheme, with another one than HTTP's, with a host or a port that cannot be.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{excerpt, has_references};
use crate::message::{DocumentFault, Message, StepFault};
use crate::suggestion::{Meant, did_you_mean};

/// The beginning of a URL is written out, unless a reference stands there.
pub(super) fn wrong_url(url: &str) -> Option<Message> {
    let url = url.trim();
    let begins = url.split(['/', '?', '#', ' ']).next().unwrap_or_default();
    if url.is_empty() {
        return Some(DocumentFault::IsEmpty.into());
    }
    if has_references(begins) {
        return None;
    }
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    if ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return wrong_host(rest).map(Message::from);
    }
    if !scheme.is_empty() && scheme == begins.trim_end_matches(':') {
        let fault = StepFault::UrlSchemeOther { scheme: excerpt(scheme) };
        return Some(Message::from(fault).meant(did_you_mean(scheme, ["https", "http"])));
    }
    let meant = format!("`https://{}`", excerpt(url.trim_start_matches('/')));
    Some(Message::from(StepFault::UrlNoScheme).meant(Meant::of([meant])))
}

/// Behind `https://`. What a reference writes is known only later.
fn wrong_host(rest: &str) -> Option<StepFault> {
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if has_references(authority) {
        return None;
    }
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let host_ends = place.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match place[host_ends..].split_once(':') {
        Some((host, port)) => (&place[..host_ends + host.len()], Some(port)),
        None => (place, None),
    };
    // `https://https://example.org` has the host `https` and an empty port.
    let is_scheme = port == Some("") && ["http", "https"].contains(&host);
    if is_scheme || !is_host(host) {
        return Some(StepFault::UrlHost { host: excerpt(place) });
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    port.is_some_and(|port| !is_port(port)).then_some(StepFault::UrlPort)
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    let is_number = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_letter = |c: char| {
        if c.is_ascii() { c.is_ascii_alphanumeric() || matches!(c, '-' | '_') } else { !c.is_whitespace() }
    };
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_letter);
    let labels = host.strip_suffix('.').unwrap_or(host);
    labels.split('.').all(is_label) && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::wrong_url;

    #[test]
    fn a_url_that_no_request_can_have_is_found() {
        for (url, expected) in [
            ("example.org/leads", "did you mean `https://example.org/leads`?"),
            ("//example.org/leads", "did you mean `https://example.org/leads`?"),
            ("localhost:8080/?u=http://a", "did you mean `https://localhost:8080/?u=http://a`?"),
            ("ftp://example.org", "`ftp://` cannot be asked"),
            ("htps://crm.example.org/a", "did you mean `https`"),
            ("https://exa mple.org/", "`exa mple.org` is no host"),
            ("https://example,org", "`example,org` is no host"),
            ("https://.example.org", "is no host"),
            ("https://a..example.org/a", "is no host"),
            ("https://", "`` is no host"),
            ("https:///a", "`` is no host"),
            ("https://https://example.org", "`https:` is no host"),
            ("https://999.1.1.1/", "is no host"),
            ("https://[::1/", "is no host"),
            ("https://example.org:99999/", "the port of a URL"),
            ("https://example.org:0/$env[\"a\"]", "the port of a URL"),
            ("https://example.org:abc", "the port of a URL"),
            ("https://example.org:", "the port of a URL"),
        ] {
            let found = wrong_url(url).map(|message| message.to_string()).unwrap_or_default();
            assert!(found.contains(expected), "{url}: {found}");
        }
        for url in [
            "https://example.org",
            " HTTP://example.org ",
            "$env[\"url\"]",
            "{{ $env[\"url\"] }}/a",
            "$var[\"u\"]/a",
            "https://$var[\"host\"]:99999/",
            "https://user:p@ss@example.org:8443?a=b c",
            "http://localhost:8080",
            "http://crm_old.internal./a",
            "https://пример.рф/a",
            "http://127.0.0.1:80/",
            "http://[::1]:8080/a",
            "https://example.org\\a",
        ] {
            assert_eq!(wrong_url(url).map(|message| message.to_string()), None, "{url}");
        }
    }
}
