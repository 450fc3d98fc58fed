//! Why a run fails at a step: a [`Message`].

use postern_shared::message::Message;

use crate::run::budget::{Exceeded, MAX_COMPUTING, MAX_WRITTEN_BYTES};

/// Why a run fails at a step. Trying again would not help.
pub type TaskError = Message;

impl From<Exceeded> for Message {
    fn from(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Computing => Self::ComputedTooLong { seconds: MAX_COMPUTING.as_secs() },
            Exceeded::Written => Self::WrittenTooMuch { most: MAX_WRITTEN_BYTES },
            Exceeded::Leaves(why) => why,
        }
    }
}
