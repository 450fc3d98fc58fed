//! The beginning of a text, for messages: enough to recognise the text, so that no message carries a whole body.

/// Characters of an excerpt.
pub const EXCERPT_CHARS: usize = 40;

/// The beginning of a text.
pub fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_CHARS).collect()
}
