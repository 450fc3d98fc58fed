//! What is to be written instead of executing a message, and when a message has had all its tries.

use std::time::Duration;

use postern_shared::id::{PermissionKey, ReceiptId};
use postern_shared::message::Message as Text;
use postern_shared::submission::{self, Submission, Ticket};

use super::message::Message;

/// How often a submission is tried before it becomes a dead letter. With the delays below it has about a minute
/// in which a passing fault may pass.
pub const MAX_ATTEMPTS: u32 = 6;

/// From this many broken-off deliveries on, a message is taken apart before anything of it is executed: it may be
/// what kills its workers.
pub const SUSPECT_DELIVERIES: u32 = 2;

/// Submissions of a part of a list: as many as an ingress puts into one message.
const PART: usize = 64;

/// What is to be written instead of executing a message.
pub enum Verdict {
    /// All that it carried, together with what it says of itself as far as it could be read.
    Dead { letters: Vec<Letter>, reason: Text },
    /// Each submission, or what wakes a run, becomes a spool row, due after a delay.
    Alone { bodies: Vec<Vec<u8>>, delay: Duration },
    /// Each part of a list becomes a spool row, due at once; nothing was tried.
    Split { bodies: Vec<Vec<u8>> },
    /// Its row of the spool is due as before: nothing was tried.
    Back,
}

/// What becomes a dead letter.
pub struct Letter {
    pub receipt: Option<ReceiptId>,
    pub permission: Option<PermissionKey>,
    pub ticket: Option<Ticket>,
    pub body: Vec<u8>,
}

impl Letter {
    /// Of a message of which nothing more is known.
    pub fn whole(receipt: Option<ReceiptId>, body: &[u8]) -> Self {
        Self { receipt, permission: None, ticket: None, body: body.to_vec() }
    }
}

/// Another try for each submission alone, or its end as a dead letter if it has had them all.
pub fn again(message: &Message, submissions: &[Submission], delay: Duration, why: impl Fn() -> Text) -> Verdict {
    if has_had_all_tries(message) {
        return dead_letters_of(submissions, why().after_tries(MAX_ATTEMPTS));
    }
    for Submission { receipt, permission, .. } in submissions {
        tracing::debug!(%receipt, %permission, attempt = message.attempt, reason = %why(), "a submission is tried again");
    }
    Verdict::Alone { bodies: submissions.iter().map(alone).collect(), delay }
}

/// Parts of a list that is too long for one transaction: workers share them.
pub fn split(submissions: &[Submission]) -> Verdict {
    let encoded = |one| submission::encode(one).unwrap_or_default();
    let bodies = submissions.chunks(PART).map(|part| {
        let encoded: Vec<Vec<u8>> = part.iter().map(encoded).collect();
        submission::bundle(encoded.iter().map(Vec::as_slice))
    });
    Verdict::Split { bodies: bodies.collect() }
}

/// All of them become dead letters.
pub fn dead_letters_of(submissions: &[Submission], reason: Text) -> Verdict {
    let letter = |one: &Submission| Letter {
        receipt: Some(one.receipt),
        permission: Some(one.permission.clone()),
        ticket: one.ticket,
        body: alone(one),
    };
    Verdict::Dead { letters: submissions.iter().map(letter).collect(), reason }
}

/// A bundle of one.
fn alone(submission: &Submission) -> Vec<u8> {
    // A submission that was read from JSON can be written as JSON.
    submission::bundle([submission::encode(submission).unwrap_or_default().as_slice()])
}

/// Whether the try that is under way is the last.
pub fn has_had_all_tries(message: &Message) -> bool {
    message.attempt.saturating_add(1) >= MAX_ATTEMPTS
}

/// 1, 2, 4, … seconds.
pub fn retry_delay(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(MAX_ATTEMPTS))
}

#[cfg(test)]
mod tests {
    use postern_shared::lane::Lane;
    use postern_shared::submission::SUBMISSIONS_V1;

    use super::*;
    use crate::consume::message::Origin;

    #[test]
    fn a_message_is_tried_again_until_it_has_had_all_its_tries() {
        let dies = |attempt: u32| {
            let (kind, message_id) = (SUBMISSIONS_V1.to_owned(), String::new());
            let (body, origin, lane) = (vec![], Origin::Lane, Lane::Default);
            let (delivery_count, lease, pair, is_overdue) = (0, None, None, false);
            let message =
                Message { kind, body, message_id, attempt, delivery_count, origin, lane, lease, pair, is_overdue };
            matches!(again(&message, &[], Duration::ZERO, || Text::OutsideHistory), Verdict::Dead { .. })
        };
        assert!(!dies(0) && !dies(MAX_ATTEMPTS - 2));
        assert!(dies(MAX_ATTEMPTS - 1) && dies(u32::MAX));
    }
}
