//! Makes the checks of connections that people ask for. A worker makes them and not control: only workers have a way out and
//! know which addresses may be reached.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::id::ModuleName;
use postern_shared::store::connection_checks::{self, Asked};
use postern_shared::store::{Store, StoreError};
use tokio::time::sleep;

use crate::matching::catalog::Catalogs;
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
    let reached = catalog.modules().iter().filter(|module| module.connection.as_ref() == Some(&asked.connection));
    let modules: Vec<ModuleName> = reached.map(|module| module.name.clone()).collect();
    let checked = outside.check(&asked.connection, &modules).await;
    connection_checks::answer(&store.connection().await?, asked.id, &checked).await
}
