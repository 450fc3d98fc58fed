//! A body that is signed as its platform documents is taken, whatever bytes it has; with any byte changed it is not, and no
//! made-up header is a signature.

use std::time::{Duration, SystemTime};

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use postern_shared::permission::signature::{Denied, Scheme, Sent, Signature, preset};
use postern_shared::secret::Secrets;
use postern_shared::secret::key::Keys;
use sha2::Sha256;

/// A key as base64, so that it is one of Standard Webhooks as well.
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A platform, and what it sends of a body, a time and a name of the delivery.
type Platform = (&'static str, fn(&[u8], &str, &str) -> Vec<(&'static str, String)>);

const PLATFORMS: [Platform; 7] = [
    ("github", |body, _, _| vec![("x-hub-signature-256", format!("sha256={}", HEXLOWER.encode(&mac(&[body]))))]),
    ("meta", |body, _, _| vec![("x-hub-signature-256", format!("sha256={}", HEXLOWER.encode(&mac(&[body]))))]),
    ("shopify", |body, _, _| vec![("x-shopify-hmac-sha256", BASE64.encode(&mac(&[body])))]),
    ("typeform", |body, _, _| vec![("typeform-signature", format!("sha256={}", BASE64.encode(&mac(&[body]))))]),
    ("slack", |body, time, _| {
        let signature = HEXLOWER.encode(&mac(&[b"v0:", time.as_bytes(), b":", body]));
        vec![("x-slack-signature", format!("v0={signature}")), ("x-slack-request-timestamp", time.to_owned())]
    }),
    ("stripe", |body, time, _| {
        let signature = HEXLOWER.encode(&mac(&[time.as_bytes(), b".", body]));
        vec![("stripe-signature", format!("t={time},v1={signature},v0=00"))]
    }),
    ("standard_webhooks", |body, time, id| {
        let key = BASE64.decode(SECRET.as_bytes()).unwrap();
        let signature = BASE64.encode(&mac_of(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]));
        let (id, time) = (("webhook-id", id.to_owned()), ("webhook-timestamp", time.to_owned()));
        vec![id, time, ("webhook-signature", format!("v1,AAAA v1,{signature}"))]
    }),
];

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let [first, second, rest @ ..] = data else { return };
    let (platform, headers_of) = PLATFORMS[usize::from(first & 15) % PLATFORMS.len()];
    // The name of the delivery is the first line, if it can stand in a header.
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let id = std::str::from_utf8(&rest[..end]).ok().filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()));
    let (id, body) = (id.unwrap_or("msg"), &rest[end..]);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let time = (1_700_000_000 + u64::from(*second)).to_string();
    let headers = headers_of(body, &time, id);
    assert_eq!(taken(platform, &headers, body, now), Ok(()), "{platform}");
    let later = now + Duration::from_secs(10_000);
    if ["slack", "stripe", "standard_webhooks"].contains(&platform) {
        assert_eq!(taken(platform, &headers, body, later), Err(Denied::Wrong), "{platform}");
    }
    let mut bent = body.to_vec();
    match bent.get_mut(usize::from(*second) % body.len().max(1)) {
        Some(byte) => *byte ^= 1 << (second & 7),
        None => bent.push(*second),
    }
    assert_eq!(taken(platform, &headers, &bent, now), Err(Denied::Wrong), "{platform}");
    // The input itself in the place of each header.
    if let Ok(text) = std::str::from_utf8(rest) {
        for place in 0..headers.len() {
            let mut made_up = headers.clone();
            made_up[place].1 = text.to_owned();
            let is_same = made_up[place].1.trim() == headers[place].1.trim();
            assert!(is_same || taken(platform, &made_up, body, now).is_err(), "{platform}: {text:?}");
        }
    }
    assert_eq!(taken(platform, &[], body, now), Err(Denied::Wrong));
}

fn taken(platform: &str, headers: &[(&str, String)], body: &[u8], now: SystemTime) -> Result<(), Denied> {
    let keys: Keys = "07".repeat(32).parse().unwrap();
    let name = "hook".parse::<postern_shared::id::SecretName>().unwrap();
    let secrets = Secrets::open(&keys, vec![(name.clone(), keys.seal(&name, SECRET).unwrap())]);
    let signature = Signature { scheme: Scheme::Hmac(preset(platform).unwrap()), secrets: vec![name] };
    let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    signature.check(&Sent { header: &header, query: "", body }, &secrets, now)
}

fn mac(parts: &[&[u8]]) -> Vec<u8> {
    mac_of(SECRET.as_bytes(), parts)
}

fn mac_of(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
