//! Shows the settings that this worker holds in its metrics: their version, the workflows that may run, and the
//! connections.

use std::collections::BTreeSet;
use std::sync::Arc;

use postern_shared::connection::To;

use crate::matching::catalogs::Catalogs;
use crate::metrics::Metrics;

/// Shows them whenever others are held, until it is aborted.
pub async fn show(catalogs: Arc<Catalogs>, metrics: Arc<Metrics>) {
    let mut held = catalogs.held();
    let mut named = BTreeSet::new();
    loop {
        held.borrow_and_update();
        let (version, catalog) = catalogs.in_force();
        metrics.settings_version.set(version);
        metrics.may_run(catalog.ids());
        let names: BTreeSet<String> = catalog
            .connections()
            .iter()
            .filter(|one| matches!(one.to, To::Vtiger(_)))
            .map(|one| one.name.to_string())
            .collect();
        metrics.may_be_away(&names, named.difference(&names));
        named = names;
        if held.changed().await.is_err() {
            return;
        }
    }
}
