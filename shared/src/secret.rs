//! Secrets: named values that settings refer to and that nobody is shown. The database holds them encrypted; a process that
//! needs them decrypts them into memory. What is stored of a request or an answer holds a [`mark`] or [`HIDDEN`] instead.

pub mod base64;
pub mod key;
pub mod mark;
pub mod scrub;
pub mod tag;
pub mod token;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::id::SecretName;
use crate::message::Message;
use key::{Keys, Sealed, Unopened};
use token::Token;

/// The shortest value of a secret, in bytes. A shorter one can be guessed, and would be found in texts by chance.
pub const MIN_SECRET_BYTES: usize = 8;

/// The longest value of a secret, in bytes: a private key fits.
pub const MAX_SECRET_BYTES: usize = 8 * 1024;

/// The most secrets: every process holds all of them in memory.
pub const MAX_SECRETS: i64 = 1_000;

/// What stands where a value stood.
pub const HIDDEN: &str = "***";

/// Why a text cannot be the value of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Less than [`MIN_SECRET_BYTES`] or more than [`MAX_SECRET_BYTES`].
    #[error("must have {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes")]
    Length,
    /// It holds a control character other than a line break.
    #[error("must hold no control characters but line breaks")]
    Control,
}

/// Checks the value of a secret.
pub fn check_value(value: &str) -> Result<(), InvalidValue> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    // Blanks around a value make no secret of it.
    if value.trim().len() < MIN_SECRET_BYTES || value.len() > MAX_SECRET_BYTES {
        Err(InvalidValue::Length)
    } else if value.contains(is_control) {
        Err(InvalidValue::Control)
    } else {
        Ok(())
    }
}

/// The value of a secret, in memory only.
#[derive(Clone)]
pub struct Value {
    text: Arc<str>,
    token: Token,
}

/// The secrets of one version of the settings, decrypted.
#[derive(Debug, Default)]
pub struct Secrets(HashMap<SecretName, Result<Value, Unopened>>);

/// Why a secret cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is none of this name.
    #[error("there is no secret {0}")]
    Missing(SecretName),
    /// This process cannot decrypt it.
    #[error("the secret {0} {1}")]
    Unopened(SecretName, Unopened),
}

impl From<Unusable> for Message {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Missing(secret) => Self::SecretMissing { secret },
            Unusable::Unopened(secret, _) => Self::SecretUnopened { secret },
        }
    }
}

impl Secrets {
    /// Decrypts what is stored. What cannot be decrypted is an error where it is used.
    pub fn open(keys: &Keys, stored: Vec<(SecretName, Sealed)>) -> Self {
        let opened = stored.into_iter().map(|(name, sealed)| {
            let value = keys.open(&name, &sealed).map(|text| Value { token: Token::new(&text), text: text.into() });
            (name, value)
        });
        Self(opened.collect())
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// It does not exist, or this process cannot decrypt it.
    pub fn get(&self, name: &SecretName) -> Result<&Value, Unusable> {
        match self.0.get(name) {
            Some(Ok(value)) => Ok(value),
            Some(Err(reason)) => Err(Unusable::Unopened(name.clone(), *reason)),
            None => Err(Unusable::Missing(name.clone())),
        }
    }

    /// Those that this process cannot decrypt, in no order.
    pub fn unopened(&self) -> impl Iterator<Item = Unusable> {
        let reason = |(name, value): (&SecretName, &Result<Value, Unopened>)| {
            Some(Unusable::Unopened(name.clone(), value.as_ref().err().copied()?))
        };
        self.0.iter().filter_map(reason)
    }

    /// Logs those that this process cannot decrypt, and counts them.
    pub fn tell_unopened(&self) -> i32 {
        let count = self.unopened().inspect(|reason| tracing::error!(%reason, "a secret cannot be used")).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    }
}

impl Value {
    /// The text itself, for the moment of its use.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text is this value, in constant time.
    pub fn is(&self, text: &str) -> bool {
        self.token.is(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_long_enough_to_be_none_by_chance() {
        for (value, expected) in [
            ("12345678", Ok(())),
            ("-----BEGIN KEY-----\nabc\r\n", Ok(())),
            ("1234567", Err(InvalidValue::Length)),
            ("a          ", Err(InvalidValue::Length)),
            ("12345678\0", Err(InvalidValue::Control)),
            (&"x".repeat(MAX_SECRET_BYTES + 1), Err(InvalidValue::Length)),
        ] {
            assert_eq!(check_value(value), expected, "{value}");
        }
    }

    #[test]
    fn a_secret_is_got_by_its_name_and_never_printed() {
        let keys: Keys = "00".repeat(32).parse().unwrap();
        let other: Keys = "11".repeat(32).parse().unwrap();
        let name = |name: &str| name.parse::<SecretName>().unwrap();
        let sealed = |keys: &Keys, one: &str| (name(one), keys.seal(&name(one), "5ecret-value").unwrap());
        let secrets = Secrets::open(&keys, vec![sealed(&keys, "crm"), sealed(&other, "old")]);
        assert!(secrets.get(&name("crm")).unwrap().is("5ecret-value"));
        let wrong = secrets.get(&name("old")).unwrap_err().to_string();
        assert!(wrong.contains("POSTERN_SECRETS_KEY"), "{wrong}");
        assert_eq!(secrets.get(&name("none")).unwrap_err(), Unusable::Missing(name("none")));
        assert_eq!(secrets.unopened().count(), 1);
        assert!(!format!("{secrets:?}").contains("5ecret"));
    }
}
