//! The relay: puts submissions of the spool that are due back into the broker. In every worker; the lease keeps two relays
//! from taking one row, and a row published twice is made harmless by the claims. While the broker takes nothing, rows
//! stay in the spool until the consumer of the spool takes them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use postern_shared::broker::publisher::Publisher;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{self, Store, StoreError, spool};

use crate::metrics::Metrics;

/// How long to wait when nothing is due.
const POLL: Duration = Duration::from_millis(250);

/// How long a row is ours: above a publish with its time-outs, and short, since it is what a crash meanwhile costs.
const LEASE: Duration = Duration::from_secs(10);

/// Rows taken of each lane at once: they are in memory twice while they are published, 256 KiB each under load.
const BATCH: usize = 16;

/// The way from the spool to the broker.
#[derive(Debug)]
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

    async fn pass(&self) -> Result<usize, StoreError> {
        if self.publisher.is_open() {
            return Ok(0);
        }
        // What a lane that is full would refuse stays where it is.
        let takes = Lane::SUBMISSIONS.into_iter().filter(|lane| self.publisher.takes(*lane));
        let wanted: Vec<_> = takes.map(|lane| (lane, BATCH)).collect();
        let connection = self.store.connection().await?;
        let taken = spool::take(&connection, &wanted, LEASE).await?;
        store::give_back(connection, taken.iter().map(|taken| taken.body.len()).sum());
        if taken.is_empty() { Ok(0) } else { self.publish(&taken).await }
    }

    /// Publishes rows side by side, removes those that were confirmed, and gives the others back; returns how many moved.
    async fn publish(&self, rows: &[spool::Taken]) -> Result<usize, StoreError> {
        let attempt = |row: &spool::Taken| u32::try_from(row.attempt).unwrap_or(0);
        let publishing =
            rows.iter().map(|row| self.publisher.publish_raw(row.lane, &row.kind, row.body.clone(), attempt(row)));
        let published = join_all(publishing).await;
        let (mut moved, mut left) = (Vec::new(), Vec::new());
        for (row, done) in rows.iter().zip(published) {
            if done.is_ok() { moved.push(row.lease) } else { left.push(row.lease) }
        }
        let connection = self.store.connection().await?;
        spool::finish(&connection, &moved).await?;
        if !left.is_empty() {
            spool::give_back(&connection, &left).await?;
        }
        Ok(moved.len())
    }
}

async fn pause(shutdown: &Shutdown) {
    // Elapsed or shutting down: the loop looks again.
    let _ = tokio::time::timeout(POLL, shutdown.wait()).await;
}
