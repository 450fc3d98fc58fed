//! The hourly figures of the first screen. Counting them reads the history of a day, which takes the longer the more has
//! come in, so no page waits for that: it shows those that there are and has them counted again beside it. A page that
//! listens is told when they have been.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use postern_shared::store::overview::{self, Hour};
use postern_shared::store::{Store, StoreError};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long figures are shown at least before they are counted again.
const MIN_AGE: Duration = Duration::from_secs(5);

/// They are shown so many times as long as counting them took: counting takes a hundredth of the time.
const TIMES_AS_LONG: u32 = 100;

/// How long they are shown at most.
const MAX_AGE: Duration = Duration::from_secs(60);

/// How long a page waits for new ones. A short history is counted by then.
const PATIENCE: Duration = Duration::from_millis(20);

/// The latest figures.
#[derive(Debug, Default)]
pub struct Figures {
    latest: Mutex<Option<Counted>>,
    counting: AtomicBool,
    counted: Notify,
}

/// Figures, and when they were counted.
#[derive(Debug, Clone)]
pub struct Counted {
    pub hours: Vec<Hour>,
    pub at: SystemTime,
    old_at: Instant,
}

impl Figures {
    /// The latest figures; only the very first are waited for.
    pub async fn get(self: &Arc<Self>, store: &Store) -> Result<Counted, StoreError> {
        match self.latest() {
            Some(counted) if Instant::now() < counted.old_at => Ok(counted),
            Some(old) => {
                let waiting = self.counted.notified();
                self.count_beside(store);
                let _ = timeout(PATIENCE, waiting).await;
                Ok(self.latest().unwrap_or(old))
            }
            None => self.count(store).await,
        }
    }

    /// When they were counted; a page that shows others is out of date.
    pub fn counted_at(&self) -> Option<SystemTime> {
        self.latest().map(|counted| counted.at)
    }

    /// Has them counted, unless somebody does already.
    pub fn count_beside(self: &Arc<Self>, store: &Store) {
        if self.counting.swap(true, Ordering::Relaxed) {
            return;
        }
        let (figures, store) = (Arc::clone(self), store.clone());
        tokio::spawn(async move {
            if let Err(error) = figures.count(&store).await {
                tracing::warn!(%error, "the figures of the first screen could not be counted");
            }
            figures.counting.store(false, Ordering::Relaxed);
            figures.counted.notify_waiters();
        });
    }

    async fn count(&self, store: &Store) -> Result<Counted, StoreError> {
        let connection = store.connection().await?;
        let (at, began) = (SystemTime::now(), Instant::now());
        let hours = overview::hours(&connection).await?;
        let old_at = began + (began.elapsed() * TIMES_AS_LONG).clamp(MIN_AGE, MAX_AGE);
        let counted = Counted { hours, at, old_at };
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted.clone());
        Ok(counted)
    }

    fn latest(&self) -> Option<Counted> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
