//! Twilio signs the URL of a webhook as it is set at Twilio, with its query, and behind it the names and values of the form
//! in the order of their names; of a body that is no form, the query holds the SHA-256 (twilio.com/docs/usage/security).

use data_encoding::HEXLOWER;
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};

use super::{Algorithm, Encoding, Sent};
use crate::permission::token;

/// The header that names a delivery (twilio.com/docs/usage/webhooks).
pub(super) const DELIVERY: &str = "i-twilio-idempotency-token";

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a request is signed with this token of an account.
pub(super) fn is_signed(url: &str, sent: &Sent<'_>, secret: &str) -> bool {
    let Some(signature) = (sent.header)("x-twilio-signature").and_then(|text| Encoding::Base64.decode(text)) else {
        return false;
    };
    let mut signed = url.to_owned();
    if !sent.query.is_empty() {
        signed = signed + "?" + sent.query;
    }
    let is_form = (sent.header)("content-type").is_none_or(|kind| kind.trim_start().starts_with(FORM));
    if is_form {
        for (name, value) in pairs(sent.body) {
            signed += &name;
            signed += &value;
        }
    } else {
        let hash = HEXLOWER.encode(&Sha256::digest(sent.body));
        if token::of_query(sent.query, "bodySHA256").is_none_or(|sent| !sent.eq_ignore_ascii_case(&hash)) {
            return false;
        }
    }
    Algorithm::Sha1.is_mac(secret.as_bytes(), &[signed.as_bytes()], &signature)
}

/// The fields of a form in the order of their names; of a name that stands there several times each different value once,
/// in order.
fn pairs(body: &[u8]) -> Vec<(String, String)> {
    let decoded = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&bytes).decode_utf8_lossy().into_owned()
    };
    let fields = body.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    let mut pairs: Vec<(String, String)> = fields
        .map(|field| {
            let mut halves = field.splitn(2, |byte| *byte == b'=');
            (decoded(halves.next().unwrap_or_default()), decoded(halves.next().unwrap_or_default()))
        })
        .collect();
    pairs.sort();
    pairs.dedup();
    pairs
}
