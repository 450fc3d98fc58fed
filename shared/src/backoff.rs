//! How long to wait before trying again: twice as long after each failure, up to a limit, and never for the
//! same time as the neighbours, so that a fleet does not come back as one wave.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The waits between the attempts of one loop.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    failures: u32,
}

impl Backoff {
    /// Begins with about `first` and doubles up to about `limit`.
    pub const fn new(first: Duration, limit: Duration) -> Self {
        Self { first, limit, failures: 0 }
    }

    /// The wait after one more failure: between half of its step and the whole of it.
    pub fn delay(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let step = self.first.saturating_mul(factor).min(self.limit);
        self.failures = self.failures.saturating_add(1);
        step / 2 + (step / 2).mul_f64(random_fraction())
    }

    /// To be called after a success: the next wait is a short one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Between 0 and 1. The standard library seeds each `RandomState` differently, which is random enough to
/// spread waits and saves a dependency.
fn random_fraction() -> f64 {
    let random = RandomState::new().hash_one(());
    f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for step_ms in [100, 200, 400, 800, 1_000, 1_000] {
            let delay = backoff.delay().as_millis();
            assert!((step_ms / 2..=step_ms).contains(&delay), "{delay} of {step_ms}");
        }
        for _ in 0..100 {
            assert!(backoff.delay() <= Duration::from_secs(1));
        }
        backoff.reset();
        assert!(backoff.delay() <= Duration::from_millis(100));
    }

    #[test]
    fn neighbours_wait_for_different_times() {
        let delays: Vec<_> =
            (0..10).map(|_| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).delay()).collect();
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
    }
}
