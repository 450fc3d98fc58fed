//! The text of the draft that a form was made from. A form from an older text does not overwrite a newer text unseen.

use std::fmt::Write;

use postern_shared::draft::Draft;
use sha2::{Digest, Sha256};

use crate::panel::visit::Pairs;

/// The field of a form that holds the mark of the text that the form was made from.
pub const SEEN: &str = "seen";

/// How many bytes of the hash the mark holds. It tells the texts of one draft apart; it is no secret.
const MARK_BYTES: usize = 8;

/// The mark of a text.
pub fn mark(text: &str) -> String {
    Sha256::digest(text).iter().take(MARK_BYTES).fold(String::new(), |mut mark, byte| {
        let _ = write!(mark, "{byte:02x}");
        mark
    })
}

/// Whether the draft was changed since the form was made. A form without a mark edits the draft as it is.
pub fn is_stale(form: &Pairs, draft: &Draft) -> bool {
    let seen = form.get(SEEN);
    !seen.is_empty() && seen != mark(&draft.text)
}
