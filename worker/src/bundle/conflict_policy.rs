//! Whether conflicts are to be expected, by what the last transactions met. Where each lead is new it costs less to expect
//! none; where many post what is there already, each surprise costs a transaction.

use std::sync::atomic::{AtomicU32, Ordering};

use postern_shared::store::Conflicts;

/// Transactions that expect conflicts after one that was surprised by some. Where every transaction meets some, about one
/// in so many is done twice; those that run side by side may be surprised together.
const CAREFUL: u32 = 64;

/// Submissions of a transaction from which on all of them are taken for new: looking for conflicts costs more than the
/// round trips of writing without.
const MANY: usize = 16;

/// What the transactions of this worker met.
#[derive(Debug, Default)]
pub struct ConflictPolicy {
    careful: AtomicU32,
}

impl ConflictPolicy {
    /// What the next transaction is to expect, which has so many submissions.
    pub fn expects(&self, submissions: usize) -> Conflicts {
        if submissions < MANY {
            return Conflicts::Expected;
        }
        let less = self.careful.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if less.is_ok() { Conflicts::Expected } else { Conflicts::Unexpected }
    }

    /// A transaction met conflicts that it did not expect.
    pub fn surprised(&self) {
        self.careful.store(CAREFUL, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_expected_for_a_while_after_a_surprise_and_always_of_few() {
        let conflict_policy = ConflictPolicy::default();
        assert_eq!(conflict_policy.expects(MANY), Conflicts::Unexpected);
        assert_eq!(conflict_policy.expects(MANY - 1), Conflicts::Expected);
        conflict_policy.surprised();
        assert!((0..CAREFUL).all(|_| conflict_policy.expects(MANY) == Conflicts::Expected));
        assert_eq!(conflict_policy.expects(MANY), Conflicts::Unexpected);
    }
}
