//! What a worker does now and then beside its work. Each part runs by itself until it is aborted.

mod delivery_audit;
mod frozen_sessions;
mod gauges;
mod partitions;
mod retention;

use std::sync::Arc;

use postern_shared::store::Store;
use tokio::task::JoinHandle;

use crate::metrics::Metrics;

/// Starts all of it.
pub fn start(store: &Store, metrics: &Arc<Metrics>) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(partitions::make_ahead(store.clone())),
        tokio::spawn(retention::forget_expired(store.clone())),
        tokio::spawn(retention::sweep(store.clone())),
        tokio::spawn(frozen_sessions::end(store.clone())),
        tokio::spawn(gauges::watch(store.clone(), Arc::clone(metrics))),
        tokio::spawn(delivery_audit::watch(store.clone(), Arc::clone(metrics))),
    ]
}
