//! By which texts a receipt or a record is found: e-mails, phone numbers in any notation, and the words of names and ids in
//! any case, with the parts of names that a hyphen or an apostrophe joins. Each is brought to one form and hashed with a secret key, so that the stored hashes tell nothing.

mod inside;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use regex::RegexSet;
use serde_json::Value;
use sha2::Sha256;

use crate::blank;
use crate::env::Env;
use crate::id::RecordId;
use crate::phone;
use crate::record_ref::{ConnectedId, ConnectedRecord, RecordRef};
pub use inside::{inside, single, words_in_order};
use words::folded;

/// The most keys of a receipt or a record: far above what a person fills in.
const MAX_KEYS: usize = 64;

/// The longest text that is a key, in bytes: longer texts are no names, numbers or ids.
const MAX_BYTES: usize = 128;

/// The deepest nesting in which values are looked at.
const MAX_DEPTH: usize = 8;

/// The digits of a phone number (ITU-T E.164: 15 at most) that has at least the length of a local one.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The last digits of a phone number that count: before them stands the code of the country, or a zero or an eight in its
/// place.
const OWN_DIGITS: usize = 10;

/// The secret key of the hashes.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<[u8; 32]> for Secret {
    fn from(key: [u8; 32]) -> Self {
        // HMAC fills up a shorter key with zeros.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self(Hmac::new(&block.into()))
    }
}

impl Secret {
    /// The hash of a key.
    pub fn hash(&self, key: &Key) -> i64 {
        let mut mac = self.0.clone();
        mac.update(&[key.kind as u8]);
        mac.update(key.text.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

/// A text by which something is found, in its one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    kind: Kind,
    text: String,
}

/// As what a text is understood. The numbers are part of the hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Email = 1,
    Phone = 2,
    Word = 3,
    Address = 4,
    IdempotencyKey = 5,
    Record = 6,
}

impl Key {
    /// The address of a caller.
    pub fn address(address: IpAddr) -> Self {
        Self { kind: Kind::Address, text: address.to_canonical().to_string() }
    }

    /// What a caller sent as its `Idempotency-Key`, as it was sent.
    pub fn idempotency_key(text: &str) -> Self {
        Self { kind: Kind::IdempotencyKey, text: text.to_owned() }
    }

    /// A record that the runs of a receipt have created, changed, deleted or commented on.
    pub fn record(record: &RecordRef) -> Self {
        Self { kind: Kind::Record, text: record.to_string() }
    }

    /// All keys of such a record. A record of another system is found by its id alone as well.
    pub fn all_of_record(record: &RecordRef) -> impl Iterator<Item = Self> {
        let id = record.connected().map(|record| Self { kind: Kind::Record, text: record.id.to_string() });
        [Self::record(record)].into_iter().chain(id)
    }

    /// The record of another system that a text may name: by its whole reference, or by its id, which holds a digit.
    pub fn connected_record(text: &str) -> Option<Self> {
        let is_whole = text.parse::<ConnectedRecord>().is_ok();
        let is_id = text.parse::<ConnectedId>().is_ok() && text.contains(|c: char| c.is_ascii_digit());
        let is_own = text.parse::<RecordId>().is_ok();
        (is_whole || is_id && !is_own).then(|| Self { kind: Kind::Record, text: text.to_owned() })
    }

    fn email(text: &str) -> Option<Self> {
        let text = blank::trim(text);
        let (local, domain) = text.split_once('@')?;
        let fits = !local.is_empty() && domain.contains('.') && !domain.contains('@');
        let is_one = fits && text.len() <= MAX_BYTES && !text.contains(char::is_whitespace);
        is_one.then(|| Self { kind: Kind::Email, text: folded(text) })
    }

    fn phone(text: &str) -> Option<Self> {
        // Most texts are none, and reading one costs more than counting.
        let has_digits = text.bytes().filter(u8::is_ascii_digit).count() >= *PHONE_DIGITS.start();
        let digits = has_digits.then(|| phone::digits(text)).flatten();
        let digits = digits.filter(|digits| PHONE_DIGITS.contains(&digits.len()))?;
        let digits = digits.trim_start_matches('0');
        let own = &digits[digits.len().saturating_sub(OWN_DIGITS)..];
        (!own.is_empty()).then(|| Self { kind: Kind::Phone, text: own.to_owned() })
    }
}

/// The names of values of which each word is a key, joined by commas. `*` stands for any letters.
#[derive(Debug, Clone)]
pub struct Names(RegexSet);

impl Names {
    /// The names that count unless told.
    pub const DEFAULT: &'static str = "*name*,*имя*,*фамилия*,company,*company_name,id,*_id";

    fn count(&self, name: &str) -> bool {
        self.0.is_match(&folded(name))
    }
}

impl FromStr for Names {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split(',').map(|name| folded(name.trim())).filter(|name| !name.is_empty());
        let patterns = names.map(|name| format!("(?s)^{}$", regex::escape(&name).replace(r"\*", ".*")));
        RegexSet::new(patterns).map(Self).map_err(|_| "too many names with stars")
    }
}

/// Makes the hashes by which things are found.
#[derive(Debug, Clone)]
pub struct Hasher {
    /// The names of values of which each word counts.
    pub names: Names,
    /// The key of the hashes.
    pub secret: Secret,
}

impl Hasher {
    /// The hashes of values, and of keys beside them.
    pub fn of(&self, values: &Env, more: impl IntoIterator<Item = Key>) -> Vec<i64> {
        let mut keys = of(values, &self.names);
        keys.extend(more);
        keys.iter().map(|key| self.secret.hash(key)).collect()
    }

    /// The same of a body that could not be read as a whole.
    pub fn of_texts(&self, texts: Vec<(String, String)>, more: impl IntoIterator<Item = Key>) -> Vec<i64> {
        let mut keys = BTreeSet::new();
        for (name, text) in texts {
            collect(&name, &Value::String(text), &self.names, MAX_DEPTH, &mut keys);
        }
        keys.extend(more);
        keys.iter().map(|key| self.secret.hash(key)).collect()
    }
}

/// The keys of values.
fn of(values: &Env, names: &Names) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for (name, value) in &values.0 {
        collect(name, value, names, MAX_DEPTH, &mut keys);
    }
    keys
}

fn collect(name: &str, value: &Value, names: &Names, depth: usize, keys: &mut BTreeSet<Key>) {
    let text = match value {
        _ if keys.len() >= MAX_KEYS => return,
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if depth > 0 => {
            return items.iter().for_each(|item| collect(name, item, names, depth - 1, keys));
        }
        Value::Object(map) if depth > 0 => {
            return map.iter().for_each(|(name, value)| collect(name, value, names, depth - 1, keys));
        }
        Value::Array(_) | Value::Object(_) | Value::Null | Value::Bool(_) => return,
    };
    keys.extend(Key::email(&text));
    keys.extend(Key::phone(&text));
    if names.count(name) {
        for key in Key::words(&text).chain(Key::parts(&text)).take(MAX_KEYS) {
            if keys.len() < MAX_KEYS {
                keys.insert(key);
            }
        }
    }
}

/// What a text that a person looks for may be: each of the lists alone finds something if it has all of its keys.
pub fn meant(text: &str) -> Vec<Vec<Key>> {
    let words: BTreeSet<Key> = Key::words(text).take(MAX_KEYS).collect();
    let alone: Vec<Key> = text.trim().parse().ok().map(Key::address).into_iter().chain(Key::email(text)).collect();
    if !alone.is_empty() {
        // Nothing else has such a text as its one word.
        return alone.into_iter().map(|key| vec![key]).collect();
    }
    let alone = Key::phone(text).into_iter().map(|key| vec![key]);
    alone.chain(Some(words.into_iter().collect()).filter(|words: &Vec<Key>| !words.is_empty())).collect()
}

#[cfg(test)]
mod tests;
