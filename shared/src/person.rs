//! A person as somebody names them: by an e-mail, a phone number in any notation, or a name in any case. Values with them
//! are found, and blanked when the person is to be forgotten.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::body::form::decoded;
use crate::search_key::{self, Key, Secret};

/// What stands in the place of a value with a person.
pub const FORGOTTEN: &str = "(forgotten)";

/// The most texts by which one person is named at once.
pub const MAX_TEXTS: usize = 20;

/// The longest of these texts, in characters.
pub const MAX_CHARS: usize = 200;

/// Texts that name a person. A value has the person if it has all keys of one of the lists: a name has a key for each word,
/// which may stand in different values of a document.
#[derive(Debug, Clone)]
pub struct Person(Vec<Vec<Key>>);

impl Person {
    /// Reads the texts.
    ///
    /// # Errors
    /// Which text names nobody.
    pub fn new(texts: &[String]) -> Result<Self, String> {
        if texts.is_empty() || texts.len() > MAX_TEXTS {
            return Err(format!("1 to {MAX_TEXTS} texts name a person"));
        }
        let read = |text: &String| {
            let fits = text.chars().count() <= MAX_CHARS;
            let keys = search_key::single(text);
            if fits && !keys.is_empty() {
                Ok(keys)
            } else {
                Err(format!("{text:?} is no e-mail, phone number or name"))
            }
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The hashes of each text.
    pub fn hashes(&self, secret: &Secret) -> Vec<Vec<i64>> {
        self.0.iter().map(|keys| keys.iter().map(|key| secret.hash(key)).collect()).collect()
    }

    /// Whether a text has the person.
    pub fn is_in(&self, text: &str) -> bool {
        let keys = search_key::inside(text);
        self.0.iter().any(|named| named.iter().all(|key| keys.contains(key)))
    }

    /// Blanks the values of a document that have the person; returns whether there are any.
    pub fn blank(&self, document: &mut Value) -> bool {
        blank(document, &self.0, search_key::inside)
    }

    /// Whether bytes have the person, as a form, JSON, or text in any of the usual charsets.
    pub fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        if let Ok(mut document) = serde_json::from_slice::<Value>(bytes) {
            return self.blank(&mut document);
        }
        let decoded = decoded(bytes);
        [bytes, &decoded].into_iter().any(|bytes| {
            let cyrillic = encoding_rs::WINDOWS_1251.decode_without_bom_handling(bytes).0;
            self.is_in(&String::from_utf8_lossy(bytes)) || self.is_in(&cyrillic)
        })
    }
}

/// Persons that were forgotten, by the hashes of the texts that named them.
#[derive(Debug, Clone)]
pub struct Forgotten {
    secret: Secret,
    named: Vec<Vec<i64>>,
}

impl Forgotten {
    /// Of these hashes.
    pub fn new(secret: Secret, named: Vec<Vec<i64>>) -> Self {
        Self { secret, named }
    }

    /// Blanks the values of a document that have one of the persons; returns whether there are any.
    pub fn blank(&self, document: &mut Value) -> bool {
        let hashes = |text: &str| search_key::inside(text).iter().map(|key| self.secret.hash(key)).collect();
        blank(document, &self.named, hashes)
    }
}

fn blank<K: Ord>(document: &mut Value, named: &[Vec<K>], keys_of: impl Fn(&str) -> BTreeSet<K>) -> bool {
    let mut all = BTreeSet::new();
    each(document, &mut |text| {
        all.extend(keys_of(text));
        None
    });
    let met: Vec<&K> = named.iter().filter(|keys| keys.iter().all(|key| all.contains(key))).flatten().collect();
    if !met.is_empty() {
        each(document, &mut |text| {
            let keys = keys_of(text);
            met.iter().any(|key| keys.contains(*key)).then(|| FORGOTTEN.to_owned())
        });
    }
    !met.is_empty()
}

/// Goes through every text and number of a document and every name of a value, and puts another text in its place.
fn each(value: &mut Value, change: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Number(number) => {
            if let Some(changed) = change(&number.to_string()) {
                *value = Value::String(changed);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        Value::Object(map) => {
            map.values_mut().for_each(|item| each(item, change));
            if map.keys().any(|name| change(name).is_some()) {
                let named = std::mem::take(map);
                map.extend(named.into_iter().map(|(name, value)| (change(&name).unwrap_or(name), value)));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(text: &str) -> Person {
        Person::new(&[text.to_owned()]).unwrap()
    }

    #[test]
    fn a_person_is_found_in_any_case_and_notation() {
        for (named, text, found) in [
            ("ada@example.org", "Please ask <Ada@Example.ORG>, thank you", true),
            ("ada@example.org", "mailto:ada%40example.org?subject=x", true),
            ("ada@example.org", "from=ada@example.org&to=x", true),
            ("ada@example.org", "nada@example.org", false),
            ("ada@example.org", "ada@example.org.uk", false),
            ("+7 912 345 67 89", "call 8 (912) 345-67-89 after 18:00", true),
            ("+7 912 345 67 89", "9123456789", true),
            ("+7 912 345 67 89", "order 99123456789123 of 2026", false),
            ("Иванов", "ИВАНОВА", false),
            ("Иван Иванов", "г-н ИВАНОВ, Иван", true),
            ("Ada King-Noel", "lastname=King-Noel&firstname=ada", true),
            ("Ada Lovelace", "Ada", false),
        ] {
            assert_eq!(person(named).is_in(text), found, "{named}: {text}");
        }
        assert!(Person::new(&["  ".to_owned()]).is_err() && Person::new(&[]).is_err());
    }

    #[test]
    fn values_with_a_person_are_blanked_and_others_stay() {
        let lead = json!({"n": 1, "first": "Ada", "last": "Lovelace", "list": [{"tel": 89123456789_i64}], "bob": "Bob Lovelace",
            "ada@example.org": true});
        for (named, blanked) in [
            (
                "ada lovelace",
                json!({"n": 1, "first": FORGOTTEN, "last": FORGOTTEN, "list": [{"tel": 89123456789_i64}],
                "bob": FORGOTTEN, FORGOTTEN: true}),
            ),
            (
                "+7 9123456789",
                json!({"n": 1, "first": "Ada", "last": "Lovelace", "list": [{"tel": FORGOTTEN}],
                "bob": "Bob Lovelace", "ada@example.org": true}),
            ),
            (
                "ADA@example.org",
                json!({"n": 1, "first": "Ada", "last": "Lovelace", "list": [{"tel": 89123456789_i64}],
                "bob": "Bob Lovelace", FORGOTTEN: true}),
            ),
            ("Ada Ivanova", lead.clone()),
        ] {
            let mut document = lead.clone();
            person(named).blank(&mut document);
            assert_eq!(document, blanked, "{named}");
            let (mut document, secret) = (lead.clone(), Secret::from([1; 32]));
            Forgotten::new(secret.clone(), person(named).hashes(&secret)).blank(&mut document);
            assert_eq!(document, blanked, "{named}");
        }
    }

    #[test]
    fn a_person_is_found_in_bodies_of_any_kind() {
        let windows: Vec<u8> = encoding_rs::WINDOWS_1251.encode("name=Иванов").0.into_owned();
        for (body, found) in [
            (&b"email=ada%40example.org&n=1"[..], true),
            (br#"{"mail":"\u0061da@example.org"}"#, true),
            (b"--x\r\n\r\nada@example.org\r\n--x--", true),
            (b"email=bob%40example.org", false),
            (b"\xff\xfe", false),
        ] {
            assert_eq!(person("ada@example.org").is_in_bytes(body), found, "{body:?}");
        }
        assert!(person("иванов").is_in_bytes(&windows));
        assert!(person("иванов").is_in_bytes("n=%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2".as_bytes()));
        assert!(person("иванов").is_in_bytes(b"n=%C8%E2%E0%ED%EE%E2"));
    }
}
