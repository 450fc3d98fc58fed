//! Slows down whoever guesses passwords: after a few wrong ones a name has to wait, each time twice as long. It holds
//! per process and per name, and no longer than a quarter of an hour: a stranger can annoy, not lock out.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Wrong passwords that cost nothing: people mistype.
const FREE_FAILURES: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How many names are remembered: whoever invents more than these makes the oldest forgotten.
const MAX_NAMES: usize = 10_000;

/// The names that failed lately.
#[derive(Debug, Default)]
pub struct Throttle {
    names: HashMap<String, (u32, Instant)>,
}

impl Throttle {
    /// How long a name has to wait before its next password is looked at.
    pub fn wait(&self, name: &str, now: Instant) -> Option<Duration> {
        let (failures, last) = self.names.get(name)?;
        (*last + wait_after(*failures)).checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// A password of this name was wrong.
    pub fn failed(&mut self, name: &str, now: Instant) {
        if self.names.len() >= MAX_NAMES {
            self.names.retain(|_, (_, last)| now.duration_since(*last) < LONGEST_WAIT);
        }
        if self.names.len() >= MAX_NAMES {
            let oldest = self.names.iter().min_by_key(|(_, (_, last))| *last).map(|(name, _)| name.clone());
            oldest.map(|name| self.names.remove(&name));
        }
        let (failures, last) = self.names.entry(name.to_owned()).or_insert((0, now));
        *failures = if now.duration_since(*last) > LONGEST_WAIT { 1 } else { failures.saturating_add(1) };
        *last = now;
    }

    /// This name knew its password.
    pub fn passed(&mut self, name: &str) {
        self.names.remove(name);
    }
}

fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT.saturating_mul(2u32.saturating_pow(more)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_waits_longer_with_every_wrong_password_and_not_for_ever() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..40 {
            throttle.failed("admin", now);
            waits.push(throttle.wait("admin", now).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits[..7], [0, 0, 0, 0, 10, 20, 40]);
        assert_eq!(waits[39], 900);
        assert_eq!(throttle.wait("other", now), None);
        assert_eq!(throttle.wait("admin", now + Duration::from_secs(901)), None);
        throttle.passed("admin");
        assert_eq!(throttle.wait("admin", now), None);
    }

    #[test]
    fn the_memory_for_names_is_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for at in 0..MAX_NAMES + 10 {
            throttle.failed(&at.to_string(), now);
        }
        assert_eq!(throttle.names.len(), MAX_NAMES);
    }
}
