//! Looks whether any submission is lost, for the metrics. Every worker does: whoever reads the gauge takes the greatest.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::store::{Store, StoreError, delivery_audit, sequence};

use crate::metrics::Metrics;

/// How often: a loss is noticed a quarter of an hour late at best, so a minute is soon.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How far back: an alert ends when it was looked at and nothing more is lost.
const HOURS: i64 = 24;

/// Looks until it is dropped. While it cannot be told the last number stays.
pub async fn watch(store: Store, metrics: Arc<Metrics>) {
    loop {
        match look(&store).await {
            Ok(None) => {}
            Ok(Some(lost)) => {
                if lost > metrics.lost_submissions.get() {
                    tracing::error!(
                        lost,
                        "submissions that were accepted are nowhere to be found: see `postern audit`"
                    );
                }
                metrics.lost_submissions.set(lost);
            }
            Err(error) => tracing::warn!(%error, "it could not be looked whether submissions are lost"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(store: &Store) -> Result<Option<i64>, StoreError> {
    let mut connection = store.connection().await?;
    sequence::fold(&connection).await?;
    delivery_audit::lost(&mut connection, HOURS).await
}
