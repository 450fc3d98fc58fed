//! A person as somebody names them: by an e-mail, a phone number in any notation, or a name in any case. Values with them
//! are found, and blanked when the person is to be forgotten.

mod body;
mod fields;
mod keys;

use serde_json::Value;

use self::keys::Keys;
use crate::search_key::{self, Key, Secret};

/// What stands in the place of a value with a person.
pub const FORGOTTEN: &str = "(forgotten)";

/// The most texts by which one person is named at once.
pub const MAX_TEXTS: usize = 20;

/// The longest of these texts, in characters.
pub const MAX_CHARS: usize = 200;

/// Texts that name a person. A value has the person if it has the keys of one of the lists. A name has a key for each word:
/// its words must stand close together in one value, or be the first and the last name of one person in one map.
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
            if is_too_short(text, &keys) {
                Err(format!("{text:?} is too short to name a person: write the whole name"))
            } else if fits && !keys.is_empty() {
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
        match body::form(text.as_bytes()) {
            Some(mut form) => self.blank(&mut form),
            None => Keys::of(text, Key::clone).have(&self.0),
        }
    }

    /// Blanks the values of a document that have the person; returns whether there are any.
    pub fn blank(&self, document: &mut Value) -> bool {
        blank(document, &self.0, Key::clone)
    }

    /// Whether bytes have the person, as JSON, a form, or text in any of the usual charsets.
    pub fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        body::documents(bytes).iter_mut().any(|document| self.blank(document))
    }
}

/// Whether a text is one word of one or two letters, which many people have as an initial. A name in the characters of
/// China, Japan or Korea has two.
fn is_too_short(text: &str, keys: &[Key]) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphanumeric());
    let is_wide = letters().any(|c| c >= '\u{2e80}');
    keys.len() == 1 && letters().count() < if is_wide { 2 } else { 3 }
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
        blank(document, &self.named, |key| self.secret.hash(key))
    }
}

fn blank<K: Ord>(document: &mut Value, named: &[Vec<K>], key: impl Fn(&Key) -> K) -> bool {
    let mut is_in = fields::blank(document, named, &key);
    each(document, &mut |text| {
        let has = Keys::of(text, &key).have(named);
        is_in |= has;
        has.then(|| FORGOTTEN.to_owned())
    });
    is_in
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
            if let Some(changed) = change(&digits(number)) {
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

/// The digits of a number. A whole number may be written as a float: a phone number from a spreadsheet (`8.9123456789e10`).
fn digits(number: &serde_json::Number) -> String {
    /// Floats below are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = number.to_string();
    let is_float = text.contains(['.', 'e', 'E']);
    match number.as_f64().filter(|float| is_float && float.fract() == 0.0 && float.abs() < EXACT) {
        Some(float) => format!("{float:.0}"),
        None => text,
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
            ("Ada Lovelace", "Lovelace, Ada Augusta King", true),
            ("Ada Lovelace", "Ada asked for an offer, and Bob Lovelace answered", false),
            ("Ada Lovelace", "first_name=Ada&age=36&last_name=Lovelace", true),
            ("Ada Lovelace", "manager=Ada&partner=Lovelace", false),
        ] {
            assert_eq!(person(named).is_in(text), found, "{named}: {text}");
        }
        assert!(Person::new(&["  ".to_owned()]).is_err() && Person::new(&[]).is_err());
        for (text, names) in
            [("a", false), ("Ив", false), ("a.", false), ("李明", true), ("Ada", true), ("A. B.", true), ("1", false)]
        {
            assert_eq!(Person::new(&[text.to_owned()]).is_ok(), names, "{text}");
        }
    }

    #[test]
    fn values_with_a_person_are_blanked_and_others_stay() {
        let lead = json!({"n": 1, "first": "Ada", "last": "Lovelace", "list": [{"tel": 89123456789_i64}], "bob": "Bob Lovelace",
            "ada@example.org": true});
        for (named, blanked) in [
            (
                "ada lovelace",
                json!({"n": 1, "first": FORGOTTEN, "last": FORGOTTEN, "list": [{"tel": 89123456789_i64}],
                "bob": "Bob Lovelace", "ada@example.org": true}),
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
            ("Bob Ada", lead.clone()),
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
    fn a_name_in_fields_of_two_persons_is_not_the_name_of_one() {
        for (document, found) in [
            (json!({"firstname": "Ada", "lastname": "Lovelace"}), true),
            (json!({"firstName": "ada", "age": 36, "surname": "LOVELACE"}), true),
            (json!({"name": {"first": "Ada", "last": "Lovelace"}}), true),
            (json!({"Имя клиента": "Ada", "Фамилия клиента": "Lovelace"}), true),
            (json!({"contact": ["Ada Lovelace"]}), true),
            (json!({"firstname": "Ada", "manager": {"lastname": "Lovelace"}}), false),
            (json!({"firstname": "Ada", "manager_lastname": "Lovelace"}), false),
            (json!({"firstname": "Ada", "lastname": "Bob Lovelace"}), false),
            (json!({"firstname": "Ada", "company": "Lovelace"}), false),
            (json!({"a": "Ada", "b": "Lovelace"}), false),
            (json!(["Ada", "Lovelace"]), false),
        ] {
            let mut blanked = document.clone();
            assert_eq!(person("Ada Lovelace").blank(&mut blanked), found, "{document}");
            assert_eq!(blanked == document, !found, "{document}");
        }
    }

    #[test]
    fn a_phone_number_is_found_as_a_float() {
        for number in ["89123456789", "89123456789.0", "8.9123456789e10", "8.9123456789E+10"] {
            let mut document: Value = serde_json::from_str(&format!(r#"{{"tel":{number},"price":1.10}}"#)).unwrap();
            assert!(person("+7 912 345-67-89").blank(&mut document), "{number}");
            assert_eq!(document.to_string(), r#"{"tel":"(forgotten)","price":1.10}"#);
        }
    }

    #[test]
    fn a_person_is_found_in_utf_16() {
        for body in [r#"{"lastname":"Иванов"}"#, "name=Иванов", "<n>Иванов</n>"] {
            for (is_little, has_mark) in [(true, true), (true, false), (false, true), (false, false)] {
                let units = has_mark.then_some(0xfeff).into_iter().chain(body.encode_utf16());
                let bytes = units.flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() });
                let bytes: Vec<u8> = bytes.collect();
                assert!(person("иванов").is_in_bytes(&bytes), "{body} {is_little} {has_mark}");
                assert!(!person("петров").is_in_bytes(&bytes), "{body} {is_little} {has_mark}");
            }
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
