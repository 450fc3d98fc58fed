//! Makes the checks of connections that people ask for. A worker makes them and not control: only workers have a way out and
//! know which addresses may be reached.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::message::ConnectionFault;
use postern_shared::store::connection_checks::{self, Asked, Checked};
use postern_shared::store::{Store, StoreError};
use tokio::time::sleep;

use super::descriptions;
use crate::matching::catalogs::Catalogs;
use crate::outside::Outside;

/// The rest while nobody asks.
const IDLE: Duration = Duration::from_millis(500);

/// Until it is aborted. Checks are made one after the other: people ask for them one by one.
pub async fn run(store: Store, catalogs: Arc<Catalogs>, outside: Outside) {
    loop {
        match next(&store).await {
            Ok(Some(asked)) => {
                if let Err(error) = make(&store, &catalogs, &outside, asked).await {
                    tracing::warn!(%error, "what came of the check of a connection could not be told");
                }
            }
            Ok(None) => sleep(IDLE).await,
            Err(error) => {
                tracing::debug!(%error, "no check of a connection could be taken; tried again");
                sleep(IDLE).await;
            }
        }
    }
}

async fn next(store: &Store) -> Result<Option<Asked>, StoreError> {
    connection_checks::take(&store.connection().await?).await
}

async fn make(store: &Store, catalogs: &Catalogs, outside: &Outside, asked: Asked) -> Result<(), StoreError> {
    let catalog = catalogs.at_least(asked.version).await?;
    let name = &asked.connection;
    let checked = match &asked.module {
        Some(module) => describe(store, outside, name, module).await?,
        None => {
            let modules = descriptions::declared(&catalog, name);
            let checked = outside.check(name, &modules).await;
            // It works; so what it tells of its modules is renewed as well.
            if checked.is_fine
                && catalog.connections().vtiger(name).is_some()
                && let Ok(told) = outside.told(name, &modules).await
            {
                descriptions::keep(store, name, &told).await?;
            }
            checked
        }
    };
    connection_checks::answer(&store.connection().await?, asked.id, &checked).await
}

/// Asks for the fields of a module.
async fn describe(
    store: &Store,
    outside: &Outside,
    name: &ConnectionName,
    module: &ModuleName,
) -> Result<Checked, StoreError> {
    let message = match outside.told(name, slice::from_ref(module)).await {
        Err(reason) => reason,
        Ok(told) => {
            descriptions::keep(store, name, &told).await?;
            match told.described.is_empty() {
                true => ConnectionFault::ModuleDenied { module: module.clone() }.into(),
                false => {
                    let message = ConnectionFault::VtigerDescribed { module: module.clone() }.into();
                    return Ok(Checked { is_fine: true, message });
                }
            }
        }
    };
    Ok(Checked { is_fine: false, message })
}
