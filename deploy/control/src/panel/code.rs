//! The codes of a second factor: those of an app (RFC 6238), recovery codes, and the picture from which an app takes the
//! secret.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use argon2::password_hash::rand_core::{OsRng, RngCore};
use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_shared::store::second_factors::Hash;
use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};

/// The length of a secret, in bytes: that of the hash, as RFC 4226, 4 wants it.
const SECRET_BYTES: usize = 20;

/// How many recovery codes an account gets.
pub const RECOVERY_CODES: usize = 10;

/// The length of a recovery code, in bytes: nobody guesses 50 bits. It has ten letters and digits.
const RECOVERY_BYTES: usize = 7;
const RECOVERY_CHARS: usize = 10;

/// The quiet zone around the picture, in modules.
const MARGIN: i32 = 4;

/// The secret of an app.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one.
    pub fn new() -> Self {
        let mut bytes = vec![0; SECRET_BYTES];
        OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// That of the store.
    pub const fn stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// That of a form; none = it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        BASE32_NOPAD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == SECRET_BYTES).map(Self)
    }

    /// As a person types it into an app.
    pub fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// As the store keeps it.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    /// The number of a code that is valid now, or was half a minute ago or will be; none = the code is wrong.
    pub fn step(&self, code: &str, now: SystemTime) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let now_s = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        i64::try_from(self.totp()?.check(&digits, now_s)?).ok()
    }

    fn totp(&self) -> Option<Totp> {
        let bytes: [u8; SECRET_BYTES] = self.0.as_slice().try_into().ok()?;
        Builder::new().with_secret(totp_rs::Secret::new_stack(bytes)).build().ok()
    }

    /// What an app reads from the picture.
    pub fn uri(&self, account: &str) -> String {
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        format!("otpauth://totp/Postern:{account}?secret={}&issuer=Postern", self.text())
    }
}

/// A picture of a text: the size of its side, and the path of its dark modules, for an SVG.
pub fn picture(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    Some((code.size() + 2 * MARGIN, path))
}

/// New recovery codes, as a person keeps them, and as the store does.
pub fn recovery_codes() -> (Vec<String>, Vec<Hash>) {
    let code = |_| {
        let mut bytes = [0; RECOVERY_BYTES];
        OsRng.fill_bytes(&mut bytes);
        let letters = BASE32_NOPAD.encode(&bytes).to_lowercase();
        format!("{}-{}", &letters[..RECOVERY_CHARS / 2], &letters[RECOVERY_CHARS / 2..RECOVERY_CHARS])
    };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(code).collect();
    let hashes = codes.iter().filter_map(|code| recovery_hash(code)).collect();
    (codes, hashes)
}

/// The hash of what may be a recovery code, typed in any way.
pub fn recovery_hash(typed: &str) -> Option<Hash> {
    let letters: String = typed.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    (letters.len() == RECOVERY_CHARS).then(|| Sha256::digest(letters.to_lowercase()).into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = Secret(b"12345678901234567890".to_vec());
        assert_eq!(Secret::read(&secret.text()).unwrap().bytes(), secret.bytes());
        // Its appendix B has eight digits; the last six are those of a code of six.
        for (seconds, code, step) in
            [(59, "287082", 1), (1_111_111_109, "081804", 37_037_036), (2_000_000_000, "279037", 66_666_666)]
        {
            let at = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(secret.step(code, at), Some(step));
            assert_eq!(
                secret.step(&format!(" {} {} ", &code[..3], &code[3..]), at + Duration::from_secs(30)),
                Some(step)
            );
            assert_eq!(secret.step(code, at + Duration::from_secs(90)), None);
            assert_eq!(secret.step("000000", at), None);
        }
        for text in ["", "GEZD", "not base32!"] {
            assert!(Secret::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let (codes, hashes) = recovery_codes();
        assert_eq!((codes.len(), hashes.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert_eq!(recovery_hash(&codes[0].to_uppercase().replace('-', " ")), Some(hashes[0]));
        assert_ne!(hashes[0], hashes[1]);
        assert_eq!(recovery_hash("123456"), None);
    }

    #[test]
    fn the_picture_has_its_corners_and_a_quiet_zone() {
        let uri = Secret(vec![7; SECRET_BYTES]).uri("ольга @ work");
        assert!(uri.starts_with("otpauth://totp/Postern:%D0%BE") && !uri.contains(' '), "{uri}");
        let (side, path) = picture(&uri).unwrap();
        assert!(side > 30 && path.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z"), "{side} {path}");
    }
}
