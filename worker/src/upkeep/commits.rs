//! Tries now and then whether commits pass, so that a worker that waits for a standby says so, also when it has nothing to
//! do.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::log_limit::LogLimit;
use postern_shared::store::{Store, commits};
use tokio::time::sleep;

use crate::consume::outages::Outages;
use crate::metrics::Metrics;

/// Between two tries.
const EVERY: Duration = Duration::from_secs(5);

/// Runs until it is aborted.
pub async fn watch(store: Store, outages: Arc<Outages>, metrics: Arc<Metrics>) {
    let hangs = LogLimit::default();
    loop {
        match commits::try_one(&store).await {
            Ok(None) => {
                outages.hang(None);
                metrics.commits_hang.set(0);
                if hangs.worked().is_some() {
                    tracing::info!("commits pass again");
                }
            }
            Ok(Some(reason)) => {
                outages.hang(Some(reason.to_string()));
                metrics.commits_hang.set(1);
                if hangs.failed(1).is_some() {
                    tracing::warn!(%reason, "commits hang; leads wait, and nothing is lost");
                }
            }
            // That PostgreSQL is away is told by those that need it.
            Err(error) => tracing::debug!(%error, "nobody knows whether commits pass"),
        }
        sleep(EVERY).await;
    }
}
