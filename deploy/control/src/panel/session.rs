//! The token of a session: 256 random bits in a cookie, of which the store knows only the hash, and from which the
//! token of the forms is made. No token is ever printed.

use std::fmt::{self, Write};
use std::hint::black_box;

use argon2::password_hash::rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

/// The SHA-256 of a token.
pub type Hash = [u8; 32];

/// A random secret.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// A new one, of the operating system's randomness.
    pub fn new() -> Self {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// That of a cookie or a link; nothing if it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// As a cookie or a link carries it.
    pub fn text(&self) -> String {
        hex(&self.0)
    }

    /// As the store keeps it.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0).into()
    }

    /// The token of its forms, from which it cannot be found.
    pub fn form_token(&self) -> String {
        hex(&Sha256::new().chain_update(b"form").chain_update(self.0).finalize())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Takes the same time wherever two texts of one length differ.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
    one.len() == other.len() && black_box(differing) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_written_and_nothing_else_is_one() {
        let token = Token::new();
        assert_eq!(Token::read(&token.text()).unwrap().hash(), token.hash());
        assert_ne!(Token::new().hash(), token.hash());
        assert_ne!(token.form_token(), token.text());
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            assert!(Token::read(text).is_none(), "{text}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn texts_are_the_same_only_if_every_byte_is() {
        assert!(is_same(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!is_same(b"abc", other));
        }
    }
}
