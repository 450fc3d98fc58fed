//! The keys that stand anywhere in a text: of one that names a person, and of one in which a person may be named.

use std::collections::BTreeSet;

use super::{Key, MAX_BYTES, PHONE_DIGITS};
use crate::body::form::decoded;

/// What cannot stand in an e-mail and often stands beside one.
const EMAIL_ENDS: &str = "<>()[]{},;:\"'=&?#|\\/";

/// The keys of a text that names one person: as an e-mail or a phone number if it is one, or else by all of its words.
pub fn single(text: &str) -> Vec<Key> {
    let alone = Key::email(text).or_else(|| Key::phone(text));
    alone.map_or_else(|| Key::words(text).collect::<BTreeSet<_>>().into_iter().collect(), |key| vec![key])
}

/// The words of a text in their order, for each way to tell words apart: by blanks, by what is no letter or digit, and by
/// that without hyphens. They come first as the text has them, and then as it is with its percent-encoding decoded.
pub fn words_in_order(text: &str) -> Vec<Vec<Key>> {
    let mut all = in_order(text);
    if text.contains('%') {
        all.extend(in_order(&String::from_utf8_lossy(&decoded(text.as_bytes()))));
    }
    all
}

fn in_order(text: &str) -> Vec<Vec<Key>> {
    let apart = |is_between: fn(char) -> bool| text.split(is_between).flat_map(Key::words).collect();
    vec![Key::words(text).collect(), apart(|c| !c.is_alphanumeric()), apart(|c| !c.is_alphanumeric() && c != '-')]
}

/// All keys that stand anywhere in a text, whatever surrounds them.
pub fn inside(text: &str) -> BTreeSet<Key> {
    let mut keys: BTreeSet<Key> = Key::words(text).collect();
    add_inside(text, &mut keys);
    if text.contains('%') {
        add_inside(&String::from_utf8_lossy(&decoded(text.as_bytes())), &mut keys);
    }
    keys
}

fn add_inside(text: &str, keys: &mut BTreeSet<Key>) {
    keys.extend(text.split(|c: char| !c.is_alphanumeric()).flat_map(Key::words));
    keys.extend(text.split(|c: char| !c.is_alphanumeric() && c != '-').flat_map(Key::words));
    if text.contains('@') {
        let tokens = text.split(|c: char| c.is_whitespace() || EMAIL_ENDS.contains(c));
        keys.extend(tokens.filter_map(|token| Key::email(token.trim_matches(['.', '-']))));
    }
    for run in
        text.split(|c: char| !(c.is_ascii_digit() || " +-()./\u{a0}\u{2010}\u{2011}\u{2012}\u{2013}".contains(c)))
    {
        let parts: Vec<&str> = run.split_whitespace().collect();
        for from in 0..parts.len() {
            let mut number = String::new();
            for part in parts.iter().skip(from) {
                number.push_str(part);
                if number.len() > MAX_BYTES || number.bytes().filter(u8::is_ascii_digit).count() > *PHONE_DIGITS.end() {
                    break;
                }
                keys.extend(Key::phone(&number));
            }
        }
    }
}
