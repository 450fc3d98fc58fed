//! The gate of each workflow: what holds its runs back, and lets them go on. While a workflow is on hold none of its runs
//! is begun; with `at_most` no more of them are under way that reach outside. Both stand before the gate as checkpoints,
//! and are let through in the order of their receipts: so many that no more are under way, counted by the database under
//! one lock. A run leaves its place when it ends, fails, or waits for a time. Letting go and what wakes the run are one
//! transaction, so a worker that dies in between has let nobody go, or all of them, once.

use std::time::Duration;

use postern_shared::id::WorkflowId;
use postern_shared::store::{self, StoreError, checkpoints, runs};
use tokio::time::timeout;

use crate::catalog::Pinned;
use crate::checkpoint::{Alarms, Wake};
use crate::handler::Handler;

/// How often each worker looks when its bell does not ring: for holds that were taken away, and for places that runs of
/// other workers have left.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs of one workflow that are under way at a time after a hold, unless `at_most` says less: enough to keep some
/// workers busy, and few enough that what wakes other runs does not wait behind them.
const MAX_UNDER_WAY: u16 = 64;

/// Until it is dropped.
pub async fn mind(handler: Handler) {
    loop {
        if let Err(error) = pass(&handler).await {
            tracing::debug!(%error, "the gate could not be looked at");
        }
        // Rung, or time to look anyway.
        let _ = timeout(LOOK_EVERY, handler.gate.wait()).await;
    }
}

async fn pass(handler: &Handler) -> Result<(), StoreError> {
    let waiting = checkpoints::before_the_gate(&handler.store.connection().await?).await?;
    for workflow in waiting {
        let catalog = handler.catalogs.at_least(0).await?;
        // Runs of a workflow that is off, or was removed, stay until it is on again.
        let newest = catalog.workflow(workflow).filter(|newest| newest.workflow.active && !newest.workflow.start.hold);
        if let Some(newest) = newest {
            let_go(handler, workflow, newest).await?;
        }
    }
    Ok(())
}

async fn let_go(handler: &Handler, workflow: WorkflowId, newest: &Pinned) -> Result<(), StoreError> {
    let at_most = newest.workflow.start.at_most.unwrap_or(MAX_UNDER_WAY);
    let mut connection = handler.store.connection().await?;
    let transaction = store::begin(&mut connection).await?;
    let gone = checkpoints::let_go(&transaction, workflow, i64::from(at_most)).await?;
    if gone.is_empty() {
        return Ok(());
    }
    runs::let_go(&transaction, workflow, newest.version, &gone).await?;
    let mut alarms = Alarms::default();
    for resume in &gone {
        alarms.set(resume, 0, &Wake::Now, std::time::SystemTime::now());
    }
    alarms.write(&transaction).await?;
    store::commit(transaction).await?;
    handler.aside.ring();
    Ok(())
}
