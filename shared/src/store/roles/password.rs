//! Passwords of roles.

use std::fmt;

use postgres_protocol::password::scram_sha_256;

use crate::permission::short_url::generated_short_url;

/// The shortest password from a file: below that someone chose a word.
const MIN_PASSWORD_CHARS: usize = 12;

/// A password, which is sent to the server as its SCRAM verifier only: the server may log statements.
#[derive(Clone)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// That of a file, without the ends of lines behind it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(format!("it holds fewer than {MIN_PASSWORD_CHARS} characters"));
        }
        if text.contains(['\0', '\n']) {
            return Err("it holds more than a line".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// A new one: 188 random bits.
    pub(super) fn random() -> Self {
        Self(generated_short_url())
    }

    /// What the server keeps, and all that it gets (RFC 5803).
    pub(super) fn verifier(&self) -> String {
        scram_sha_256(self.0.as_bytes())
    }

    /// The password itself, for the person who makes the role.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_a_file_and_is_not_printed() {
        for (text, password) in [
            ("correct horse\n", Some("correct horse")),
            ("correct horse\r\n", Some("correct horse")),
            (" correct horse", Some(" correct horse")),
            ("eleven char", None),
            ("correct\nhorse\n", None),
            ("", None),
        ] {
            assert_eq!(Password::read(text).ok().as_ref().map(Password::text), password, "{text:?}");
        }
        assert_eq!(format!("{:?}", Password("correct horse".to_owned())), "Password");
    }
}
