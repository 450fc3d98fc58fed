//! The keys of a text: all of them, and its words in their order, since the words of a name stand together.

use std::collections::BTreeSet;

use crate::search_key::{self, Key};

/// How many other words may stand between the words of a name: a middle name and a title.
const BETWEEN: usize = 2;

/// The keys of a text.
pub(super) struct Keys<K> {
    all: BTreeSet<K>,
    /// Its words in their order, for each way to tell words apart: by blanks first.
    words: Vec<Vec<K>>,
}

impl<K: Ord> Keys<K> {
    /// Of a text; `key` gives the form in which keys are compared.
    pub(super) fn of(text: &str, key: impl Fn(&Key) -> K) -> Self {
        let all = search_key::inside(text).iter().map(&key).collect();
        let words = search_key::words_in_order(text);
        Self { all, words: words.iter().map(|words| words.iter().map(&key).collect()).collect() }
    }

    /// Whether the text has all keys of one of the lists: of several words, close together.
    pub(super) fn have(&self, named: &[Vec<K>]) -> bool {
        named.iter().any(|keys| match keys.as_slice() {
            [] => false,
            [key] => self.all.contains(key),
            // Most texts have none of the words.
            name => name.iter().all(|key| self.all.contains(key)) && self.have_together(name),
        })
    }

    fn have_together(&self, name: &[K]) -> bool {
        let width = name.len() + BETWEEN;
        let has = |window: &[K]| name.iter().all(|word| window.contains(word));
        self.words.iter().any(|words| if words.len() <= width { has(words) } else { words.windows(width).any(has) })
    }

    /// Which words of a name the text consists of; none = it has other words as well, or no word.
    pub(super) fn parts_of<'n>(&self, name: &'n [K]) -> Option<Vec<&'n K>> {
        let words = self.words.first().filter(|words| !words.is_empty())?;
        words.iter().map(|word| name.iter().find(|part| *part == word)).collect()
    }
}
