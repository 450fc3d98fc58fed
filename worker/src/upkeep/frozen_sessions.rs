//! Ends sessions of workers that froze: another worker may be what is frozen, and hold what this one waits for.

use postern_shared::store::{self, Store};

/// Until it is aborted.
pub async fn end(store: Store) {
    loop {
        tokio::time::sleep(store::FROZEN_AFTER / 4).await;
        let ended = async { store::end_frozen(&store.connection().await?).await };
        match ended.await {
            Ok(0) => {}
            Ok(sessions) => tracing::warn!(sessions, "a worker froze in a transaction: what it held is free"),
            Err(error) => tracing::debug!(%error, "it could not be looked whether a worker is frozen"),
        }
    }
}
