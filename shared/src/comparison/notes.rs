//! What a comparison did that people might not expect. The step's line on the receipt contains it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::message::Message;

/// Notes of one step; clones are the same notes.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<AtomicU8>);

const TEXT_WITH_NUMBER: u8 = 1;
const NUMBERS_AS_TEXTS: u8 = 2;

impl Notes {
    /// A text that reads as no number was compared with a number.
    pub(super) fn text_with_number(&self) {
        self.0.fetch_or(TEXT_WITH_NUMBER, Relaxed);
    }

    /// Two texts were compared that both read as numbers.
    pub(super) fn numbers_as_texts(&self) {
        self.0.fetch_or(NUMBERS_AS_TEXTS, Relaxed);
    }

    /// What was noted, which is forgotten.
    pub fn take(&self) -> Option<Message> {
        if self.0.load(Relaxed) == 0 {
            return None;
        }
        let noted = self.0.swap(0, Relaxed);
        let is_text_with_number = noted & TEXT_WITH_NUMBER != 0;
        Some(if is_text_with_number { Message::ComparedTextWithNumber } else { Message::ComparedNumbersAsTexts })
    }
}
