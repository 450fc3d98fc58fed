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

    /// Until it is the turn of this call.
    pub async fn wait(&self) {
        if !self.between.is_zero() {
            sleep_until(self.turn(Instant::now())).await;
        }
    }

    fn turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn + self.between;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_evenly_and_a_pause_saves_none_up() {
        let pace = Pace::new(Some("10/s".parse().unwrap()));
        let start = Instant::now() + Duration::from_secs(1);
        let turns: Vec<_> = [0, 0, 50, 900].map(|ms| pace.turn(start + Duration::from_millis(ms)) - start).into();
        assert_eq!(turns, [0, 100, 200, 900].map(Duration::from_millis));
    }
}
