//! Tags of files: HMAC-SHA-256 (RFC 2104) under a key that comes of a key of the secrets. A file with its tag was written
//! by a process that holds the key, and was not changed since.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key::{ID_BYTES, Keys};

/// Bytes of a tag.
const TAG_BYTES: usize = 32;

/// The tag of some bytes, with the hash by which its key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    key: [u8; ID_BYTES],
    code: [u8; TAG_BYTES],
}

/// A text that is no tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tag")]
pub struct NoTag;

/// Why bytes are not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrue {
    /// The process has other keys.
    #[error("it was written under a key that POSTERN_SECRETS_KEY does not hold")]
    OtherKey,
    /// The bytes are not those that were tagged.
    #[error("it was changed after it was written")]
    Changed,
}

impl Keys {
    /// The tag of some bytes under the first key; none = there is no key.
    pub fn tag(&self, bytes: &[u8]) -> Option<Tag> {
        let (key, tagging) = self.for_tags().next()?;
        let code = mac(tagging, bytes)?.finalize().into_bytes();
        Some(Tag { key, code: code.as_slice().try_into().ok()? })
    }

    /// Whether a tag is that of these bytes, in constant time.
    ///
    /// # Errors
    /// No key fits, or the bytes are others.
    pub fn check_tag(&self, bytes: &[u8], tag: &Tag) -> Result<(), Untrue> {
        let (_, tagging) = self.for_tags().find(|(id, _)| *id == tag.key).ok_or(Untrue::OtherKey)?;
        let computed = mac(tagging, bytes).ok_or(Untrue::Changed)?;
        computed.verify_slice(&tag.code).map_err(|_| Untrue::Changed)
    }
}

fn mac(key: &[u8], bytes: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(mac)
}

/// The hash of the key and the code, in hex.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", HEXLOWER.encode(&self.key), HEXLOWER.encode(&self.code))
    }
}

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Self, NoTag> {
        let (key, code) = text.split_once('.').ok_or(NoTag)?;
        let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).map_err(|_| NoTag);
        let (key, code) = (bytes(key)?, bytes(code)?);
        Ok(Self { key: key.try_into().map_err(|_| NoTag)?, code: code.try_into().map_err(|_| NoTag)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_fits_its_bytes_and_its_key_only() {
        let keys = |texts: &[&str]| {
            texts.iter().map(|one| one.repeat(32)).collect::<Vec<_>>().join(",").parse::<Keys>().unwrap()
        };
        let (old, new, other) = (keys(&["0a"]), keys(&["0b", "0a"]), keys(&["0c"]));
        let tag = old.tag(b"some bytes").unwrap();
        assert_eq!(tag.to_string().parse(), Ok(tag));
        assert_eq!(old.check_tag(b"some bytes", &tag), Ok(()));
        assert_eq!(new.check_tag(b"some bytes", &tag), Ok(()));
        assert_eq!(old.check_tag(b"some byte5", &tag), Err(Untrue::Changed));
        assert_eq!(other.check_tag(b"some bytes", &tag), Err(Untrue::OtherKey));
        assert_eq!(new.tag(b"some bytes").map(|tag| old.check_tag(b"some bytes", &tag)), Some(Err(Untrue::OtherKey)));
        assert_eq!(Keys::default().tag(b"some bytes"), None);
        let text = tag.to_string();
        let dotless = text.replace('.', "");
        for wrong in ["", "x", dotless.as_str(), &text[1..], &text[..text.len() - 1]] {
            assert_eq!(wrong.parse::<Tag>(), Err(NoTag), "{wrong}");
        }
    }
}
