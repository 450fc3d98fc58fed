//! Lets calls go evenly, so many in a time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postern_shared::permission::limit::Limit;
use tokio::time::{Instant, sleep_until};

/// The pace of a connection.
#[derive(Debug)]
pub struct Pace {
    between: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// Without a limit nobody waits.
    pub fn new(limit: Option<Limit>) -> Self {
        let between = limit.map_or(Duration::ZERO, |limit| limit.per / limit.calls.max(1));
        Self { between, next: Mutex::new(Instant::now()) }
    }

    /// Waits until it is the turn of this call, and returns how long that was. None = the turn is farther away than `most`,
    /// and is left to others.
    pub async fn wait(&self, most: Duration) -> Option<Duration> {
        if self.between.is_zero() {
            return Some(Duration::ZERO);
        }
        let now = Instant::now();
        let turn = self.turn(now, most)?;
        sleep_until(turn).await;
        Some(turn - now)
    }

    fn turn(&self, now: Instant, most: Duration) -> Option<Instant> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        if turn - now > most {
            return None;
        }
        *next = turn + self.between;
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_evenly_and_a_pause_saves_none_up() {
        let pace = Pace::new(Some("10/s".parse().unwrap()));
        let start = Instant::now() + Duration::from_secs(1);
        let turn = |ms, most| {
            let turn = pace.turn(start + Duration::from_millis(ms), Duration::from_millis(most));
            turn.map(|turn| (turn - start).as_millis())
        };
        // A turn that is too far away is left to the next call.
        for (ms, most, expected) in
            [(0, 0, Some(0)), (0, 99, None), (0, 100, Some(100)), (50, 1_000, Some(200)), (900, 0, Some(900))]
        {
            assert_eq!(turn(ms, most), expected, "{ms} {most}");
        }
    }
}
