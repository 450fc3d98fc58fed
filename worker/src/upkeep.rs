//! What a worker does now and then beside its work. Each part runs by itself until it is aborted.

mod commits;
mod connection_checks;
mod delivery_audit;
mod descriptions;
mod digest;
mod expiry;
mod frozen_sessions;
mod jobs;
mod known_settings;
mod notices;
mod partitions;
mod retention;

use std::sync::Arc;

use postern_shared::backlog::BacklogMetrics;
use postern_shared::store::{Store, StoreError};
use tokio::task::JoinHandle;

use crate::consume::outages::Outages;
use crate::matching::catalogs::Catalogs;
use crate::metrics::Metrics;
use crate::options::ExecutionOptions;
use crate::outside::Outside;

/// Connections to PostgreSQL for the digest alone: it cannot take one from the leads.
const DIGEST_CONNECTIONS: usize = 1;

/// Connections to PostgreSQL for the retention alone: it may wait there for a lock.
const RETENTION_CONNECTIONS: usize = 1;
/// The same for jobs, for checks of connections and for what vtiger tells of its modules.
const JOB_CONNECTIONS: usize = 1;

/// The same for trying whether commits pass: what hangs takes the connection.
const TRY_CONNECTIONS: usize = 1;

/// Starts all of it. Notices go out through `outside`.
pub fn start(
    store: &Store,
    execution: &ExecutionOptions,
    (metrics, outages, backlog): (&Arc<Metrics>, &Arc<Outages>, BacklogMetrics),
    (catalogs, outside): (&Arc<Catalogs>, &Outside),
) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let beside = store.beside(DIGEST_CONNECTIONS)?;
    let keeping = store.beside(RETENTION_CONNECTIONS)?;
    let for_jobs = store.beside(JOB_CONNECTIONS)?;
    let trying = store.beside(TRY_CONNECTIONS)?;
    Ok(vec![
        tokio::spawn(commits::watch(trying, Arc::clone(outages), Arc::clone(metrics))),
        tokio::spawn(digest::run(beside, execution.search_names.clone(), Arc::clone(metrics))),
        tokio::spawn(connection_checks::run(for_jobs.clone(), Arc::clone(catalogs), outside.clone())),
        tokio::spawn(descriptions::refresh(for_jobs.clone(), Arc::clone(catalogs), outside.clone())),
        tokio::spawn(jobs::run(for_jobs)),
        tokio::spawn(partitions::make_ahead(store.clone())),
        tokio::spawn(expiry::forget_expired(store.clone())),
        tokio::spawn(expiry::sweep(store.clone())),
        tokio::spawn(retention::keep(keeping, execution.retention.clone(), Arc::clone(metrics))),
        tokio::spawn(frozen_sessions::end(store.clone())),
        tokio::spawn(backlog.watch(store.clone())),
        tokio::spawn(known_settings::show(Arc::clone(catalogs), Arc::clone(metrics))),
        tokio::spawn(notices::tell(store.clone(), outside.clone(), execution.mail_from.clone())),
        tokio::spawn(delivery_audit::watch(store.clone(), Arc::clone(metrics))),
    ])
}
