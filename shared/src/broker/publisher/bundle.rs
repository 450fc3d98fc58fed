//! What goes into one message: submissions that waited together, or one message as it is.

use std::borrow::Cow;

use tokio::sync::oneshot;

use super::PublishError;
use crate::lane::Lane;
use crate::submission;

/// Submissions in a bundle: what one worker may have to do again after a crash stays small.
pub(super) const MAX_BUNDLE_SUBMISSIONS: usize = 64;

/// Bytes of the submissions in a bundle. A larger submission travels alone.
pub(super) const MAX_BUNDLE_BYTES: usize = 256 * 1024;

/// What a caller hands in, and where it waits for the answer.
#[derive(Debug)]
pub(super) struct Waiting {
    lane: Lane,
    load: Load,
    answer: oneshot::Sender<Result<(), PublishError>>,
}

/// What is to be published.
#[derive(Debug)]
pub(super) enum Load {
    /// One of many in a message.
    Submission { kind: &'static str, encoded: Vec<u8> },
    /// A message of its own.
    Message { kind: String, body: Vec<u8>, attempt: u32 },
}

/// What goes into one message, all of one lane.
#[derive(Debug)]
pub(super) struct Bundle {
    first: Waiting,
    others: Vec<Waiting>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn new(lane: Lane, load: Load, answer: oneshot::Sender<Result<(), PublishError>>) -> Self {
        Self { lane, load, answer }
    }

    pub(super) fn lane(&self) -> Lane {
        self.lane
    }

    pub(super) fn bytes(&self) -> usize {
        self.load.encoded().len()
    }

    /// Tells the caller. One that has gone away does not matter.
    pub(super) fn answer(self, result: Result<(), PublishError>) {
        let _ = self.answer.send(result);
    }
}

impl Load {
    fn encoded(&self) -> &[u8] {
        match self {
            Self::Submission { encoded, .. } => encoded,
            Self::Message { body, .. } => body,
        }
    }
}

impl Bundle {
    pub(super) fn of(first: Waiting) -> Self {
        Self { bytes: first.bytes(), first, others: Vec::new() }
    }

    /// Whether `next` may travel in the same message.
    pub(super) fn has_room_for(&self, next: &Waiting) -> bool {
        let joins = match (&self.first.load, &next.load) {
            (Load::Submission { kind: mine, .. }, Load::Submission { kind: theirs, .. }) => mine == theirs,
            _ => false,
        };
        joins && self.len() < MAX_BUNDLE_SUBMISSIONS && self.bytes + next.bytes() <= MAX_BUNDLE_BYTES
    }

    pub(super) fn add(&mut self, next: Waiting) {
        self.bytes += next.bytes();
        self.others.push(next);
    }

    pub(super) fn len(&self) -> usize {
        1 + self.others.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn lane(&self) -> Lane {
        self.first.lane
    }

    /// Kind, attempt and body of the message.
    pub(super) fn message(&self) -> (&str, u32, Cow<'_, [u8]>) {
        match &self.first.load {
            Load::Message { kind, body, attempt } => (kind, *attempt, Cow::Borrowed(body)),
            Load::Submission { kind, .. } => {
                let all = std::iter::once(&self.first).chain(&self.others);
                (kind, 0, Cow::Owned(submission::bundle(all.map(|one| one.load.encoded()))))
            }
        }
    }

    /// Tells every caller.
    pub(super) fn answer(self, result: Result<(), PublishError>) {
        self.first.answer(result);
        for waiting in self.others {
            waiting.answer(result);
        }
    }
}
