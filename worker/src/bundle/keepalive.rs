//! Computing that takes long is interrupted now and then, for others and for the transaction.

use std::time::{Duration, Instant};

use postern_shared::store::{self, StoreError, Transaction};

/// Others of this process go on after so much computing at the latest.
pub const YIELD_EVERY: Duration = Duration::from_millis(5);

/// PostgreSQL ends a transaction that idles for too long, after which the work would begin anew for ever. A fifth of what
/// it allows; a run computes for half of it at most.
const STAY_EVERY: Duration = Duration::from_secs(2);

/// When the computing of one transaction was interrupted.
pub struct Keepalive {
    yielded: Instant,
    stayed: Instant,
}

impl Keepalive {
    /// Just now.
    pub fn new() -> Self {
        Self { yielded: Instant::now(), stayed: Instant::now() }
    }

    /// The transaction has waited for the database.
    pub fn reset(&mut self) {
        self.yielded = Instant::now();
        self.stayed = self.yielded;
    }

    /// Interrupts, if it is time.
    pub async fn beat(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if self.yielded.elapsed() > YIELD_EVERY {
            tokio::task::yield_now().await;
            self.yielded = Instant::now();
        }
        if self.stayed.elapsed() > STAY_EVERY {
            store::stay(transaction).await?;
            self.reset();
        }
        Ok(())
    }
}
