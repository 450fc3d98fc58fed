//! Signatures: an HMAC (RFC 2104) over the bytes of a body as they were received, by a secret that only the caller shares.
//! What a platform signs, and where the signature stands, is data: one table of presets, and the same settings for any other
//! caller. The only preset in code is Twilio, which signs a URL.

mod mac;
mod preset;
mod template;
mod twilio;
#[cfg(test)]
mod vectors;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::id::SecretName;
use crate::secret::{Secrets, Unusable};

pub use mac::{Algorithm, Encoding};
pub use preset::{STANDARD_WEBHOOKS, find as preset};
pub use template::{MAX_TEMPLATE_BYTES, Template};

/// How far a signed time may be from now, unless the permission says otherwise: what Slack, Stripe and Standard Webhooks
/// recommend.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// The most that a permission may say.
pub const MAX_TOLERANCE: Duration = Duration::from_secs(3_600);

/// The most secrets that are valid at the same time: a rotation needs two.
pub const MAX_KEYS: usize = 4;

/// The most signatures of one request that are compared.
const MAX_SIGNATURES: usize = 10;

/// How the callers of a permission sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What is signed, and where the signature stands.
    pub scheme: Scheme,
    /// Any of them signs.
    pub secrets: Vec<SecretName>,
}

/// What is signed, and where the signature stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// An HMAC of a text with the body in it.
    Hmac(Hmac),
    /// That of Twilio, for the URL that is set at Twilio.
    Twilio(String),
}

/// An HMAC of a text with the body in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hmac {
    /// The header with the signature, in lower case.
    pub header: String,
    /// How the header holds it.
    pub list: List,
    /// What stands before a signature.
    pub prefix: String,
    /// The hash function.
    pub algorithm: Algorithm,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// What is signed.
    pub signed: Template,
    /// Where the time of the signature stands; none = it has no time.
    pub timestamp: Option<String>,
    /// How far that may be from now.
    pub tolerance: Duration,
    /// How the key is written.
    pub key: Key,
    /// The header that names a delivery, in lower case; none = the platform sends none.
    pub delivery: Option<&'static str>,
}

/// How a header holds signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// One.
    One,
    /// Several, joined by blanks.
    Several,
    /// Pairs joined by commas: the time under one name, signatures under another.
    Pairs {
        /// The name of the time.
        time: &'static str,
        /// The name of a signature.
        signature: &'static str,
    },
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// As the bytes that are the key.
    Text,
    /// As base64, behind `whsec_`.
    Base64,
}

/// A request, as far as signatures go.
#[derive(Clone, Copy)]
pub struct Sent<'r> {
    /// The first value of a header, by its name in lower case.
    pub header: &'r dyn Fn(&str) -> Option<&'r str>,
    /// The query as it was sent.
    pub query: &'r str,
    /// The body as it was sent.
    pub body: &'r [u8],
}

/// Why a request is not taken for that of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The signature is missing, wrong, or of another time.
    #[error("the signature is missing, wrong or too old")]
    Wrong,
    /// No secret can be used.
    #[error(transparent)]
    Unusable(Unusable),
}

impl Signature {
    /// Checks a request at this moment.
    ///
    /// # Errors
    /// The signature is not right, or no secret can be used.
    pub fn check(&self, sent: &Sent<'_>, secrets: &Secrets, now: SystemTime) -> Result<(), Denied> {
        let mut unusable = None;
        for name in &self.secrets {
            match secrets.get(name) {
                Ok(value) if self.scheme.is_signed(sent, value.text(), now) => return Ok(()),
                Ok(_) => {}
                Err(reason) => unusable = Some(reason),
            }
        }
        // With one usable secret the signature may be wrong; without any nobody can tell.
        let is_any_usable = self.secrets.iter().any(|name| secrets.get(name).is_ok());
        Err(unusable.filter(|_| !is_any_usable).map_or(Denied::Wrong, Denied::Unusable))
    }
}

impl Signature {
    /// The header that names a delivery, in lower case: it is the same when the platform repeats the delivery.
    pub fn delivery_header(&self) -> Option<&'static str> {
        match &self.scheme {
            Scheme::Hmac(hmac) => hmac.delivery,
            Scheme::Twilio(_) => Some(twilio::DELIVERY),
        }
    }
}

impl Scheme {
    fn is_signed(&self, sent: &Sent<'_>, secret: &str, now: SystemTime) -> bool {
        match self {
            Self::Twilio(url) => twilio::is_signed(url, sent, secret),
            Self::Hmac(hmac) => hmac.is_signed(sent, secret, now).unwrap_or(false),
        }
    }
}

impl Hmac {
    /// Whether one of the signatures is right; nothing if something is missing.
    fn is_signed(&self, sent: &Sent<'_>, secret: &str, now: SystemTime) -> Option<bool> {
        let header = (sent.header)(&self.header)?;
        let (time, signatures) = self.list.read(header, &self.prefix);
        let time = match &self.timestamp {
            Some(name) => Some((sent.header)(name)?),
            None => time,
        };
        if self.signed.has_time() && !is_near(time?, now, self.tolerance) {
            return Some(false);
        }
        let key = self.key.read(secret)?;
        let signed = self.signed.parts(sent, time.unwrap_or_default())?;
        let signatures = signatures.into_iter().take(MAX_SIGNATURES);
        let mut all = signatures.filter_map(|signature| self.encoding.decode(signature));
        Some(all.any(|signature| self.algorithm.is_mac(&key, &signed, &signature)))
    }
}

impl List {
    /// The time in a header, if it stands there, and the signatures.
    fn read<'h>(self, header: &'h str, prefix: &str) -> (Option<&'h str>, Vec<&'h str>) {
        let behind = |one: &'h str| one.strip_prefix(prefix);
        match self {
            Self::One => (None, behind(header.trim()).into_iter().collect()),
            Self::Several => (None, header.split(' ').filter_map(behind).collect()),
            Self::Pairs { time, signature } => {
                let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
                let of = |name: &'static str| pairs().filter(move |(key, _)| *key == name).map(|(_, value)| value);
                (of(time).next(), of(signature).filter_map(behind).collect())
            }
        }
    }
}

impl Key {
    fn read(self, secret: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text => Some(Cow::Borrowed(secret.as_bytes())),
            Self::Base64 => {
                let text = secret.strip_prefix("whsec_").unwrap_or(secret);
                data_encoding::BASE64.decode(text.as_bytes()).ok().map(Cow::Owned)
            }
        }
    }
}

/// Whether a time in seconds since 1970 is near now.
fn is_near(time: &str, now: SystemTime, tolerance: Duration) -> bool {
    let Ok(seconds) = time.parse::<u64>() else { return false };
    let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) else { return false };
    let apart = now.duration_since(time).or_else(|_| time.duration_since(now));
    apart.is_ok_and(|apart| apart <= tolerance)
}
