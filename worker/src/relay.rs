//! The relay: puts spool rows that are due back into the broker. In every worker; the lease keeps two relays from
//! taking one row, and a row published twice is made harmless by the claims.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use postern_shared::broker::publisher::Publisher;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, StoreError, spool};

use crate::metrics::Metrics;

/// How long to wait when nothing is due.
const POLL: Duration = Duration::from_millis(250);

/// How long a row is ours: above a publish with its time-outs, and short, since it is what a crash meanwhile costs.
const LEASE: Duration = Duration::from_secs(10);

/// Rows taken at once.
const BATCH: i64 = 64;

/// The way from the spool to the broker; clones share it.
#[derive(Debug, Clone)]
pub struct Relay {
    pub store: Store,
    pub publisher: Publisher,
    pub metrics: Arc<Metrics>,
}

impl Relay {
    /// Runs until shutdown.
    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            match self.pass().await {
                Ok(moved) if moved > 0 => self.metrics.relayed(moved),
                Ok(_) => pause(&shutdown).await,
                Err(error) => {
                    tracing::debug!(%error, "the spool could not be read");
                    pause(&shutdown).await;
                }
            }
        }
    }

    /// Brings rows to the broker that this process wrote as taken and has committed: what is due at once need not wait
    /// until somebody looks. Whatever goes wrong, their leases end and the rows are due.
    pub fn bring(&self, rows: Vec<spool::Taken>) {
        if rows.is_empty() || self.publisher.is_open() {
            return;
        }
        let relay = self.clone();
        tokio::spawn(async move {
            if let Err(error) = relay.publish(&rows).await {
                tracing::debug!(%error, "spool rows were published and could not be removed: they come again");
            }
        });
    }

    async fn pass(&self) -> Result<usize, StoreError> {
        if self.publisher.is_open() {
            return Ok(0);
        }
        let taken = spool::take(&self.store.connection().await?, BATCH, LEASE).await?;
        if taken.is_empty() { Ok(0) } else { self.publish(&taken).await }
    }

    /// Publishes rows side by side and removes those that were confirmed; returns how many.
    async fn publish(&self, rows: &[spool::Taken]) -> Result<usize, StoreError> {
        let attempt = |row: &spool::Taken| u32::try_from(row.attempt).unwrap_or(0);
        let publishing = rows.iter().map(|row| self.publisher.publish_raw(&row.kind, row.body.clone(), attempt(row)));
        let published = join_all(publishing).await;
        let moved: Vec<_> = rows.iter().zip(&published).filter(|(_, done)| done.is_ok()).map(|(row, _)| row).collect();
        spool::finish(&self.store.connection().await?, &moved).await?;
        Ok(moved.len())
    }
}

async fn pause(shutdown: &Shutdown) {
    // Elapsed or shutting down: the loop looks again.
    let _ = tokio::time::timeout(POLL, shutdown.wait()).await;
}
