//! What keeps this worker from committing, told where somebody looks: on its health, and in a log of which an outage
//! takes a few lines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postern_shared::log_limit::LogLimit;

/// How long work may wait for PostgreSQL before the worker is not ready: a restart of the server is shorter.
pub const WAITS_TOO_LONG: Duration = Duration::from_secs(5);

/// What keeps this worker from committing.
#[derive(Debug, Default)]
pub struct Outages {
    /// Lines of work that waits for PostgreSQL.
    pub waits: LogLimit,
    /// Lines of messages that could not be put aside.
    pub put_aside: LogLimit,
    /// Lines of bundles and runs that were refused.
    pub refused: LogLimit,
    /// Lines of dead letters.
    pub dead: LogLimit,
    /// So that a commit takes no lock while nothing waits.
    is_waiting: AtomicBool,
    waiting: Mutex<Waiting>,
    /// Why commits hang, if they do.
    hang: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// How much work waits for PostgreSQL now.
    count: usize,
    /// Since when nothing was committed, while some waits, and why.
    since: Option<(Instant, String)>,
}

/// Work that waits for PostgreSQL, until this is dropped.
#[derive(Debug)]
pub struct Wait<'o>(&'o Outages);

impl Outages {
    /// From now on work waits for PostgreSQL.
    pub fn wait(&self) -> Wait<'_> {
        self.lock().count += 1;
        Wait(self)
    }

    /// It waits still, for a reason.
    fn goes_on(&self, reason: String) {
        let mut waiting = self.lock();
        let since = waiting.since.take().map_or_else(Instant::now, |(since, _)| since);
        waiting.since = Some((since, reason));
        self.is_waiting.store(true, Ordering::Relaxed);
    }

    /// Something was committed: whatever else waits, PostgreSQL takes commits.
    pub fn committed(&self) {
        if self.is_waiting.swap(false, Ordering::Relaxed) {
            self.lock().since = None;
        }
        if let Some(times) = self.waits.worked() {
            tracing::info!(times, "postgresql takes commits again");
        }
    }

    /// Commits hang, for a reason, or no more.
    pub fn hang(&self, reason: Option<String>) {
        *self.hang.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Why nothing has been committed for some seconds although work waits, or could be; nothing otherwise.
    pub fn takes_no_commits(&self) -> Option<String> {
        let hang = self.hang.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hang.or_else(|| self.waits_in_vain())
    }

    fn waits_in_vain(&self) -> Option<String> {
        let waiting = self.lock();
        let (since, reason) = waiting.since.as_ref()?;
        (since.elapsed() >= WAITS_TOO_LONG).then(|| reason.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wait<'_> {
    /// It was tried again, in vain.
    pub fn goes_on(&self, reason: String) {
        self.0.goes_on(reason);
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.count -= 1;
        if waiting.count == 0 {
            waiting.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Since a moment that is long ago, as if it had been waited for.
    fn age(outages: &Outages) {
        if let Some((since, _)) = &mut outages.lock().since {
            *since -= WAITS_TOO_LONG;
        }
    }

    #[test]
    fn work_that_waits_for_some_seconds_while_nothing_is_committed_is_told_with_the_reason() {
        let outages = Outages::default();
        let (first, second) = (outages.wait(), outages.wait());
        first.goes_on("the disk is full".into());
        assert_eq!(outages.takes_no_commits(), None);
        age(&outages);
        second.goes_on("it is read-only".into());
        assert_eq!(outages.takes_no_commits().as_deref(), Some("it is read-only"));
        outages.committed();
        assert_eq!(outages.takes_no_commits(), None);
        first.goes_on("the disk is full".into());
        age(&outages);
        drop(second);
        assert!(outages.takes_no_commits().is_some());
        drop(first);
        assert_eq!(outages.takes_no_commits(), None);
    }
}
