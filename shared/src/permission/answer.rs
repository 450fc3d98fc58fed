//! What a permission says to callers that cannot be changed: an answer of its own, and which call is only a test.

use std::str::FromStr;

use crate::env::Env;
use crate::message::PermissionFault;

/// The longest text of the `answer` of a permission, in bytes: a sentence or a pixel, not a page.
pub const MAX_ANSWER_BYTES: usize = 1_000;

/// The longest address of a page, in bytes: what every browser and proxy takes.
pub const MAX_PAGE_BYTES: usize = 2_000;

/// The answer to an accepted submission, instead of the receipt as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A text.
    Text {
        /// 200, 202 or 204.
        status: u16,
        /// The media type of the text; none = plain text.
        media_type: Option<String>,
        /// The text; empty for 204.
        body: String,
    },
    /// 303 to this page, for plain HTML forms.
    Page(String),
}

/// Whether a text is the address of a web page as it can stand in `Location`: absolute, in printable ASCII.
pub fn is_page(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let is_printable = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    !host.is_empty()
        && text.len() <= MAX_PAGE_BYTES
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.bytes().all(is_host)
        && text.bytes().all(is_printable)
}

/// Which call is only a test of the connection: it is answered and never run. It posts these pairs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping(Vec<(String, String)>);

impl FromStr for Ping {
    type Err = PermissionFault;

    fn from_str(text: &str) -> Result<Self, PermissionFault> {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(PermissionFault::PingForm),
        };
        text.split('&').map(pair).collect::<Result<_, _>>().map(Self)
    }
}

impl Ping {
    /// The names that it looks at.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether all its pairs stand in what was posted or in the query, and nothing else was posted: a lead with such a field
    /// is no ping.
    pub fn matches(&self, env: &Env, query: &Env) -> bool {
        let stands = |name, value| [env, query].iter().any(|map| map.get(name).is_some_and(|found| found == value));
        let is_alone = env.0.keys().all(|posted| self.names().any(|name| name == posted));
        is_alone && self.0.iter().all(|(name, value)| stands(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_an_absolute_web_address_that_can_stand_in_a_header() {
        for page in
            ["https://shop.example/thanks?a=b#c", "http://127.0.0.1:8000", "HTTPS://A.example/%D0%BC", "http://[::1]/"]
        {
            assert!(is_page(page), "{page}");
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_PAGE_BYTES));
        for text in [
            "",
            "/thanks",
            "shop.example",
            "//a.example",
            "ftp://a.example",
            "javascript:alert(1)",
            "https://",
            "https:///a",
            "https://a b",
            "https://a.example/ä",
            "https://a.example/\r\nSet-Cookie: a=b",
            "https://user@a.example/",
            "https://-",
            &long,
        ] {
            assert!(!is_page(text), "{text}");
        }
    }

    #[test]
    fn a_ping_is_all_its_pairs_wherever_they_stand_and_nothing_else() {
        let query: Env = serde_json::from_str(r#"{"mode":"check","utm":"x"}"#).unwrap();
        for (ping, env, expected) in [
            ("test=test", r#"{"test":"test"}"#, true),
            ("test=test&mode=check", r#"{"test":"test"}"#, true),
            ("mode=check", "{}", true),
            ("test=other", r#"{"test":"test"}"#, false),
            ("n=1", r#"{"n":1}"#, false),
            ("x=", "{}", false),
            // Leads that hold the pairs, too.
            ("test=test", r#"{"test":"test","email":"a@example.org"}"#, false),
            ("mode=check", r#"{"email":"a@example.org"}"#, false),
        ] {
            let env: Env = serde_json::from_str(env).unwrap();
            assert_eq!(ping.parse::<Ping>().unwrap().matches(&env, &query), expected, "{ping} {env}");
        }
        for text in ["", "test", "=test", "a=b&"] {
            assert_eq!(text.parse::<Ping>(), Err(PermissionFault::PingForm), "{text}");
        }
    }
}
