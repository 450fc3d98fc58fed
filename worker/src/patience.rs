//! What is nobody's fault is waited out: a conflict with another transaction, a database that is away or
//! too slow. It costs no attempt.

use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::store::StoreError;
use tokio::time::sleep;

use crate::metrics::Metrics;
use crate::outages::{Outages, Wait};

/// The delay after a conflict with another transaction.
const REDO: Backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(500));

/// The delay after PostgreSQL did not answer.
pub const AWAY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// The patience with one message.
#[derive(Debug)]
pub struct Patience<'m> {
    metrics: &'m Metrics,
    outages: &'m Outages,
    /// What waits, for the log.
    who: &'static str,
    redo: Backoff,
    away: Backoff,
    /// While it waits for PostgreSQL, from the first time on.
    wait: Option<Wait<'m>>,
}

impl<'m> Patience<'m> {
    /// All of it. `who` waits, such as "a bundle".
    pub fn new(metrics: &'m Metrics, outages: &'m Outages, who: &'static str) -> Self {
        Self { metrics, outages, who, redo: REDO, away: AWAY, wait: None }
    }

    /// Returns when the work may be tried again; gives an error back that waiting does not mend.
    pub async fn outlast(&mut self, error: StoreError) -> Result<(), StoreError> {
        match error {
            StoreError::Conflict(_) | StoreError::Fenced | StoreError::Taken => {
                self.metrics.redone("conflict");
                sleep(self.redo.delay()).await;
            }
            StoreError::Away(_) | StoreError::Schema(_) | StoreError::Settings(_) => {
                self.metrics.redone("away");
                if let Some(times) = self.outages.waits.failed(1) {
                    tracing::warn!(%error, times, "{} waits for postgresql", self.who);
                }
                self.wait.get_or_insert_with(|| self.outages.wait()).goes_on(error.to_string());
                sleep(self.away.delay()).await;
            }
            StoreError::TookTooLong(_) => {
                self.metrics.redone("slow");
                tracing::warn!(%error, "{} waits until postgresql is faster", self.who);
                sleep(self.away.delay()).await;
            }
            StoreError::Refused(_) | StoreError::OutsideHistory | StoreError::LeaseLost => return Err(error),
        }
        Ok(())
    }
}
