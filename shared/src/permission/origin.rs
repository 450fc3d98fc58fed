//! The origins of pages, as browsers name them in `Origin` (RFC 6454, 6.2): scheme, host, and port if it is not that of the
//! scheme, in lower case, without a path. Apps have schemes of their own: `capacitor://localhost`, `chrome-extension://…`.

/// The origin that a text is, as browsers write it. `null` is none: every sandboxed page has it.
pub fn origin(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (scheme, host) = lower.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
    let host = without_port(scheme, host);
    (is_scheme && !host.is_empty() && host.bytes().all(is_host)).then(|| format!("{scheme}://{host}"))
}

/// The origin that was probably meant by a text that is none: that of a page, or of a host without its scheme.
pub fn meant(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    origin(&format!("{scheme}://{host}")).filter(|_| host.contains('.') || host.starts_with("localhost"))
}

/// A host without the port that its scheme has anyway.
fn without_port<'h>(scheme: &str, host: &'h str) -> &'h str {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return host,
    };
    host.strip_suffix(port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, expected) in [
            ("https://www.example.com", Some("https://www.example.com")),
            ("HTTPS://WWW.Example.com", Some("https://www.example.com")),
            ("https://example.com:443", Some("https://example.com")),
            ("http://example.com:80", Some("http://example.com")),
            ("http://example.com:443", Some("http://example.com:443")),
            ("http://localhost:8000", Some("http://localhost:8000")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("ionic://localhost", Some("ionic://localhost")),
            ("tauri://localhost", Some("tauri://localhost")),
            ("chrome-extension://abcdefghijklmnop", Some("chrome-extension://abcdefghijklmnop")),
            ("https://example.com/", None),
            ("https://*.example.com", None),
            ("https://пример.рф", None),
            ("https://user@example.com", None),
            ("https://:443", None),
            ("example.com", None),
            ("://example.com", None),
            ("file://", None),
            ("null", None),
            ("*", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_meant_by_the_address_of_a_page_is_its_origin() {
        for (text, expected) in [
            ("https://Example.com/", Some("https://example.com")),
            ("https://example.com:443/form?a=b", Some("https://example.com")),
            ("example.com", Some("https://example.com")),
            ("localhost:8000/", Some("https://localhost:8000")),
            ("capacitor://localhost/", Some("capacitor://localhost")),
            ("https://*.example.com", None),
            ("null", None),
            ("*", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }
}
