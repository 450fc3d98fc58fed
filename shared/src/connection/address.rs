//! The addresses of other systems.

use url::Url;

use crate::document::Reader;
use crate::message::ConnectionFault;

/// The longest address, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 2_000;

/// The address at a key: scheme, host and path. A password belongs into a secret, and steps name the query.
pub fn read(reader: &mut Reader, key: &'static str) -> Option<Url> {
    let text = reader.text(key)?;
    let url = parse(text.trim());
    if url.is_none() {
        reader.report(key, ConnectionFault::AddressForm);
    }
    url
}

/// The same of a folder: its path ends with a slash, so that other paths can be joined to it.
pub fn read_folder(reader: &mut Reader, key: &'static str) -> Option<Url> {
    let mut url = read(reader, key)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

fn parse(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok().filter(|_| text.len() <= MAX_ADDRESS_BYTES)?;
    // Without a host, a parser takes the beginning of the path for it: `https:///a.example`.
    let has_host = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '\\', '?', '#']));
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_whole = matches!(url.scheme(), "http" | "https") && has_host;
    (is_whole && is_plain && url.query().is_none() && url.fragment().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_address_is_whole_and_holds_no_password() {
        for text in ["https://crm.example.org", "http://10.0.0.5:8080/crm/", "https://пример.рф/a", "https://[::1]/"]
        {
            assert!(parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "crm.example.org",
            "ftp://crm.example.org",
            "https:///crm.example.org",
            "https:crm.example.org",
            "https://u:p@crm.example.org/",
            "https://u@crm.example.org/",
            "https://crm.example.org/?a=b",
            "https://crm.example.org/#a",
            "https://$secret[\"a\"]/",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
