//! A failure that repeats with every request is logged when it begins, then now and then with how often it was, and, where
//! it is known that it is over, once more: an outage is a few lines, and the log does not fill the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a failure that goes on is silent between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// How long after the last failure a failure that repeats in the log is over, if it works. What fails now and then is
/// one failure that goes on.
const OVER_AFTER: Duration = Duration::from_secs(2);

/// How long after the last failure the next failure is logged as a new one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// What decides about the lines of one failure.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// So that what works takes no lock.
    is_failing: AtomicBool,
    failing: Mutex<Option<Failing>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failing {
    logged_at: Instant,
    failed_at: Instant,
    unlogged: u64,
    total: u64,
}

impl LogLimit {
    /// It has failed, for so many. If a line is due: for how many it has failed since the last line, these included.
    pub fn failed(&self, count: u64) -> Option<u64> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, line) = after_failure(*failing, count, Instant::now());
        *failing = Some(next);
        self.is_failing.store(true, Ordering::Relaxed);
        line
    }

    /// It works. If that ends a failure: for how many it has failed in all; then a line is due.
    pub fn worked(&self) -> Option<u64> {
        if !self.is_failing.load(Ordering::Relaxed) {
            return None;
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let over = failing.take_if(|failing| is_over(failing, Instant::now()))?;
        self.is_failing.store(false, Ordering::Relaxed);
        Some(over.total)
    }
}

fn after_failure(before: Option<Failing>, count: u64, now: Instant) -> (Failing, Option<u64>) {
    // Whatever was long ago is another failure, also where nothing tells that it is over.
    let Some(before) = before.filter(|before| now.duration_since(before.failed_at) < FORGOTTEN_AFTER) else {
        return (Failing { logged_at: now, failed_at: now, unlogged: 0, total: count }, Some(count));
    };
    let (unlogged, total) = (before.unlogged.saturating_add(count), before.total.saturating_add(count));
    if now.duration_since(before.logged_at) < EVERY {
        (Failing { failed_at: now, unlogged, total, ..before }, None)
    } else {
        (Failing { logged_at: now, failed_at: now, unlogged: 0, total }, Some(unlogged))
    }
}

fn is_over(failing: &Failing, now: Instant) -> bool {
    now.duration_since(failing.failed_at) >= OVER_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_logged_and_then_how_many_there_were_now_and_then() {
        let start = Instant::now();
        let mut failing = None;
        let mut fail = |(millis, count): (u64, u64)| {
            let (next, line) = after_failure(failing, count, start + Duration::from_millis(millis));
            failing = Some(next);
            line
        };
        let failures = [(0, 1), (1, 2), (9_999, 3), (10_000, 4), (10_001, 5), (19_999, 6), (35_000, 7)];
        assert_eq!(failures.map(&mut fail), [Some(1), None, None, Some(9), None, None, Some(18)]);
        assert_eq!(failing.unwrap().total, 28);
    }

    #[test]
    fn what_fails_now_and_then_is_one_failure_until_it_has_worked_for_a_while() {
        let start = Instant::now();
        let (failing, _) = after_failure(None, 1, start);
        let (failing, line) = after_failure(Some(failing), 1, start + Duration::from_secs(1));
        assert_eq!(line, None);
        for (millis, over) in [(1_000, false), (2_999, false), (3_000, true)] {
            assert_eq!(is_over(&failing, start + Duration::from_millis(millis)), over, "{millis}");
        }
    }

    #[test]
    fn what_never_failed_says_nothing() {
        let limit = LogLimit::default();
        assert_eq!(limit.worked(), None);
        assert_eq!((limit.failed(64), limit.failed(64), limit.worked()), (Some(64), None, None));
    }
}
