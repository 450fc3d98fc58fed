//! Works on the jobs that people asked for, with a connection of its own: it takes nothing from the leads. What it starts are
//! ordinary runs on the ways of all runs that go on.

use std::time::Duration;

use postern_shared::store::jobs::{self, Batch, Care};
use postern_shared::store::{self, Store, StoreError};
use tokio::time::sleep;

/// The rest while there is no job, or another worker is at it.
const IDLE: Duration = Duration::from_secs(1);

/// Between two batches: their rate is that of the job.
const PERIOD: Duration = Duration::from_millis(100);

/// Until it is aborted.
pub async fn run(store: Store) {
    let mut care = Care::default();
    loop {
        let rest = match batch(&store, &mut care).await {
            Ok(Batch::Nothing) => IDLE,
            Ok(Batch::Waits(rest)) => rest,
            Ok(Batch::Moved(_)) => {
                care.moved();
                PERIOD
            }
            Err(error @ (StoreError::Away(_) | StoreError::Conflict(_) | StoreError::TookTooLong(_))) => {
                tracing::debug!(%error, "a job could not go on; tried again");
                IDLE
            }
            // One of them is refused.
            Err(error) => {
                tracing::warn!(%error, "runs of a job were refused");
                care.refused();
                PERIOD
            }
        };
        sleep(rest).await;
    }
}

async fn batch(store: &Store, care: &mut Care) -> Result<Batch, StoreError> {
    let mut connection = store.connection().await?;
    let transaction = store::begin(&mut connection).await?;
    let batch = jobs::batch(&transaction, care).await?;
    if matches!(batch, Batch::Moved(_)) {
        store::commit(transaction).await?;
    }
    Ok(batch)
}
