//! Keeps what vtiger tells of the modules that are declared: now and then, and when somebody asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::store::{Store, StoreError, described_modules};
use tokio::time::sleep;

use crate::matching::catalog::Catalog;
use crate::matching::catalogs::Catalogs;
use crate::outside::Outside;
use crate::outside::vtiger::told::Told;

/// Between two looks for modules whose description is old.
const EVERY: Duration = Duration::from_secs(60);

/// Asks for what is old, until it is aborted.
pub async fn refresh(store: Store, catalogs: Arc<Catalogs>, outside: Outside) {
    loop {
        sleep(EVERY).await;
        let (_, catalog) = catalogs.in_force();
        if let Err(error) = round(&store, &catalog, &outside).await {
            tracing::debug!(%error, "what vtiger tells of its modules could not be renewed; tried again");
        }
    }
}

async fn round(store: &Store, catalog: &Catalog, outside: &Outside) -> Result<(), StoreError> {
    let mut modules: BTreeMap<&ConnectionName, Vec<ModuleName>> = BTreeMap::new();
    for module in catalog.modules().iter() {
        if let Some(connection) = &module.connection {
            modules.entry(connection).or_default().push(module.name.clone());
        }
    }
    described_modules::forget_gone(&store.connection().await?).await?;
    for (connection, modules) in modules {
        let due = described_modules::take_due(&store.connection().await?, connection, &modules).await?;
        if due.is_empty() {
            continue;
        }
        match outside.told(connection, &due).await {
            Ok(told) => keep(store, connection, &told).await?,
            Err(reason) => tracing::info!(%connection, %reason, "vtiger does not tell the fields of its modules"),
        }
    }
    Ok(())
}

/// The modules that are declared with a connection.
pub fn declared(catalog: &Catalog, connection: &ConnectionName) -> Vec<ModuleName> {
    let reached = catalog.modules().iter().filter(|module| module.connection.as_ref() == Some(connection));
    reached.map(|module| module.name.clone()).collect()
}

/// Keeps what was told.
pub async fn keep(store: &Store, name: &ConnectionName, told: &Told) -> Result<(), StoreError> {
    let connection = store.connection().await?;
    described_modules::put_names(&connection, name, &told.names).await?;
    for (module, description) in &told.described {
        described_modules::put(&connection, name, (module, description)).await?;
    }
    Ok(())
}
