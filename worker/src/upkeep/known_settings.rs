//! Shows the settings that this worker holds in its metrics: their version, and the workflows that may run.

use std::sync::Arc;

use crate::matching::catalog::Catalogs;
use crate::metrics::Metrics;

/// Shows them whenever others are held, until it is aborted.
pub async fn show(catalogs: Arc<Catalogs>, metrics: Arc<Metrics>) {
    let mut held = catalogs.held();
    loop {
        held.borrow_and_update();
        let (version, catalog) = catalogs.in_force();
        metrics.settings_version.set(version);
        metrics.may_run(catalog.ids());
        if held.changed().await.is_err() {
            return;
        }
    }
}
