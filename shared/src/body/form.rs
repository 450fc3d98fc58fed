//! `application/x-www-form-urlencoded`, as the WHATWG URL Standard (5.1) reads it, but with charsets and with nested
//! names. Also reads queries, which are written alike.

use std::borrow::Cow;

use crate::env::Env;
use encoding_rs::{Encoding, UTF_8};

use super::fields::{FieldSettings, FieldsError};
use super::nesting::Nesting;
use super::text;

/// Reads a form. `named` is the charset of the header, which wins.
pub(super) fn parse(
    body: &[u8],
    named: Option<&'static Encoding>,
    settings: &FieldSettings,
) -> Result<Env, FieldsError> {
    let charset = match named {
        Some(charset) => charset,
        None => own_charset(body)?.or(settings.charset).unwrap_or(UTF_8),
    };
    // No form is sent in UTF-16: such a page sends UTF-8 (WHATWG Encoding Standard, "get an output encoding").
    let charset = charset.output_encoding();
    let charset = text::meant(charset, pairs(body).flat_map(|(name, value)| [decoded(name), decoded(value)]));
    let body = if charset == UTF_8 { body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body) } else { body };
    let mut nesting = Nesting::new(&settings.limits);
    for (name, value) in pairs(body) {
        let name = text::decode_name(decoded(name), charset)?;
        let value = text::decode_value(decoded(value), &name, charset)?;
        nesting.add(name, value)?;
    }
    Ok(nesting.finish())
}

/// The pairs of a form, still encoded. Empty ones are skipped; a name without `=` has an empty value.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| match pair.iter().position(|b| *b == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &[][..]),
    })
}

/// The bytes that a name or value stands for: `+` is a blank, `%41` an `A`, any other `%` itself.
pub(crate) fn decoded(raw: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = raw.iter().position(|b| matches!(b, b'+' | b'%')) else {
        return Cow::Borrowed(raw);
    };
    let mut bytes = Vec::with_capacity(raw.len());
    bytes.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let [byte, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (byte, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, behind @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = behind;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => *byte,
        });
    }
    Cow::Owned(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The charset that a form names in its `_charset_` field; an empty one says nothing.
fn own_charset(body: &[u8]) -> Result<Option<&'static Encoding>, FieldsError> {
    let Some((_, label)) = pairs(body).find(|(name, label)| *name == b"_charset_" && !label.is_empty()) else {
        return Ok(None);
    };
    text::labelled(&String::from_utf8_lossy(&decoded(label))).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pluses_and_percents_are_decoded_and_stray_ones_stay() {
        for (raw, plain) in [
            ("a+b%20c d", "a b c d"),
            ("%41%2b%26%3D%25", "A+&=%"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%4g%%41", "%zz%4g%A"),
            ("%2541", "%41"),
            ("", ""),
            ("%C3%a4ä", "ää"),
        ] {
            assert_eq!(decoded(raw.as_bytes()), plain.as_bytes(), "{raw}");
        }
    }

    #[test]
    fn pairs_are_split_at_ampersands_and_first_equals_signs() {
        let split = |form: &'static str| -> Vec<(&str, &str)> {
            let text = |bytes| std::str::from_utf8(bytes).unwrap();
            pairs(form.as_bytes()).map(|(name, value)| (text(name), text(value))).collect()
        };
        assert_eq!(split("a=1&b=2=3&c&=d&&"), [("a", "1"), ("b", "2=3"), ("c", ""), ("", "d")]);
        assert_eq!(split("a=1;b=2"), [("a", "1;b=2")]);
        assert_eq!(split("&&&"), []);
    }

    fn encode(text: &str, plus: bool) -> String {
        let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        if plus { encoded.replace("%20", "+") } else { encoded }
    }

    proptest! {
        /// The url crate's parser is that of the URL Standard; it reads any bytes, and as UTF-8.
        #[test]
        fn bytes_are_split_and_decoded_as_the_url_standard_says(
            form in proptest::collection::vec(prop_oneof![Just(b'&'), Just(b'='), Just(b'+'), Just(b'%'), any::<u8>()], 0..80),
        ) {
            let text = |raw| String::from_utf8_lossy(&decoded(raw)).into_owned();
            let read: Vec<_> = pairs(&form).map(|(name, value)| (text(name), text(value))).collect();
            let expected: Vec<_> = form_urlencoded::parse(&form).into_owned().collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn what_is_encoded_is_decoded_again(
            pairs in proptest::collection::vec(("[^\\[\\]\u{0}\u{feff}]{1,20}", "[^\u{0}]{0,40}"), 0..20),
            plus: bool,
        ) {
            let settings = FieldSettings { limits: Default::default(), charset: None, overriding: None, files: Default::default(), raw: false, batch: false };
            let mut seen = std::collections::HashSet::new();
            let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect();
            let body: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{}={}", encode(name, plus), encode(value, plus))).collect();
            let env = parse(body.join("&").as_bytes(), None, &settings).unwrap();
            let read: Vec<_> =
                env.0.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
