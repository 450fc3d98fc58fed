//! Keys under which secrets are encrypted: XChaCha20-Poly1305, whose nonce is long enough to be random
//! (draft-irtf-cfrg-xchacha-03). The name of a secret is authenticated with it, so that no ciphertext serves another name.

use std::fmt;
use std::str::FromStr;

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::id::SecretName;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of the nonce, which stands before the ciphertext.
const NONCE_BYTES: usize = 24;

/// Bytes of the hash by which a key is known.
pub(super) const ID_BYTES: usize = 8;

/// What the key of tags is derived by.
const DERIVATION: &[u8] = b"postern: tags of files";

/// The most keys: one, and those from which a rotation comes.
const MAX_KEYS: usize = 8;

/// The keys of a process. The first one encrypts, each decrypts. Without any no secret can be used.
#[derive(Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    cipher: XChaCha20Poly1305,
    id: [u8; ID_BYTES],
    /// Under which files get their tags.
    tagging: [u8; KEY_BYTES],
}

/// An encrypted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// By which its key is known.
    pub key: Vec<u8>,
    /// The nonce, the ciphertext and its tag.
    pub value: Vec<u8>,
}

/// Why a value is not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// The process has no key.
    #[error("cannot be decrypted: neither POSTERN_SECRETS_KEY nor POSTERN_SECRETS_KEY_FILE is set")]
    NoKey,
    /// The process has other keys.
    #[error("is encrypted under a key that POSTERN_SECRETS_KEY or POSTERN_SECRETS_KEY_FILE does not hold")]
    OtherKey,
    /// The stored bytes are not those that were written under this name.
    #[error("is damaged in the database: set it again")]
    Damaged,
}

/// Why a text holds no keys. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be {KEY_BYTES} bytes as base64 or hex; up to {MAX_KEYS} keys, joined by commas or line breaks, the newest first"
)]
pub struct InvalidKeys;

impl Keys {
    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Encrypts a value under the first key; none = there is no key.
    pub fn seal(&self, name: &SecretName, value: &str) -> Option<Sealed> {
        let Key { cipher, id, .. } = self.0.first()?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: value.as_bytes(), aad: name.as_str().as_bytes() };
        let mut bytes = nonce.to_vec();
        bytes.extend(cipher.encrypt(&nonce, payload).ok()?);
        Some(Sealed { key: id.to_vec(), value: bytes })
    }

    /// Decrypts a value.
    ///
    /// # Errors
    /// No key fits, or the bytes are others than those that were written.
    pub fn open(&self, name: &SecretName, sealed: &Sealed) -> Result<String, Unopened> {
        if self.is_empty() {
            return Err(Unopened::NoKey);
        }
        let key = self.0.iter().find(|key| key.id[..] == sealed.key[..]).ok_or(Unopened::OtherKey)?;
        let (nonce, text) = sealed.value.split_at_checked(NONCE_BYTES).ok_or(Unopened::Damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| Unopened::Damaged)?;
        let payload = Payload { msg: text, aad: name.as_str().as_bytes() };
        let text = key.cipher.decrypt(&nonce, payload).map_err(|_| Unopened::Damaged)?;
        String::from_utf8(text).map_err(|_| Unopened::Damaged)
    }

    /// The keys of tags, each with the hash by which its key is known.
    pub(super) fn for_tags(&self) -> impl Iterator<Item = ([u8; ID_BYTES], &[u8; KEY_BYTES])> {
        self.0.iter().map(|key| (key.id, &key.tagging))
    }

    /// Whether a value is encrypted under the first key.
    pub fn is_newest(&self, sealed: &Sealed) -> bool {
        self.0.first().is_some_and(|key| key.id[..] == sealed.key[..])
    }
}

/// A new key as text, for a file of keys.
pub fn generated() -> String {
    BASE64.encode(&<[u8; KEY_BYTES]>::generate())
}

impl FromStr for Keys {
    type Err = InvalidKeys;

    fn from_str(text: &str) -> Result<Self, InvalidKeys> {
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let keys = words.map(key).collect::<Option<Vec<Key>>>().ok_or(InvalidKeys)?;
        if (1..=MAX_KEYS).contains(&keys.len()) { Ok(Self(keys)) } else { Err(InvalidKeys) }
    }
}

fn key(text: &str) -> Option<Key> {
    let forms: [&Encoding; 5] = [&HEXLOWER_PERMISSIVE, &BASE64, &BASE64_NOPAD, &BASE64URL, &BASE64URL_NOPAD];
    let decoded = |form: &&Encoding| form.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == KEY_BYTES);
    let bytes = forms.iter().find_map(decoded)?;
    let mut id = [0; ID_BYTES];
    // The hash tells keys apart; it does not help to guess one of 256 bits.
    id.copy_from_slice(&Sha256::digest(&bytes)[..ID_BYTES]);
    Some(Key { cipher: XChaCha20Poly1305::new_from_slice(&bytes).ok()?, id, tagging: tagging(&bytes)? })
}

/// The key of tags that comes of a key: the key itself encrypts, and does nothing else.
fn tagging(key: &[u8]) -> Option<[u8; KEY_BYTES]> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).ok()?;
    mac.update(DERIVATION);
    mac.finalize().into_bytes().as_slice().try_into().ok()
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hex_or_base64_of_32_bytes() {
        let (hex, base64) = ("ab".repeat(32), BASE64.encode(&[0xfb; 32]));
        let url_safe = BASE64URL_NOPAD.encode(&[0xfb; 32]);
        for (text, count) in [
            (hex.clone(), 1),
            (hex.to_uppercase(), 1),
            (base64.clone(), 1),
            (format!("{base64}\n{hex}\n"), 2),
            (format!("{url_safe}, {hex}"), 2),
            (generated(), 1),
        ] {
            assert_eq!(text.parse::<Keys>().unwrap().0.len(), count, "{text}");
        }
        for text in ["", "5ecret", &"ab".repeat(31), &format!("{hex},x"), &vec![hex.clone(); MAX_KEYS + 1].join(",")] {
            let error = text.parse::<Keys>().unwrap_err().to_string();
            assert!(!error.contains("5ecret"), "{error}");
        }
        assert_ne!(generated(), generated());
        assert_eq!(format!("{:?}", hex.parse::<Keys>().unwrap()), "Keys(1)");
    }

    #[test]
    fn a_value_opens_under_its_key_and_its_name_only() {
        let keys =
            |texts: &[&str]| texts.iter().map(|one| one.repeat(32)).collect::<Vec<_>>().join(",").parse::<Keys>();
        let (old, new) = (keys(&["0a"]).unwrap(), keys(&["0b", "0a"]).unwrap());
        let name = |name: &str| name.parse::<SecretName>().unwrap();
        let sealed = old.seal(&name("crm"), "a value").unwrap();
        assert_ne!(sealed, old.seal(&name("crm"), "a value").unwrap());
        assert_eq!(old.open(&name("crm"), &sealed).as_deref(), Ok("a value"));
        assert_eq!(new.open(&name("crm"), &sealed).as_deref(), Ok("a value"));
        assert!(old.is_newest(&sealed) && !new.is_newest(&sealed));
        assert_eq!(old.open(&name("crm2"), &sealed), Err(Unopened::Damaged));
        let mut bent = sealed.clone();
        bent.value[30] ^= 1;
        assert_eq!(old.open(&name("crm"), &bent), Err(Unopened::Damaged));
        let cut = Sealed { value: Vec::new(), ..sealed.clone() };
        assert_eq!(old.open(&name("crm"), &cut), Err(Unopened::Damaged));
        assert_eq!(keys(&["0c"]).unwrap().open(&name("crm"), &sealed), Err(Unopened::OtherKey));
        assert_eq!(Keys::default().open(&name("crm"), &sealed), Err(Unopened::NoKey));
        assert_eq!(Keys::default().seal(&name("crm"), "a value"), None);
    }
}
