//! A token that a caller must show. Only its hash is in memory, so that no log and no error can hold the token.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// That of a text.
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether a text is the token. How long this takes tells nothing of how much of the text is right.
    pub fn is(&self, text: &str) -> bool {
        self.0.ct_eq(&Self::new(text).0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_only_the_whole_text_and_is_never_printed() {
        let token = Token::new("5ecret");
        assert!(token.is("5ecret"));
        for text in ["", "5ecre", "5ecret ", "5ECRET"] {
            assert!(!token.is(text), "{text}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }
}
