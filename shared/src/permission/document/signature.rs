//! The setting `signature`: how callers sign.

use super::token::header_name;
use crate::document::Reader;
use crate::id::SecretName;
use crate::message::{DocumentFault, PermissionFault};
use crate::permission::answer::{MAX_PAGE_BYTES, is_page};
use crate::permission::signature::{
    Algorithm, Encoding, Hmac, Key, List, MAX_KEYS, MAX_TEMPLATE_BYTES, MAX_TOLERANCE, STANDARD_WEBHOOKS, Scheme,
    Signature, Template, preset,
};
use crate::spec::{self, Kind, Setting};

/// The longest name of a header, and the longest prefix, in bytes.
const MAX_TEXT_BYTES: usize = 100;

/// The one preset that signs no body.
const TWILIO: &str = "twilio";

const PRESETS: [(&str, &str); 7] = [
    ("github", "github"),
    ("meta", "meta"),
    ("shopify", "shopify"),
    ("slack", "slack"),
    ("stripe", "stripe"),
    (TWILIO, TWILIO),
    ("typeform", "typeform"),
];
const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha256", Algorithm::Sha256), ("sha1", Algorithm::Sha1), ("sha512", Algorithm::Sha512)];
const ENCODINGS: [(&str, Encoding); 2] = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];

/// What stands in `signature`.
pub(super) const SETTINGS: [Setting; 12] = [
    Setting::new(STANDARD_WEBHOOKS, Kind::Secret),
    Setting::new("preset", Kind::Choice(&spec::words(&PRESETS))),
    Setting::new("secret", Kind::Secret),
    Setting::new("secrets", Kind::Texts),
    Setting::new("public_url", Kind::Text(MAX_PAGE_BYTES)),
    Setting::new("header", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("algorithm", Kind::Choice(&spec::words(&ALGORITHMS))).or("sha256"),
    Setting::new("encoding", Kind::Choice(&spec::words(&ENCODINGS))).or("hex"),
    Setting::new("prefix", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("signed", Kind::Text(MAX_TEMPLATE_BYTES)),
    Setting::new("timestamp", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("tolerance", Kind::Duration(MAX_TOLERANCE)).or("300s"),
];

/// The keys of a scheme of one's own, which a preset says by itself.
const OWN: [&str; 5] = ["algorithm", "encoding", "prefix", "signed", "timestamp"];

pub(super) fn read(reader: &mut Reader) -> Option<Signature> {
    let mut inner = reader.inner("signature", &SETTINGS)?;
    let (standard, secrets) = (inner.secret(STANDARD_WEBHOOKS), secrets(&mut inner));
    let (platform, header) = (inner.choice("preset", &PRESETS), inner.text("header"));
    let (url, own, tolerance) = (url(&mut inner, platform), own(&mut inner, header), inner.duration("tolerance"));
    let is_set = |inner: &Reader, key: &&str| inner.peek(key).is_some_and(|value| !value.is_null());
    let ways: Vec<&str> =
        [STANDARD_WEBHOOKS, "preset", "header"].into_iter().filter(|key| is_set(&inner, key)).collect();
    if ways.len() != 1 && !["preset", "header"].iter().any(|key| inner.is_misspelt(key)) {
        inner.report("", PermissionFault::SignatureWay);
    }
    for key in OWN.iter().filter(|key| ways != ["header"] && is_set(&inner, key)).copied().collect::<Vec<_>>() {
        inner.report(key, PermissionFault::SignaturePreset);
    }
    let secrets: Vec<SecretName> = standard.into_iter().chain(secrets).collect();
    let names_any = [STANDARD_WEBHOOKS, "secret", "secrets"].iter().any(|key| is_set(&inner, key));
    if !names_any && !ways.is_empty() && !inner.is_misspelt("secret") {
        inner.report("secret", PermissionFault::SignatureSecret);
    } else if secrets.len() > MAX_KEYS {
        inner.report("secrets", DocumentFault::MoreThan { most: MAX_KEYS });
    }
    inner.finish();
    let known = match ways.as_slice() {
        [STANDARD_WEBHOOKS] => preset(STANDARD_WEBHOOKS),
        ["preset"] => platform.and_then(preset),
        _ => own,
    };
    let scheme = match (platform, known) {
        (Some(TWILIO), _) => Scheme::Twilio(url?),
        (_, Some(hmac)) => Scheme::Hmac(Hmac { tolerance: tolerance?, ..hmac }),
        (_, None) => return None,
    };
    Some(Signature { scheme, secrets })
}

/// The secrets under `secret` and `secrets`.
fn secrets(inner: &mut Reader) -> Vec<SecretName> {
    let one = inner.secret("secret");
    let texts = inner.texts("secrets");
    let several = texts.into_iter().filter_map(|(place, text)| inner.secret_of(&place, &text));
    let several: Vec<SecretName> = several.collect();
    one.into_iter().chain(several).collect()
}

/// The URL that Twilio signs.
fn url(inner: &mut Reader, platform: Option<&str>) -> Option<String> {
    let url = inner.text("public_url");
    match (&url, platform == Some(TWILIO)) {
        (None, true) => inner.report("public_url", PermissionFault::TwilioUrl),
        (Some(_), false) => inner.report("public_url", PermissionFault::TwilioOnly),
        (Some(url), true) if !is_page(url) || url.contains(['?', '#']) => {
            inner.report("public_url", PermissionFault::PublicUrlForm);
        }
        _ => {}
    }
    url
}

/// A scheme of one's own.
fn own(inner: &mut Reader, header: Option<String>) -> Option<Hmac> {
    let header = header.and_then(|name| header_name(inner, "header", &name));
    let (algorithm, encoding) = (inner.choice("algorithm", &ALGORITHMS), inner.choice("encoding", &ENCODINGS));
    let (prefix, template, timestamp) = (inner.text("prefix"), inner.text("signed"), inner.text("timestamp"));
    // Most sign the body alone.
    let signed = match template.as_deref().unwrap_or("{body}").parse::<Template>() {
        Ok(signed) => Some(signed),
        Err(error) => {
            inner.report("signed", error);
            None
        }
    };
    let timestamp = timestamp.and_then(|name| header_name(inner, "timestamp", &name));
    match (signed.as_ref().is_some_and(Template::has_time), &timestamp) {
        (true, None) => inner.report("timestamp", PermissionFault::SignedTimeHeader),
        (false, Some(_)) => inner.report("signed", PermissionFault::SignedNoTime),
        _ => {}
    }
    Some(Hmac {
        header: header?,
        list: List::One,
        prefix: prefix.unwrap_or_default(),
        algorithm: algorithm?,
        encoding: encoding?,
        signed: signed?,
        timestamp,
        tolerance: MAX_TOLERANCE,
        key: Key::Text,
        delivery: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::read as document;
    use super::*;

    fn read(signature: Value) -> Result<Signature, Vec<String>> {
        let document = document(&json!({
            "permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "signature": signature,
        }));
        let findings = document.map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(findings.signature.unwrap())
    }

    #[test]
    fn a_signature_is_a_preset_or_a_header() {
        let secret = "$secret[\"a\"]";
        for (signature, secrets) in [
            (json!({"standard_webhooks": secret}), 1),
            (json!({"standard_webhooks": secret, "secrets": ["$secret['b']"], "tolerance": "1m"}), 2),
            (json!({"preset": "github", "secret": secret}), 1),
            (json!({"preset": "stripe", "secrets": [secret, "$secret['b']"]}), 2),
            (json!({"preset": "twilio", "secret": secret, "public_url": "https://a.example/hook"}), 1),
            (json!({"header": "X-Sign", "secret": secret}), 1),
            (
                json!({"header": "X-Sign", "algorithm": "sha512", "encoding": "base64", "prefix": "v1=", "secret": secret,
                    "signed": "{timestamp}.{body}", "timestamp": "X-Time", "tolerance": "10m"}),
                1,
            ),
        ] {
            let found = read(signature.clone()).unwrap_or_else(|findings| panic!("{signature}: {findings:?}"));
            assert_eq!(found.secrets.len(), secrets, "{signature}");
        }
    }

    #[test]
    fn what_signs_nothing_is_a_finding() {
        let secret = "$secret[\"a\"]";
        for (signature, finding) in [
            (json!({}), "signature: must name one of"),
            (json!({"preset": "github", "header": "X-A", "secret": secret}), "signature: must name one of"),
            (json!({"preset": "gihtub", "secret": secret}), "signature.preset: must be one of"),
            (json!({"preset": "github"}), "signature.secret: is missing"),
            (json!({"preset": "github", "secret": "plain"}), "signature.secret: must be $secret"),
            (json!({"preset": "github", "secrets": ["plain"]}), "signature.secrets.0: must be $secret"),
            (json!({"preset": "github", "secrets": vec![secret; 5]}), "signature.secrets: are more than 4"),
            (json!({"preset": "github", "secret": secret, "algorithm": "sha1"}), "signature.algorithm: goes together"),
            (json!({"preset": "twilio", "secret": secret}), "signature.public_url: is missing"),
            (json!({"preset": "twilio", "secret": secret, "public_url": "a.example"}), "signature.public_url: must be"),
            (
                json!({"preset": "github", "secret": secret, "public_url": "https://a.example/"}),
                "signature.public_url: goes",
            ),
            (json!({"header": "a b", "secret": secret}), "signature.header: must be the name"),
            (
                json!({"header": "X", "secret": secret, "signed": "{time}{body}"}),
                "signature.signed: has an unknown place",
            ),
            (
                json!({"header": "X", "secret": secret, "signed": "{timestamp}{body}"}),
                "signature.timestamp: is missing",
            ),
            (
                json!({"header": "X", "secret": secret, "timestamp": "X-Time"}),
                "signature.signed: must hold {timestamp}",
            ),
            (json!({"header": "X", "secret": secret, "tolerance": "2h"}), "signature.tolerance: must be a duration"),
            (json!("github"), "signature: must be a map"),
        ] {
            let findings = read(signature.clone()).unwrap_err();
            assert!(findings.len() == 1 && findings[0].starts_with(finding), "{signature}: {findings:?}");
        }
    }
}
