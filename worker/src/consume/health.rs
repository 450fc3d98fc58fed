//! Whether deliveries can reach this worker. A worker that is alive but deaf is not ready.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether deliveries can reach this worker; clones share it. A worker that is alive but deaf is not ready.
#[derive(Debug, Clone, Default)]
pub struct Health {
    hearing: Arc<Hearing>,
    /// The number of the session that this is of.
    session: u8,
}

#[derive(Debug, Default)]
struct Hearing {
    /// A bit for each session that hears.
    sessions: AtomicU8,
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

    /// The same worker for another of its sessions. It is deaf when all of them are.
    pub(super) fn of_session(&self, session: u8) -> Self {
        Self { session, ..self.clone() }
    }

    /// Whether a live consumer is on the queue.
    pub fn hears(&self) -> bool {
        self.hearing.sessions.load(Ordering::Relaxed) != 0
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
        self.hearing.sessions.fetch_or(self.bit(), Ordering::Relaxed);
    }

    /// Deliveries cannot reach it, for a reason.
    pub fn lost(&self, reason: String) {
        let mut deaf = self.lock();
        if self.hearing.sessions.fetch_and(!self.bit(), Ordering::Relaxed) == self.bit() {
            deaf.since = Some(Instant::now());
        }
        deaf.reason = reason;
    }

    fn bit(&self) -> u8 {
        1 << self.session
    }

    fn lock(&self) -> MutexGuard<'_, Deaf> {
        self.hearing.deaf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
