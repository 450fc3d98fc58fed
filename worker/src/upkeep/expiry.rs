//! Forgets what is over: claims and numbers that have expired, and responses that no caller waits for any more. Calls back
//! submissions that are due too late.

use std::time::Duration;

use postern_shared::store::{self, Store};

/// How often claims and numbers are forgotten.
const EXPIRED_EVERY: Duration = Duration::from_secs(3600);

/// The pause between two parts of the claims.
const REST: Duration = Duration::from_millis(200);

/// How often responses are forgotten, and submissions that are due too late are called back.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Forgets claims and numbers that have expired, until it is aborted.
pub async fn forget_expired(store: Store) {
    loop {
        let forgotten = async {
            let connection = store.connection().await?;
            while store::claims::forget(&connection).await? {
                tokio::time::sleep(REST).await;
            }
            store::batch_receipts::forget(&connection).await?;
            store::statistics::forget(&connection).await?;
            store::failure_groups::forget(&connection).await?;
            store::run_results::forget(&connection).await?;
            store::sequence::forget(&connection).await
        };
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "claims and numbers could not be forgotten; tried again in an hour");
        }
        tokio::time::sleep(EXPIRED_EVERY).await;
    }
}

/// Forgets responses and calls back submissions, until it is aborted.
pub async fn sweep(store: Store) {
    loop {
        let swept = async {
            let connection = store.connection().await?;
            store::responses::forget(&connection).await?;
            store::spool::call_back(&connection).await
        };
        match swept.await {
            Ok(0) => {}
            Ok(messages) => tracing::warn!(
                messages,
                "submissions were due in days, since the clock of the database was ahead: they are due now"
            ),
            Err(error) => tracing::debug!(%error, "responses could not be forgotten; tried again in a minute"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
