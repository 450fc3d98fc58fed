//! Admission: what holds the runs of a workflow back, and lets them go on. While a workflow is on hold none of its runs
//! is begun; with `at_most` no more of them are under way that reach outside. Both wait as checkpoints, and are admitted
//! in the order of their receipts: so many that no more are under way, counted by the database under one lock.
//! A run leaves its place when it ends, fails, or waits for a time. The admission and what wakes the run are one
//! transaction, so a worker that dies in between has admitted no run, or all of them, once.

use std::time::{Duration, SystemTime};

use postern_shared::id::WorkflowId;
use postern_shared::store::{self, StoreError, checkpoints, runs};
use tokio::time::timeout;

use crate::matching::catalog::Pinned;
use crate::resources::Resources;
use crate::run::checkpoint::{Alarms, Wake};

/// How often each worker looks when its wakeup does not come: for holds that were taken away, and for places that runs of
/// other workers have left.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs of one workflow that are under way at a time after a hold, unless `at_most` says less: enough to keep some
/// workers busy, and few enough that what wakes other runs does not wait behind them.
const MAX_UNDER_WAY: u16 = 64;

/// Until it is dropped.
pub async fn run(resources: Resources) {
    loop {
        if let Err(error) = pass(&resources).await {
            tracing::debug!(%error, "the runs that wait for their admission could not be looked at");
        }
        // Rung, or time to look anyway.
        let _ = timeout(LOOK_EVERY, resources.admission.wait()).await;
    }
}

async fn pass(resources: &Resources) -> Result<(), StoreError> {
    let waiting = checkpoints::before_the_gate(&resources.store.connection().await?).await?;
    for workflow in waiting {
        let catalog = resources.catalogs.at_least(0).await?;
        // Runs of a workflow that is off, or was removed, stay until it is on again.
        let newest = catalog.workflow(workflow).filter(|newest| newest.workflow.active && !newest.workflow.start.hold);
        if let Some(newest) = newest {
            let_go(resources, workflow, newest).await?;
        }
    }
    Ok(())
}

async fn let_go(resources: &Resources, workflow: WorkflowId, newest: &Pinned) -> Result<(), StoreError> {
    let at_most = newest.workflow.start.at_most.unwrap_or(MAX_UNDER_WAY);
    let mut connection = resources.store.connection().await?;
    let transaction = store::begin(&mut connection).await?;
    let gone = checkpoints::let_go(&transaction, workflow, i64::from(at_most)).await?;
    if gone.is_empty() {
        return Ok(());
    }
    runs::let_go(&transaction, newest.version, &gone).await?;
    let mut alarms = Alarms::new(SystemTime::now());
    for resume in gone {
        alarms.set(resume, &Wake::Now);
    }
    alarms.write(&transaction).await?;
    store::commit(transaction).await?;
    resources.own_lanes.wake();
    Ok(())
}
