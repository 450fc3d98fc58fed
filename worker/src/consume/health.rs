//! Whether deliveries can reach this worker. A worker that is alive but deaf is not ready.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether deliveries can reach this worker; clones share it. A worker that is alive but deaf is not ready.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Hearing>);

#[derive(Debug, Default)]
struct Hearing {
    hears: AtomicBool,
    deaf: Mutex<Deaf>,
}

#[derive(Debug, Default)]
struct Deaf {
    /// None = it has never heard.
    since: Option<Instant>,
    /// Why; empty = it is starting or stopping.
    reason: String,
}

impl Health {
    /// Deaf until a consumer is up.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a live consumer is on the queue.
    pub fn hears(&self) -> bool {
        self.0.hears.load(Ordering::Relaxed)
    }

    /// Why deliveries cannot reach this worker, or nothing.
    pub fn deaf(&self) -> Option<String> {
        (!self.hears()).then(|| self.lock().reason.clone())
    }

    /// The same, if it has been so for this long, or from the start.
    pub fn deaf_for(&self, time: Duration) -> Option<String> {
        let reason = self.deaf()?;
        self.lock().since.is_none_or(|since| since.elapsed() >= time).then_some(reason)
    }

    /// Deliveries reach it.
    pub fn hearing(&self) {
        self.0.hears.store(true, Ordering::Relaxed);
    }

    /// Deliveries cannot reach it, for a reason.
    pub fn lost(&self, reason: String) {
        let mut deaf = self.lock();
        if self.0.hears.swap(false, Ordering::Relaxed) {
            deaf.since = Some(Instant::now());
        }
        deaf.reason = reason;
    }

    fn lock(&self) -> MutexGuard<'_, Deaf> {
        self.0.deaf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
