//! The relay: puts spool rows that are due back into the broker. In every worker; the lease keeps two relays from
//! taking one row, and a row published twice is made harmless by the claims. Without a broker, and while the broker takes
//! nothing, rows stay in the spool until the consumer of the spool takes them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use postern_shared::bell::Bell;
use postern_shared::broker::publisher::Publisher;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, StoreError, spool};

use crate::checkpoint::Due;
use crate::metrics::Metrics;

/// How long to wait when nothing is due.
const POLL: Duration = Duration::from_millis(250);

/// How long a row is ours: above a publish with its time-outs, and short, since it is what a crash meanwhile costs.
const LEASE: Duration = Duration::from_secs(10);

/// Rows taken of each lane at once: they are in memory twice while they are published, 256 KiB each under load.
const BATCH: usize = 16;

/// The way from the spool to the broker; clones share it.
#[derive(Debug, Clone)]
pub struct Relay {
    pub store: Store,
    pub way: Way,
    pub metrics: Arc<Metrics>,
    /// Rings for what is due in the broker's lanes and does not go to the broker.
    pub bell: Bell,
    /// Rings for what is due in the lanes of the spool alone.
    pub aside: Bell,
}

/// Where rows go.
#[derive(Debug, Clone)]
pub enum Way {
    /// Into the broker; while the broker takes nothing, the consumer of the spool takes them.
    Broker(Publisher),
    /// Nowhere: the consumer of the spool takes them.
    Spool,
}

impl Relay {
    /// Runs until shutdown, if there is a broker.
    pub async fn run(self, shutdown: Shutdown) {
        let Way::Broker(publisher) = &self.way else { return };
        while !shutdown.is_triggered() {
            match self.pass(publisher).await {
                Ok(moved) if moved > 0 => self.metrics.relayed(moved),
                Ok(_) => pause(&shutdown).await,
                Err(error) => {
                    tracing::debug!(%error, "the spool could not be read");
                    pause(&shutdown).await;
                }
            }
        }
    }

    /// Brings rows on their way that this process wrote as taken and has committed: what is due at once need not wait
    /// until somebody looks. Whatever goes wrong, their leases end and the rows are due.
    pub fn bring(&self, Due { rows, rings }: Due) {
        if rings {
            self.aside.ring();
        }
        if rows.is_empty() {
            return;
        }
        let relay = self.clone();
        tokio::spawn(async move {
            let brought = match &relay.way {
                Way::Broker(publisher) if !publisher.is_open() => relay.publish(publisher, &rows).await.map(|_| ()),
                Way::Broker(_) | Way::Spool => relay.release(&rows).await,
            };
            if let Err(error) = brought {
                tracing::debug!(%error, "spool rows were not brought on their way: they come when their leases end");
            }
        });
    }

    async fn release(&self, rows: &[spool::Taken]) -> Result<(), StoreError> {
        let leases: Vec<_> = rows.iter().map(|row| row.lease).collect();
        spool::renew(&self.store.connection().await?, &leases, Duration::ZERO).await?;
        self.bell.ring();
        Ok(())
    }

    async fn pass(&self, publisher: &Publisher) -> Result<usize, StoreError> {
        if publisher.is_open() {
            return Ok(0);
        }
        // What a lane that is full would refuse stays where it is.
        let wanted: Vec<_> =
            Lane::BROKERED.into_iter().filter(|lane| publisher.takes(*lane)).map(|lane| (lane, BATCH)).collect();
        let taken = spool::take(&self.store.connection().await?, &wanted, LEASE).await?;
        if taken.is_empty() { Ok(0) } else { self.publish(publisher, &taken).await }
    }

    /// Publishes rows side by side, removes those that were confirmed, and gives the others back; returns how many moved.
    async fn publish(&self, publisher: &Publisher, rows: &[spool::Taken]) -> Result<usize, StoreError> {
        let attempt = |row: &spool::Taken| u32::try_from(row.attempt).unwrap_or(0);
        let publishing =
            rows.iter().map(|row| publisher.publish_raw(row.lane, &row.kind, row.body.clone(), attempt(row)));
        let published = join_all(publishing).await;
        let (mut moved, mut left) = (Vec::new(), Vec::new());
        for (row, done) in rows.iter().zip(published) {
            if done.is_ok() { moved.push(row.lease) } else { left.push(row.lease) }
        }
        let connection = self.store.connection().await?;
        spool::finish(&connection, &moved).await?;
        if !left.is_empty() {
            spool::renew(&connection, &left, Duration::ZERO).await?;
        }
        Ok(moved.len())
    }
}

async fn pause(shutdown: &Shutdown) {
    // Elapsed or shutting down: the loop looks again.
    let _ = tokio::time::timeout(POLL, shutdown.wait()).await;
}
