//! What a worker does now and then beside its work. Each part runs by itself until it is aborted.

mod delivery_audit;
mod digest;
mod frozen_sessions;
mod gauges;
mod jobs;
mod partitions;
mod retention;

use std::sync::Arc;

use postern_shared::search_key::Names;
use postern_shared::store::{Store, StoreError};
use tokio::task::JoinHandle;

use crate::metrics::Metrics;

/// Connections to PostgreSQL for the digest alone: it cannot take one from the leads.
const DIGEST_CONNECTIONS: usize = 1;

/// The same for jobs.
const JOB_CONNECTIONS: usize = 1;

/// Starts all of it. `names` are those of values by whose words receipts and records are found.
pub fn start(store: &Store, names: Names, metrics: &Arc<Metrics>) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let beside = store.beside(DIGEST_CONNECTIONS)?;
    let for_jobs = store.beside(JOB_CONNECTIONS)?;
    Ok(vec![
        tokio::spawn(digest::run(beside, names, Arc::clone(metrics))),
        tokio::spawn(jobs::run(for_jobs)),
        tokio::spawn(partitions::make_ahead(store.clone())),
        tokio::spawn(retention::forget_expired(store.clone())),
        tokio::spawn(retention::sweep(store.clone())),
        tokio::spawn(frozen_sessions::end(store.clone())),
        tokio::spawn(gauges::watch(store.clone(), Arc::clone(metrics))),
        tokio::spawn(delivery_audit::watch(store.clone(), Arc::clone(metrics))),
    ])
}
