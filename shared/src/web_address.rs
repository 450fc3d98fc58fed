//! Web addresses as people write them: `HTTPS://EXAMPLE.ORG`, `example.org`, `www.example.org/a`.

/// The longest address, in bytes: browsers and proxies refuse longer addresses.
const MAX_BYTES: usize = 8_000;

/// The address with its scheme, which is https where none is written, and its host in lower case; nothing = it is none.
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MAX_BYTES || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#', '.']) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A password keeps its capitals.
    let (login, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    match scheme.as_str() {
        "http" | "https" if !host.is_empty() => Some(format!("{scheme}://{login}{}{path}", host.to_lowercase())),
        "" if is_domain(authority) => Some(format!("https://{}{path}", authority.to_lowercase())),
        _ => None,
    }
}

/// At least two labels, the last one of letters, perhaps with a port.
fn is_domain(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.split('.').all(is_label)
        && last.chars().count() >= 2
        && (last.chars().all(char::is_alphabetic) || last.to_lowercase().starts_with("xn--"))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn addresses_are_read_with_and_without_their_scheme() {
        for (text, expected) in [
            ("https://example.org/?a=b", Some("https://example.org/?a=b")),
            ("HTTPS://EXAMPLE.ORG", Some("https://example.org")),
            ("HTTP://Example.org/Path?Q=A#F", Some("http://example.org/Path?Q=A#F")),
            (" example.org ", Some("https://example.org")),
            ("www.example.org/a", Some("https://www.example.org/a")),
            ("example.org:8080/a", Some("https://example.org:8080/a")),
            ("пример.рф", Some("https://пример.рф")),
            ("http://localhost/x", Some("http://localhost/x")),
            ("example.org/?u=https://other.example", Some("https://example.org/?u=https://other.example")),
            ("javascript:alert(1)", None),
            ("JAVASCRIPT://example.org/%0aalert(1)", None),
            ("ftp://example.org", None),
            ("https:///x", None),
            ("example", None),
            ("ada@example.org", None),
            ("10.0.0.1", None),
            ("two words.org", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
