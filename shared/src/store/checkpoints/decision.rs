//! What a person decides about a step whose outcome is unknown.

use std::fmt;
use std::str::FromStr;

/// What a person decides about a step of which nobody knows what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It was done.
    Done,
    /// It is to be done again.
    Repeat,
    /// It failed.
    Fail,
}

impl Decision {
    /// All, with the word that the store, the API and the panel use.
    pub const ALL: [(Self, &str); 3] = [(Self::Done, "done"), (Self::Repeat, "repeat"), (Self::Fail, "fail")];

    /// The decision of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(decision, _)| *decision)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(decision, _)| *decision == self).map_or("", |(_, word)| word)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Decision {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word).ok_or("must be one of done, repeat, fail")
    }
}
