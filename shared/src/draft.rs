//! A draft: a text that is changed in steps, each of which can be taken back. A step is kept as the part of the text that
//! it replaced, so that the text before comes back byte for byte.

use serde::{Deserialize, Serialize};

/// The longest text of a draft, in bytes: far above every workflow that a person draws.
pub const MAX_DRAFT_BYTES: usize = 1024 * 1024;

/// How many steps can be taken back.
pub const MAX_UNDO: usize = 200;

/// How many bytes the steps of a draft may hold that can be taken back.
pub const MAX_UNDO_BYTES: usize = 1024 * 1024;

/// A text and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The version that the draft was opened from; 0 = the workflow is new.
    pub base_version: i32,
    /// The text as it is now.
    pub text: String,
    /// The steps that can be taken back, the latest last.
    pub undo: Vec<Splice>,
    /// The steps that were taken back, the latest last.
    pub redo: Vec<Splice>,
}

/// A part of a text in the place of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splice {
    /// Where the part begins, in bytes.
    at: usize,
    old: String,
    new: String,
}

/// The text is longer than a draft may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Draft {
    /// A draft of a version.
    pub fn new(base_version: i32, text: String) -> Self {
        Self { base_version, text, ..Self::default() }
    }

    /// Changes the text, as a step that can be taken back. The oldest steps go when there are too many.
    ///
    /// # Errors
    /// The text is longer than [`MAX_DRAFT_BYTES`].
    pub fn change(&mut self, text: String) -> Result<(), TooLong> {
        if text.len() > MAX_DRAFT_BYTES {
            return Err(TooLong);
        }
        if text == self.text {
            return Ok(());
        }
        self.undo.push(Splice::between(&self.text, &text));
        self.redo.clear();
        self.text = text;
        let mut bytes: usize = self.undo.iter().map(Splice::bytes).sum();
        while self.undo.len() > MAX_UNDO || bytes > MAX_UNDO_BYTES {
            bytes -= self.undo.remove(0).bytes();
        }
        Ok(())
    }

    /// Takes the latest step back; true if there was one.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.undo.pop() else { return false };
        self.text = step.back(&self.text);
        self.redo.push(step);
        true
    }

    /// Does the step again that was taken back last; true if there was one.
    pub fn redo(&mut self) -> bool {
        let Some(step) = self.redo.pop() else { return false };
        self.text = step.forth(&self.text);
        self.undo.push(step);
        true
    }
}

impl Splice {
    /// What stands between the parts at both ends that are the same.
    fn between(old: &str, new: &str) -> Self {
        let same = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
            pairs.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum()
        };
        let at = same(&mut old.chars().zip(new.chars()));
        let tail = same(&mut old[at..].chars().rev().zip(new[at..].chars().rev()));
        Self { at, old: old[at..old.len() - tail].to_owned(), new: new[at..new.len() - tail].to_owned() }
    }

    fn bytes(&self) -> usize {
        self.old.len() + self.new.len()
    }

    fn forth(&self, text: &str) -> String {
        replaced(text, self.at, &self.old, &self.new)
    }

    fn back(&self, text: &str) -> String {
        replaced(text, self.at, &self.new, &self.old)
    }
}

/// A text in which a part gives way to another one. A text that does not hold the part stays as it is.
fn replaced(text: &str, at: usize, old: &str, new: &str) -> String {
    match text.get(..at).zip(text.get(at..).and_then(|rest| rest.strip_prefix(old))) {
        Some((head, tail)) => [head, new, tail].concat(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_step_is_taken_back_and_done_again(texts in prop::collection::vec("[aб\n]{0,6}", 1..20)) {
            let mut draft = Draft::new(1, texts[0].clone());
            for text in &texts[1..] {
                draft.change(text.clone()).unwrap();
            }
            let mut seen = vec![draft.text.clone()];
            while draft.undo() {
                seen.push(draft.text.clone());
            }
            prop_assert_eq!(&draft.text, &texts[0]);
            for text in seen.iter().rev().skip(1) {
                prop_assert!(draft.redo());
                prop_assert_eq!(&draft.text, text);
            }
            prop_assert!(!draft.redo());
        }
    }

    #[test]
    fn a_new_step_forgets_those_that_were_taken_back() {
        let mut draft = Draft::new(0, "a".to_owned());
        draft.change("ab".to_owned()).unwrap();
        assert!(draft.undo());
        draft.change("ac".to_owned()).unwrap();
        assert!(!draft.redo());
        assert!(draft.undo() && !draft.undo());
        assert_eq!(draft.text, "a");
    }

    #[test]
    fn a_draft_and_its_way_are_bounded() {
        let mut draft = Draft::default();
        for number in 0..=MAX_UNDO {
            draft.change(number.to_string()).unwrap();
        }
        assert_eq!(draft.undo.len(), MAX_UNDO);
        draft.change("x".repeat(MAX_DRAFT_BYTES)).unwrap();
        assert!(draft.undo.iter().map(Splice::bytes).sum::<usize>() <= MAX_UNDO_BYTES);
        assert_eq!(draft.change("x".repeat(MAX_DRAFT_BYTES + 1)), Err(TooLong));
    }
}
