//! What a worker does now and then beside its work. Each part runs by itself until it is aborted.

mod connection_checks;
mod delivery_audit;
mod digest;
mod expiry;
mod frozen_sessions;
mod gauges;
mod jobs;
mod partitions;
mod retention;

use std::sync::Arc;

use postern_shared::options::RetentionOptions;
use postern_shared::search_key::Names;
use postern_shared::store::{Store, StoreError};
use tokio::task::JoinHandle;

use crate::matching::catalog::Catalogs;
use crate::metrics::Metrics;
use crate::outside::Outside;

/// Connections to PostgreSQL for the digest alone: it cannot take one from the leads.
const DIGEST_CONNECTIONS: usize = 1;

/// Connections to PostgreSQL for the retention alone: it may wait there for a lock.
const RETENTION_CONNECTIONS: usize = 1;
/// The same for jobs, and for checks of connections.
const JOB_CONNECTIONS: usize = 1;

/// Starts all of it. `names` are those of values by whose words receipts and records are found.
pub fn start(
    store: &Store,
    names: Names,
    retention: RetentionOptions,
    metrics: &Arc<Metrics>,
    (catalogs, outside): (&Arc<Catalogs>, &Outside),
) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let beside = store.beside(DIGEST_CONNECTIONS)?;
    let keeping = store.beside(RETENTION_CONNECTIONS)?;
    let for_jobs = store.beside(JOB_CONNECTIONS)?;
    Ok(vec![
        tokio::spawn(digest::run(beside, names, Arc::clone(metrics))),
        tokio::spawn(connection_checks::run(for_jobs.clone(), Arc::clone(catalogs), outside.clone())),
        tokio::spawn(jobs::run(for_jobs)),
        tokio::spawn(partitions::make_ahead(store.clone())),
        tokio::spawn(expiry::forget_expired(store.clone())),
        tokio::spawn(expiry::sweep(store.clone())),
        tokio::spawn(retention::keep(keeping, retention, Arc::clone(metrics))),
        tokio::spawn(frozen_sessions::end(store.clone())),
        tokio::spawn(gauges::watch(store.clone(), Arc::clone(metrics))),
        tokio::spawn(delivery_audit::watch(store.clone(), Arc::clone(metrics))),
    ])
}
