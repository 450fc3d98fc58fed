//! Retries work that failed without a fault of its own: after a conflict with another transaction, or while the database is
//! away or too slow. Such a retry costs no attempt.

use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::store::StoreError;
use tokio::time::sleep;

use crate::consume::outages::{Outages, Wait};
use crate::metrics::Metrics;

/// The delay after a conflict with another transaction.
const REDO: Backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(500));

/// The delay after PostgreSQL did not answer.
pub const AWAY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// How often in a row the time limit cancels a bundle of several, before each of them is tried alone: one of them may be
/// what takes so long.
const MAX_SLOW: u32 = 3;

/// The retries of one message.
#[derive(Debug)]
pub struct Retry<'m> {
    metrics: &'m Metrics,
    outages: &'m Outages,
    /// What waits, for the log.
    who: &'static str,
    redo: Backoff,
    away: Backoff,
    /// While it waits for PostgreSQL, from the first time on.
    wait: Option<Wait<'m>>,
    /// Whether several wait together.
    several: bool,
    /// How often in a row the time limit cancelled it.
    slow: u32,
}

impl<'m> Retry<'m> {
    /// All of it. `who` waits, such as "a bundle".
    pub fn new(metrics: &'m Metrics, outages: &'m Outages, who: &'static str) -> Self {
        Self { metrics, outages, who, redo: REDO, away: AWAY, wait: None, several: false, slow: 0 }
    }

    /// With several that can be taken apart, it ends when the time limit cancels them again and again.
    pub fn with_several(self, several: bool) -> Self {
        Self { several, ..self }
    }

    /// Returns when the work may be tried again; gives an error back that waiting does not mend.
    pub async fn wait_out(&mut self, error: StoreError) -> Result<(), StoreError> {
        let is_slow = matches!(error, StoreError::TookTooLong(_));
        self.slow = if is_slow { self.slow + 1 } else { 0 };
        match error {
            StoreError::TookTooLong(_) if self.several && self.slow >= MAX_SLOW => return Err(error),
            StoreError::Conflict(_) | StoreError::Fenced | StoreError::Taken => {
                self.metrics.redone("conflict");
                sleep(self.redo.delay()).await;
            }
            StoreError::Away(_) | StoreError::TookTooLong(_) | StoreError::Schema(_) | StoreError::Settings(_) => {
                self.metrics.redone(if is_slow { "slow" } else { "away" });
                if let Some(times) = self.outages.waits.failed(1) {
                    tracing::warn!(%error, times, "{} waits for postgresql", self.who);
                }
                self.wait.get_or_insert_with(|| self.outages.wait()).goes_on(error.to_string());
                sleep(self.away.delay()).await;
            }
            StoreError::Refused(_) | StoreError::OutsideHistory | StoreError::LeaseLost => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;

    #[tokio::test]
    async fn several_that_are_cancelled_again_and_again_are_taken_apart_and_one_alone_waits() {
        let (metrics, outages) = (Metrics::new(&Registry::new()).unwrap(), Outages::default());
        let slow = || StoreError::TookTooLong("57014".into());
        for (several, errors, ends) in [
            (true, vec![slow(), slow()], false),
            (true, vec![slow(), slow(), slow()], true),
            (true, vec![slow(), slow(), StoreError::Fenced, slow()], false),
            (false, vec![slow(), slow(), slow(), slow()], false),
        ] {
            let mut retry = Retry::new(&metrics, &outages, "a bundle").with_several(several);
            let mut ended = false;
            for error in errors {
                ended = retry.wait_out(error).await.is_err();
            }
            assert_eq!(ended, ends, "{several} {}", retry.slow);
            assert!(retry.wait.is_some(), "readiness hears of it");
        }
    }
}
