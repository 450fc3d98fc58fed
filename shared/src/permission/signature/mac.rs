//! Hash functions of signatures, and how their bytes are written.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-1: too weak for new signatures as a hash, but not broken in an HMAC.
    Sha1,
    /// SHA-512.
    Sha512,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, in any case.
    Hex,
    /// Base64 with padding (RFC 4648, 4).
    Base64,
}

impl Algorithm {
    /// Whether this is the HMAC of these parts, one behind the other. The comparison takes constant time.
    pub(super) fn is_mac(self, key: &[u8], parts: &[&[u8]], mac: &[u8]) -> bool {
        match self {
            Self::Sha256 => is_mac::<Sha256>(key, parts, mac),
            Self::Sha1 => is_mac::<Sha1>(key, parts, mac),
            Self::Sha512 => is_mac::<Sha512>(key, parts, mac),
        }
    }
}

fn is_mac<D: EagerHash>(key: &[u8], parts: &[&[u8]], mac: &[u8]) -> bool {
    // A key of any length is one.
    let Ok(mut expected) = <Hmac<D> as KeyInit>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| expected.update(part));
    expected.verify_slice(mac).is_ok()
}

impl Encoding {
    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        let form = match self {
            Self::Hex => HEXLOWER_PERMISSIVE,
            Self::Base64 => BASE64,
        };
        form.decode(text.trim().as_bytes()).ok()
    }
}
