//! Makes the partitions of the history ahead.

use std::time::Duration;

use postern_shared::store::{Store, history};

/// How often.
const EVERY: Duration = Duration::from_secs(3600);

/// Until it is aborted.
pub async fn make_ahead(store: Store) {
    loop {
        let made = async { history::make_ahead(&store.connection().await?).await };
        if let Err(error) = made.await {
            tracing::warn!(%error, "partitions could not be made ahead; tried again in an hour");
        }
        tokio::time::sleep(EVERY).await;
    }
}
