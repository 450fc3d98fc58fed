//! The time of a transaction by the database's clock. What runs wait for is compared with that clock alone: the clock of
//! a worker may be wrong by days, and another worker's by others.

use std::time::{Instant, SystemTime};

/// The clock of one transaction.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: SystemTime,
    at: Instant,
}

impl Default for Clock {
    /// By the worker's clock.
    fn default() -> Self {
        Self::new(SystemTime::now(), Instant::now())
    }
}

impl Clock {
    /// Of a transaction that `began`, by the database's clock, at this instant.
    pub fn new(began: SystemTime, at: Instant) -> Self {
        Self { began, at }
    }

    /// The time at which the transaction began: the database's `now()` in it.
    pub fn began(&self) -> SystemTime {
        self.began
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        self.began + self.at.elapsed()
    }
}
