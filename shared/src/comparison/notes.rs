//! What a calculation did that people might not expect. The step's line on the receipt contains it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use crate::message::Message;

/// Notes of one step; clones are the same notes.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<AtomicU16>);

const TEXT_WITH_NUMBER: u16 = 1;
const NUMBERS_AS_TEXTS: u16 = 2;
const TEXTS_AS_DATES: u16 = 4;
const DATE_WITH_TEXT: u16 = 8;
const JOINED_NUMBERS: u16 = 16;
const COUNTED_BY_OWN_CLOCK: u16 = 32;
const TEXT_WITH_FLAG: u16 = 64;
const TEXT_IS_ONE_ITEM: u16 = 128;
const TEXT_COUNTS_AS_TRUE: u16 = 256;

impl Notes {
    /// A text that reads as no number was compared with a number.
    pub(super) fn text_with_number(&self) {
        self.0.fetch_or(TEXT_WITH_NUMBER, Relaxed);
    }

    /// Two texts were compared that both read as numbers.
    pub(super) fn numbers_as_texts(&self) {
        self.0.fetch_or(NUMBERS_AS_TEXTS, Relaxed);
    }

    /// Two texts were compared that both read as dates.
    pub(super) fn texts_as_dates(&self) {
        self.0.fetch_or(TEXTS_AS_DATES, Relaxed);
    }

    /// Of two texts that were compared as texts, one reads as a date.
    pub(super) fn date_with_text(&self) {
        self.0.fetch_or(DATE_WITH_TEXT, Relaxed);
    }

    /// True or false was compared with a text that a boolean field reads as the same, and that is another text.
    pub(super) fn text_with_flag(&self) {
        self.0.fetch_or(TEXT_WITH_FLAG, Relaxed);
    }

    /// A text such as `0` or `no` decided, and counted as true as every text does that is not empty.
    pub(crate) fn text_counts_as_true(&self) {
        self.0.fetch_or(TEXT_COUNTS_AS_TRUE, Relaxed);
    }

    /// A loop took a text that holds several items as one.
    pub(crate) fn text_is_one_item(&self) {
        self.0.fetch_or(TEXT_IS_ONE_ITEM, Relaxed);
    }

    /// Two texts were joined by `+` that both read as numbers.
    pub(crate) fn joined_numbers(&self) {
        self.0.fetch_or(JOINED_NUMBERS, Relaxed);
    }

    /// Days were added by the clock of the workflow's zone to a moment with another offset.
    pub(crate) fn counted_by_own_clock(&self) {
        self.0.fetch_or(COUNTED_BY_OWN_CLOCK, Relaxed);
    }

    /// What was noted, which is forgotten: of several notes, the one that people expect least.
    pub fn take(&self) -> Option<Message> {
        if self.0.load(Relaxed) == 0 {
            return None;
        }
        let noted = self.0.swap(0, Relaxed);
        let known = [
            (TEXT_WITH_NUMBER, Message::ComparedTextWithNumber),
            (TEXT_WITH_FLAG, Message::ComparedTextWithFlag),
            (TEXT_COUNTS_AS_TRUE, Message::TextCountsAsTrue),
            (TEXT_IS_ONE_ITEM, Message::TextIsOneItem),
            (DATE_WITH_TEXT, Message::ComparedDateWithText),
            (JOINED_NUMBERS, Message::JoinedNumbersAsTexts),
            (NUMBERS_AS_TEXTS, Message::ComparedNumbersAsTexts),
            (COUNTED_BY_OWN_CLOCK, Message::CountedByOwnClock),
            (TEXTS_AS_DATES, Message::ComparedTextsAsDates),
        ];
        known.into_iter().find(|(bit, _)| noted & bit != 0).map(|(_, message)| message)
    }
}
