//! The words of a name or an id, in one form, and the parts of a word.

use super::{Key, Kind, MAX_BYTES};

impl Key {
    /// The words of a text, without the signs around them.
    pub(super) fn words(text: &str) -> impl Iterator<Item = Self> + '_ {
        let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let words = words.filter(|word| !word.is_empty() && word.len() <= MAX_BYTES);
        words.map(|word| Self { kind: Kind::Word, text: folded(word) })
    }

    /// The parts of names such as `Петров-Водкин` and `O'Neill`. An id with digits in it is one word.
    pub(super) fn parts(text: &str) -> impl Iterator<Item = Self> + '_ {
        let is_name = |word: &&str| word.contains(JOINTS) && !word.contains(|c: char| c.is_numeric());
        let names = text.split_whitespace().filter(is_name);
        names.flat_map(|word| word.split(JOINTS)).filter(|part| part.chars().nth(1).is_some()).flat_map(Self::words)
    }
}

/// What stands between the parts of a name.
const JOINTS: [char; 6] = ['-', '\'', '’', '‐', '‑', '–'];

/// Without its case, by Unicode: through capital letters, since some letters have several small forms. Most people write
/// `е` for `ё`.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.to_lowercase().to_uppercase().to_lowercase().replace('ё', "е")
}
