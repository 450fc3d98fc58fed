//! Known words that are near a misspelt one, for "did you mean" in findings.

use std::fmt;

/// The most suggestions for one word.
const MAX_SUGGESTIONS: usize = 3;

/// Findings of a document from which on nothing is suggested: each comparison takes time.
pub const MAX_SUGGESTED: usize = 50;

/// A longer word is not a misspelt one; comparing costs the product of both lengths.
const MAX_WORD_CHARS: usize = 40;

/// The shortest word of which a part counts as near: `upper` of `uppercase`, `mail` of `send_mail`.
const MIN_PART_CHARS: usize = 3;

/// Known words that were probably meant, as they are shown; often there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant(Vec<String>);

impl Meant {
    /// Words that are shown as they are.
    pub fn of(words: impl IntoIterator<Item = String>) -> Self {
        Self(words.into_iter().collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words.
    pub fn into_words(self) -> Vec<String> {
        self.0
    }
}

/// The end of a sentence in English: ": did you mean `a` or `b`?", or nothing.
impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() { Ok(()) } else { write!(f, ": did you mean {}?", self.0.join(" or ")) }
    }
}

/// The known words that are nearest: those with the fewest letters changed, or else those of which it is a part.
/// Upper and lower case are the same.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let length = word.chars().count();
    if length > MAX_WORD_CHARS {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    // One change in a word of three letters, two in one of six.
    let most = length / 3;
    let mut near: Vec<(usize, &str)> = Vec::new();
    for known in known.into_iter().filter(|known| *known != word) {
        let distance = strsim::osa_distance(&lower, &known.to_lowercase());
        let is_part = || {
            let (short, long) = if length < known.len() { (&*lower, known) } else { (known, &*lower) };
            short.len() >= MIN_PART_CHARS && long.contains(short)
        };
        if distance <= most && distance < known.chars().count() {
            near.push((distance, known));
        } else if is_part() {
            near.push((MAX_WORD_CHARS + distance, known));
        }
    }
    near.sort();
    near.dedup();
    let best = near.first().map_or(0, |(distance, _)| *distance);
    // Words of which it is a part are all as good; of those with changed letters the fewest changes count.
    let is_best = |distance: usize| distance == best || best > MAX_WORD_CHARS;
    near.into_iter().filter(|(distance, _)| is_best(*distance)).map(|(_, known)| known).take(MAX_SUGGESTIONS).collect()
}

/// The known words that are nearest, in backticks.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Meant {
    quoted(nearest(word, known))
}

/// The same, where some words are known by other names: each pair is another name and what it is called here.
pub fn did_you_mean_or<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
    others: &[(&'k str, &'k str)],
) -> Meant {
    let known: Vec<&str> = known.into_iter().collect();
    let near = nearest(word, known.iter().copied().chain(others.iter().map(|(name, _)| *name)));
    let exact = others.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(name, _)| *name);
    let called = |name: &'k str| others.iter().find(|(other, _)| *other == name).map_or(name, |(_, called)| *called);
    let mut meant: Vec<&str> = Vec::new();
    for name in exact.into_iter().chain(near.into_iter().filter(|_| exact.is_none())).map(called) {
        if !meant.contains(&name) {
            meant.push(name);
        }
    }
    quoted(meant)
}

fn quoted(words: Vec<&str>) -> Meant {
    Meant::of(words.into_iter().map(|word| format!("`{word}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_told_from_strange_ones() {
        const KNOWN: [&str; 10] = [
            "create_record",
            "condition",
            "existing",
            "created",
            "upper",
            "lower",
            "env",
            "send_mail",
            "title",
            "check",
        ];
        for (word, expected) in [
            ("chekc", &["check"][..]),
            ("exsisting", &["existing"]),
            ("uppercase", &["upper"]),
            ("UPPER", &["upper"]),
            ("evn", &["env"]),
            ("envs", &["env"]),
            ("creat_record", &["create_record"]),
            ("createRecord", &["create_record"]),
            ("mail", &["send_mail"]),
            ("titel", &["title"]),
            ("create", &["created"]),
            ("e", &[]),
            ("xyz", &[]),
            ("nonsense", &[]),
            ("", &[]),
        ] {
            assert_eq!(nearest(word, KNOWN), expected, "{word}");
        }
        assert!(nearest(&"upper".repeat(20), KNOWN).is_empty());
    }

    #[test]
    fn a_word_of_other_programs_is_known_by_its_name_here() {
        let others = [("strtoupper", "upper"), ("explode", "split"), ("mail", "email")];
        for (word, expected) in [
            ("strtoupper", ": did you mean `upper`?"),
            ("explod", ": did you mean `split`?"),
            ("splt", ": did you mean `split`?"),
            ("Mail", ": did you mean `email`?"),
            ("nothing", ""),
        ] {
            assert_eq!(did_you_mean_or(word, ["upper", "split", "email"], &others).to_string(), expected, "{word}");
        }
        assert_eq!(did_you_mean("lin", ["line", "link"]).to_string(), ": did you mean `line` or `link`?");
    }
}
