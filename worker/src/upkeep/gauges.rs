//! Looks at what waits in the spool, for the metrics. Every worker does: they all see the same spool, so whoever
//! reads the gauge takes the greatest, not the sum.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::store::{Store, StoreError, spool};

use crate::metrics::Metrics;

/// How often: as often as a Prometheus usually asks, since counting reads the whole index.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Looks until it is dropped. While PostgreSQL is away the last numbers stay.
pub async fn watch(store: Store, metrics: Arc<Metrics>) {
    loop {
        match look(&store).await {
            Ok(waiting) => {
                metrics.spool_messages.set(waiting.messages);
                metrics.spool_submissions.set(waiting.submissions);
                metrics.waiting_calls.set(waiting.calls);
            }
            Err(error) => tracing::debug!(%error, "the spool could not be counted"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(store: &Store) -> Result<spool::Count, StoreError> {
    spool::count(&store.connection().await?).await
}
