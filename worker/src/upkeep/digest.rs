//! The digest: makes search keys of what was committed, after the commit and off the way of the leads. It has one connection
//! of its own, takes few leads at a time, and rests behind each part, for longer while leads wait. As long as these wait it
//! only looks on until it is some seconds behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::log_limit::LogLimit;
use postern_shared::search_key::{Hasher, Names};
use postern_shared::store::{self, Store, StoreError, digest};
use tokio::time::sleep;

use crate::metrics::Metrics;

/// The rest while there is nothing to digest, leads go first, or another worker digests.
const IDLE: Duration = Duration::from_secs(1);

/// The longest rest after a part.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// So many times as long as it has worked it rests while leads wait. It is in more of a hurry when it is far behind.
const BUSY_RESTS: u32 = 3;
const FAR_BEHIND_S: i64 = 30;

/// So far behind it works although leads wait: what was accepted is to be found soon in a long burst as well.
const MOST_SECONDS_BEHIND: i64 = 3;

/// Digests until it is aborted.
pub async fn run(store: Store, names: Names, metrics: Arc<Metrics>) {
    let (mut hasher, failures) = (None, LogLimit::default());
    loop {
        let began = Instant::now();
        let rest = match part(&store, &names, &mut hasher, &metrics).await {
            Ok(true) => {
                let may_rest = metrics.is_busy() && metrics.digest_lag.get() < FAR_BEHIND_S;
                let rests = if may_rest { BUSY_RESTS } else { 1 };
                began.elapsed().saturating_mul(rests).min(LONGEST_REST)
            }
            Ok(false) => IDLE,
            Err(error) => {
                if failures.failed(1).is_some() {
                    tracing::warn!(%error, "search keys could not be made; leads do not wait for them, and it is tried again");
                }
                IDLE
            }
        };
        sleep(rest).await;
    }
}

/// Digests the next rows; returns whether it did.
async fn part(
    store: &Store,
    names: &Names,
    hasher: &mut Option<Hasher>,
    metrics: &Metrics,
) -> Result<bool, StoreError> {
    let mut connection = store.connection().await?;
    let hasher = match hasher {
        Some(hasher) => hasher,
        None => hasher.insert(Hasher { names: names.clone(), secret: digest::secret(&connection).await? }),
    };
    let lag = digest::lag(&connection).await?;
    metrics.digest_lag.set(lag);
    if metrics.is_busy() && lag < MOST_SECONDS_BEHIND {
        return Ok(false);
    }
    let transaction = store::begin(&mut connection).await?;
    let Some(part) = digest::next(&transaction).await? else { return Ok(false) };
    digest::write(&transaction, &part, hasher).await?;
    store::commit(transaction).await?;
    Ok(true)
}
