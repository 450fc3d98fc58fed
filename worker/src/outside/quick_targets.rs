//! Which targets answered quickly the last time. A part of the slots of calls is kept for them, so that no number of slow
//! targets holds them up. Each worker knows its own.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postern_shared::store::spool::Pair;

/// A target that takes longer to answer is slow.
const QUICK: Duration = Duration::from_secs(2);

/// The most pairs of workflow and target that are remembered. At more all are forgotten: workflows can make up names of
/// hosts.
const MAX_PAIRS: usize = 10_000;

/// The pairs of workflow and target whose last call was answered quickly.
#[derive(Debug, Default)]
pub struct QuickTargets {
    pairs: Mutex<HashSet<Pair>>,
}

impl QuickTargets {
    /// Notes how long a call took, and whether it was answered.
    pub fn note(&self, pair: &Pair, took: Duration, is_answered: bool) {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_answered || took > QUICK {
            pairs.remove(pair);
        } else if !pairs.contains(pair) {
            if pairs.len() >= MAX_PAIRS {
                pairs.clear();
            }
            pairs.insert(pair.clone());
        }
    }

    /// Whether the last call of a pair was answered quickly.
    pub fn contains(&self, pair: &Pair) -> bool {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).contains(pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_quick_for_a_workflow_while_it_answers_in_time() {
        let (quick, pair) = (QuickTargets::default(), |workflow| Pair { workflow, target: "a".to_owned() });
        for (took, is_answered, expected) in
            [(QUICK, true, true), (QUICK * 2, true, false), (QUICK / 2, true, true), (QUICK / 2, false, false)]
        {
            quick.note(&pair(1), took, is_answered);
            assert_eq!(quick.contains(&pair(1)), expected, "{took:?} {is_answered}");
            assert!(!quick.contains(&pair(2)));
        }
    }
}
