//! Takes the values of secrets out of what another system answered, before anything of the answer is stored.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::base64::{self, Letters};
use super::{HIDDEN, Secrets, Unusable, mark};
use crate::id::SecretName;

/// The texts that are taken out, the longest first. Its `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Scrubber(Vec<Letters>);

impl Scrubber {
    /// For these secrets, in the forms in which an answer can repeat them: as they are, percent-encoded, as JSON, and as
    /// base64 alone or with what stands around them.
    ///
    /// # Errors
    /// A secret is missing or cannot be decrypted.
    pub fn new(names: &[SecretName], secrets: &Secrets) -> Result<Self, Unusable> {
        let values: Result<Vec<&str>, Unusable> = names.iter().map(|name| Ok(secrets.get(name)?.text())).collect();
        Ok(Self::of(&values?))
    }

    /// The same for values that are no stored secrets.
    pub fn of(values: &[&str]) -> Self {
        let (mut texts, mut encoded) = (Vec::new(), Vec::new());
        for value in values {
            // Inside of JSON that is a text itself; PHP escapes a slash as well.
            let json = mark::written(value, mark::Place::Json);
            texts.extend([json.replace('/', "\\/"), json]);
            texts.extend([(*value).to_owned(), value.trim().to_owned()]);
            encoded.extend(base64::letters(value.as_bytes()));
            encoded.extend(base64::letters(value.trim().as_bytes()));
        }
        let whole = |text: String| Letters { text, is_shared_before: false, is_shared_behind: false };
        let escaped = |one: &Letters| Letters { text: one.text.replace('/', "\\/"), ..one.clone() };
        let mut all: Vec<Letters> = texts.into_iter().map(whole).collect();
        all.extend(encoded.iter().map(escaped));
        all.extend(encoded);
        all.retain(|one| !one.text.is_empty());
        Self::default().and(Self(all))
    }

    /// This one, which takes out what another takes out as well.
    pub fn and(self, other: Self) -> Self {
        let mut all = self.0;
        all.extend(other.0);
        all.sort_by(|one, other| (other.text.len(), &one.text).cmp(&(one.text.len(), &other.text)));
        all.dedup();
        Self(all)
    }

    /// The same text without the values.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut scrubbed, mut end) = (String::new(), 0);
        for (at, _) in text.char_indices() {
            let rest = &text.as_bytes()[at..];
            if at >= end
                && let Some(length) = self.0.iter().find_map(|one| length_of(rest, one))
            {
                scrubbed.push_str(&text[end..at]);
                scrubbed.push_str(HIDDEN);
                end = at + length;
            }
        }
        if end == 0 { Cow::Borrowed(text) } else { Cow::Owned(scrubbed + &text[end..]) }
    }

    /// The same value without the values of secrets, in its names too.
    pub fn value(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(map) => {
                let scrubbed = map.into_iter().map(|(name, item)| (self.text(&name).into_owned(), self.value(item)));
                Value::Object(scrubbed.collect())
            }
            // A secret may be all digits.
            Value::Number(number) if self.text(&number.to_string()) != number.to_string() => HIDDEN.into(),
            other => other,
        }
    }
}

/// The length of letters at the beginning of a text, with those that they share with their neighbours.
fn length_of(text: &[u8], letters: &Letters) -> Option<usize> {
    let before = if letters.is_shared_before { letter_at(text)? } else { 0 };
    let end = before + length_at(&text[before..], letters.text.as_bytes())?;
    let behind = if letters.is_shared_behind { letter_at(&text[end..]).unwrap_or(0) } else { 0 };
    Some(end + behind)
}

/// The length of a letter of base64 at the beginning of a text, where it may be percent-encoded.
fn letter_at(text: &[u8]) -> Option<usize> {
    match text {
        [b'%', b'2', b'B' | b'b' | b'F' | b'f', ..] => Some(3),
        [first, ..] if base64::is_letter(*first) => Some(1),
        _ => None,
    }
}

/// The length of a value at the beginning of a text in which any of its bytes may be percent-encoded, and a blank a plus:
/// programs differ in what they encode.
fn length_at(text: &[u8], value: &[u8]) -> Option<usize> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut at = 0;
    for byte in value {
        at += match text.get(at..)? {
            [b'%', high, low, ..]
                if digit(*high).zip(digit(*low)) == Some((u32::from(byte >> 4), u32::from(byte & 15))) =>
            {
                3
            }
            [b'+', ..] if *byte == b' ' => 1,
            [first, ..] if first == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
    use serde_json::json;

    use super::super::key::Keys;
    use super::*;

    fn of(values: &[(&str, &str)]) -> (Scrubber, Secrets) {
        let keys: Keys = "07".repeat(32).parse().unwrap();
        let sealed = |(name, value): &(&str, &str)| {
            let name: SecretName = name.parse().unwrap();
            (name.clone(), keys.seal(&name, value).unwrap())
        };
        let secrets = Secrets::open(&keys, values.iter().map(sealed).collect());
        let names: Vec<SecretName> = values.iter().map(|(name, _)| name.parse().unwrap()).collect();
        (Scrubber::new(&names, &secrets).unwrap(), secrets)
    }

    #[test]
    fn a_secret_in_base64_is_hidden_wherever_it_stands() {
        const VALUE: &str = "key/w\u{ff}th~~?+ä";
        let (scrubber, _) = of(&[("a", VALUE)]);
        let alphabets = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD];
        for (before, behind) in
            ["", "u", "us", "use", "user:"].into_iter().flat_map(|one| ["", "x", "xy", ":z"].map(|two| (one, two)))
        {
            for alphabet in &alphabets {
                let text = alphabet.encode(format!("{before}{VALUE}{behind}").as_bytes());
                let kept = (before.len() * 8 / 6, ((before.len() + VALUE.len()) * 8).div_ceil(6));
                let expected = format!("Basic {}***{}!", &text[..kept.0], &text[kept.1..]);
                assert_eq!(scrubber.text(&format!("Basic {text}!")), expected);
                let escaped = text.replace('/', "\\/");
                assert!(scrubber.text(&escaped).ends_with(&format!("***{}", &text[kept.1..])), "{escaped}");
                let url = text.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
                assert!(scrubber.text(&format!("?k={url}")).contains("***"), "{url}");
            }
        }
        let text = BASE64.encode(b"another value that is no secret");
        assert_eq!(scrubber.text(&text), text);
    }

    #[test]
    fn an_answer_that_repeats_a_secret_is_kept_without_it() {
        let (scrubber, secrets) = of(&[("a", "key/with +ä"), ("b", "1234567890")]);
        for (found, expected) in [
            (json!("Bearer key/with +ä!"), json!("Bearer ***!")),
            (json!({"key/with +ä": ["x", 1_234_567_890, 12]}), json!({"***": ["x", "***", 12]})),
            (json!("?k=key%2Fwith%20%2B%C3%A4&key%2fwith%20%2b%c3%a4&key%2Fwith+%2B%C3%A4"), json!("?k=***&***&***")),
            (json!("?k=key/with%20%2b%C3%A4 key%2Fwith +ä"), json!("?k=*** ***")),
            (json!([null, true, "key"]), json!([null, true, "key"])),
        ] {
            assert_eq!(scrubber.value(found), expected);
        }
        assert_eq!(Scrubber::default().value(json!("key/with +ä")), json!("key/with +ä"));
        assert!(Scrubber::new(&["c".parse().unwrap()], &secrets).is_err());
        assert_eq!(format!("{scrubber:?}").find("key"), None);
    }
}
