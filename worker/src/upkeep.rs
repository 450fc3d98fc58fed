//! What a worker does now and then beside its work: makes the history ahead, forgets what is over, and ends sessions of
//! workers that froze.

use std::time::Duration;

use postern_shared::store::{self, Store, history};

/// How often the partitions of the history are made ahead, and expired claims are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// How often responses are forgotten that nobody waits for any more, and submissions that are due too late are called back.
const SWEEPING: Duration = Duration::from_secs(60);

/// Another worker may be what is frozen, and hold what this one waits for.
pub async fn end_frozen(store: Store) {
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

/// Forgets responses that nobody waits for, and calls back submissions that are due too late.
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
        tokio::time::sleep(SWEEPING).await;
    }
}

/// Makes the partitions of the history, and forgets claims and numbers that have expired.
pub async fn keep_house(store: Store) {
    loop {
        let kept = async {
            let connection = store.connection().await?;
            history::make_ahead(&connection).await?;
            store::claims::forget(&connection).await?;
            store::tickets::forget(&connection).await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "partitions could not be made ahead, or claims and numbers forgotten; tried again in an hour");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}
