//! Takes the values of secrets out of what another system answered, before anything of the answer is stored.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::{HIDDEN, Secrets, Unusable, mark};
use crate::id::SecretName;

/// The texts that are taken out, the longest first. Its `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Scrubber(Vec<String>);

impl Scrubber {
    /// For these secrets, in the forms in which an answer can repeat them: as they are, percent-encoded, and as JSON.
    ///
    /// # Errors
    /// A secret is missing or cannot be decrypted.
    pub fn new(names: &[SecretName], secrets: &Secrets) -> Result<Self, Unusable> {
        let mut texts = Vec::new();
        for name in names {
            let value = secrets.get(name)?.text();
            // Inside of JSON that is a text itself; PHP escapes a slash as well.
            let json = mark::written(value, mark::Place::Json);
            texts.extend([json.replace('/', "\\/"), json]);
            texts.extend([value.to_owned(), value.trim().to_owned()]);
        }
        texts.retain(|text| !text.is_empty());
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Ok(Self(texts))
    }

    /// The same text without the values.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut scrubbed, mut end) = (String::new(), 0);
        for (at, _) in text.char_indices() {
            let rest = &text.as_bytes()[at..];
            if at >= end
                && let Some(length) = self.0.iter().find_map(|value| length_at(rest, value.as_bytes()))
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
    use serde_json::json;

    use super::super::key::Keys;
    use super::*;

    #[test]
    fn an_answer_that_repeats_a_secret_is_kept_without_it() {
        let keys: Keys = "07".repeat(32).parse().unwrap();
        let stored = [("a", "key/with +ä"), ("b", "1234567890")].map(|(name, value)| {
            let name: SecretName = name.parse().unwrap();
            (name.clone(), keys.seal(&name, value).unwrap())
        });
        let secrets = Secrets::open(&keys, stored.into());
        let scrubber = Scrubber::new(&["a".parse().unwrap(), "b".parse().unwrap()], &secrets).unwrap();
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
