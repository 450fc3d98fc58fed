//! A short URL: the one path segment that a POST goes to. For a permission that lets any address in it is the only
//! lock, so it is then generated, not chosen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::message::{Message, PermissionFault};

/// The longest short URL. People copy URLs into the settings of other systems, and some systems cut long URLs.
pub const MAX_SHORT_URL_BYTES: usize = 128;
/// The length from which a short URL of random base64url characters holds 128 bits (22 × 6 = 132).
pub const SECRET_SHORT_URL_CHARS: usize = 22;
/// The segment of the receipts, which no short URL may be.
pub const RECEIPTS: &str = "receipts";

/// One path segment of letters, digits, `_`, `-` and `.`, without the `/` before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortUrl(String);

impl ShortUrl {
    /// The segment, without a `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is long enough to be a secret. That it is random cannot be seen; [`generated_short_url`] is.
    pub fn can_be_secret(&self) -> bool {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        self.0.len() >= SECRET_SHORT_URL_CHARS && self.0.bytes().all(base64url)
    }
}

/// A new short URL of 32 characters that nobody can guess: 188 random bits.
pub fn generated_short_url() -> String {
    const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The low six bits of a v4 UUID's bytes are random, but for the two that hold a digit of its version.
    let random = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()];
    random.as_flattened().iter().map(|byte| char::from(BASE64URL[usize::from(byte & 63)])).collect()
}

impl FromStr for ShortUrl {
    type Err = Message;

    /// One `/` at the beginning is taken off.
    fn from_str(text: &str) -> Result<Self, Message> {
        let segment = text.strip_prefix('/').unwrap_or(text);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if segment.is_empty() {
            Err(PermissionFault::ShortUrlEmpty.into())
        } else if segment.len() > MAX_SHORT_URL_BYTES {
            Err(PermissionFault::ShortUrlLonger { most: MAX_SHORT_URL_BYTES }.into())
        } else if !segment.bytes().all(allowed) {
            Err(PermissionFault::ShortUrlCharacters.into())
        } else if segment == RECEIPTS {
            Err(PermissionFault::ShortUrlReserved.into())
        } else if matches!(segment, "." | "..") {
            Err(PermissionFault::ShortUrlDots.into())
        } else {
            Ok(Self(segment.to_owned()))
        }
    }
}

impl TryFrom<String> for ShortUrl {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        text.parse()
    }
}

impl From<ShortUrl> for String {
    fn from(url: ShortUrl) -> Self {
        url.0
    }
}

impl fmt::Display for ShortUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_url_is_one_plain_segment() {
        for (text, expected) in [("trigger", "trigger"), ("/trigger", "trigger"), ("web_lead-2.php", "web_lead-2.php")]
        {
            assert_eq!(text.parse::<ShortUrl>().unwrap().as_str(), expected);
        }
        for text in
            ["", "/", "a/b", "//a", "a b", "a?b", "ä", "a%20", ".", "..", "receipts", "/receipts", &"x".repeat(129)]
        {
            assert!(text.parse::<ShortUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_generated_short_url_is_long_random_and_valid() {
        let (one, other) = (generated_short_url(), generated_short_url());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
        assert!(one.parse::<ShortUrl>().unwrap().can_be_secret());
        assert!(!"trigger".parse::<ShortUrl>().unwrap().can_be_secret());
        assert!(!"a.very.long.name.with.dots".parse::<ShortUrl>().unwrap().can_be_secret());
    }
}
