//! The relay: puts spool rows that are due back into the broker. In every worker; the lease keeps two relays from
//! taking one row, and a row published twice is made harmless by the claims.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::broker::publisher::Publisher;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, StoreError, spool};

use crate::metrics::Metrics;

/// How long to wait when nothing is due.
const POLL: Duration = Duration::from_millis(250);

/// How long a row is ours: far above a publish with its time-outs.
const LEASE: Duration = Duration::from_secs(30);

/// Rows taken at once.
const BATCH: i64 = 64;

/// Runs until shutdown.
pub async fn run(store: Store, publisher: Publisher, metrics: Arc<Metrics>, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        let moved = if publisher.is_open() { Ok(0) } else { pass(&store, &publisher).await };
        match moved {
            Ok(moved) if moved > 0 => metrics.relayed(moved),
            Ok(_) => pause(&shutdown).await,
            Err(error) => {
                tracing::debug!(%error, "the spool could not be read");
                pause(&shutdown).await;
            }
        }
    }
}

async fn pause(shutdown: &Shutdown) {
    // Elapsed or shutting down: the loop looks again.
    let _ = tokio::time::timeout(POLL, shutdown.wait()).await;
}

async fn pass(store: &Store, publisher: &Publisher) -> Result<usize, StoreError> {
    let connection = store.connection().await?;
    let mut moved = 0;
    for taken in spool::take(&connection, BATCH, LEASE).await? {
        let attempt = u32::try_from(taken.attempt).unwrap_or(0);
        if publisher.publish_raw(&taken.kind, taken.body.clone(), attempt).await.is_ok() {
            spool::finish(&connection, &taken).await?;
            moved += 1;
        }
    }
    Ok(moved)
}
