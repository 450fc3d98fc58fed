//! What a permission says to callers that cannot be changed: an answer of its own, and which call is only a test.

use std::str::FromStr;

use crate::env::Env;

/// The longest text of an answer, in bytes: a sentence or a pixel, not a page.
pub const MAX_ANSWER_BYTES: usize = 1_000;

/// The answer to an accepted submission, instead of the receipt as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, 202 or 204.
    pub status: u16,
    /// The media type of the text; none = plain text.
    pub media_type: Option<String>,
    /// The text; empty for 204.
    pub body: String,
}

/// Which call is only a test of the connection: it is answered and never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping(Vec<(String, String)>);

/// Why a text is no ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be pairs such as test=test, joined by &")]
pub struct InvalidPing;

impl FromStr for Ping {
    type Err = InvalidPing;

    fn from_str(text: &str) -> Result<Self, InvalidPing> {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(InvalidPing),
        };
        text.split('&').map(pair).collect::<Result<_, _>>().map(Self)
    }
}

impl Ping {
    /// The names that it looks at.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether all its pairs stand in what was posted or in the query.
    pub fn matches(&self, env: &Env, query: &Env) -> bool {
        let stands = |name, value| [env, query].iter().any(|map| map.get(name).is_some_and(|found| found == value));
        self.0.iter().all(|(name, value)| stands(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_all_its_pairs_wherever_they_stand() {
        let env: Env = serde_json::from_str(r#"{"test":"test","n":1}"#).unwrap();
        let query: Env = serde_json::from_str(r#"{"mode":"check"}"#).unwrap();
        for (ping, expected) in
            [("test=test", true), ("test=test&mode=check", true), ("test=other", false), ("n=1", false), ("x=", false)]
        {
            assert_eq!(ping.parse::<Ping>().unwrap().matches(&env, &query), expected, "{ping}");
        }
        for text in ["", "test", "=test", "a=b&"] {
            assert_eq!(text.parse::<Ping>(), Err(InvalidPing), "{text}");
        }
    }
}
