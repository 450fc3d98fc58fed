//! The catalog in force, and how it is renewed.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use postern_shared::connection::{self, Connections};
use postern_shared::id::WorkflowId;
use postern_shared::log_limit::LogLimit;
use postern_shared::module::{Module, Modules};
use postern_shared::secret::Secrets;
use postern_shared::secret::key::Keys;
use postern_shared::store::forgetting::{self, Lately};
use postern_shared::store::processes::Held;
use postern_shared::store::settings::{self, Versioned};
use postern_shared::store::{Connection, Store, StoreError, connections, modules, secrets, variables, workflows};
use postern_shared::variable::{self, Variables};
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use super::catalog::{Catalog, Fallbacks, Pinned, compiled};

/// The wait before a catalog that could not be loaded is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The most older versions that are kept compiled; beyond that all are read anew.
const MAX_OLDER: usize = 100;

/// The catalog that is in force, and how it is renewed.
#[derive(Debug)]
pub struct Catalogs {
    store: Store,
    fallbacks: Fallbacks,
    keys: Keys,
    secrets: Arc<ArcSwap<Secrets>>,
    connections: Arc<ArcSwap<Connections>>,
    held: watch::Sender<Held>,
    /// The variables of the installation that the environment sets.
    environment: Variables,
    current: ArcSwap<Catalog>,
    reloading: Mutex<()>,
    /// Versions to which runs that wait are pinned.
    older: std::sync::Mutex<HashMap<(WorkflowId, i32), Arc<Pinned>>>,
}

impl Catalogs {
    /// Holds none yet: the first one is loaded when it is asked for, or followed. The secrets and the connections are renewed
    /// with the catalog; the secrets are decrypted with these keys. The variables of the environment win over the stored ones.
    pub fn new(
        store: Store,
        fallbacks: Fallbacks,
        keys: Keys,
        (secrets, connections): (Arc<ArcSwap<Secrets>>, Arc<ArcSwap<Connections>>),
        environment: Variables,
    ) -> Self {
        let (current, older) = (ArcSwap::default(), std::sync::Mutex::default());
        let held = watch::Sender::default();
        Self {
            store,
            fallbacks,
            keys,
            secrets,
            connections,
            held,
            environment,
            current,
            reloading: Mutex::default(),
            older,
        }
    }

    /// What is held of the settings, whenever that changes.
    pub fn held(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// The catalog in force; an empty one of version 0 before the first is loaded.
    pub fn in_force(&self) -> (i64, Arc<Catalog>) {
        let current = self.current.load_full();
        (current.version, current)
    }

    /// A catalog that is not older than this version of the settings; reloads if the one in force is.
    pub async fn at_least(&self, version: i64) -> Result<Arc<Catalog>, StoreError> {
        // The versions of the database begin at 1.
        self.unless(|held| held >= version.max(1)).await
    }

    /// The catalog in force if its version is right, or else the one that the database has now.
    async fn unless(&self, is_right: impl Fn(i64) -> bool) -> Result<Arc<Catalog>, StoreError> {
        let current = self.current.load_full();
        if is_right(current.version) {
            return Ok(current);
        }
        let _one_at_a_time = self.reloading.lock().await;
        let current = self.current.load_full();
        if is_right(current.version) {
            return Ok(current);
        }
        let loaded = load(&self.store).await?;
        // After the workflows: a secret is there before the first step that reads it.
        let secrets = Secrets::open(&self.keys, secrets::load(&self.store.connection().await?).await?);
        let unopened = secrets.tell_unopened();
        self.secrets.store(Arc::new(secrets));
        let mut catalog = Catalog::new(loaded.workflows.version, &loaded.workflows.value, loaded.modules);
        catalog.connections = Arc::new(loaded.connections);
        self.connections.store(Arc::clone(&catalog.connections));
        catalog.fallbacks.clone_from(&self.fallbacks);
        catalog.variables = Arc::new(variable::in_force(loaded.variables, &self.environment));
        catalog.forgotten = loaded.forgotten;
        let catalog = Arc::new(catalog);
        tracing::info!(
            settings.version = catalog.version,
            workflows = catalog.workflows.len(),
            "the catalog was loaded"
        );
        self.current.store(Arc::clone(&catalog));
        self.held.send_replace(Held { version: catalog.version, unopened });
        Ok(catalog)
    }

    /// A workflow in the version that a run is pinned to; nothing if it cannot be read.
    pub async fn pinned(
        &self,
        connection: &Connection,
        id: WorkflowId,
        version: i32,
    ) -> Result<Option<Arc<Pinned>>, StoreError> {
        if let Some(newest) = self.current.load().workflow(id).filter(|newest| newest.version == version) {
            return Ok(Some(Arc::clone(newest)));
        }
        if let Some(older) = self.older().get(&(id, version)) {
            return Ok(Some(Arc::clone(older)));
        }
        let document = workflows::of_version(connection, id, version).await?;
        let pinned = document.and_then(|document| compiled(&workflows::Stored { version, document })).map(Arc::new);
        if let Some(pinned) = &pinned {
            let mut older = self.older();
            if older.len() >= MAX_OLDER {
                older.clear();
            }
            older.insert((id, version), Arc::clone(pinned));
        }
        Ok(pinned)
    }

    fn older(&self) -> MutexGuard<'_, HashMap<(WorkflowId, i32), Arc<Pinned>>> {
        self.older.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the settings for as long as the process lives.
    pub async fn follow(&self) {
        let (mut versions, failures) = (settings::follow(&self.store), LogLimit::default());
        while versions.changed().await.is_ok() {
            let version = *versions.borrow_and_update();
            // Another one, not only a newer one: a restored backup has an older one.
            while let Err(error) = self.unless(|held| held == version).await {
                if let Some(times) = failures.failed(1) {
                    tracing::warn!(%error, times, "the catalog could not be renewed; the one held stays in force");
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// What is loaded of the settings.
struct Loaded {
    workflows: Versioned<Vec<workflows::Stored>>,
    modules: Modules,
    connections: Connections,
    variables: Variables,
    /// The persons that were forgotten by then.
    forgotten: Lately,
}

/// The settings of one version.
async fn load(store: &Store) -> Result<Loaded, StoreError> {
    let connection = store.connection().await?;
    loop {
        let (modules, variables) = (modules::load(&connection).await?, variables::load(&connection).await?);
        let connections = connections::load(&connection).await?.value;
        let workflows = workflows::load(&connection).await?;
        // Else somebody changed the settings in between.
        if modules.version == workflows.version {
            let forgotten = forgetting::lately(&connection).await?;
            let modules = modules.value.iter().filter_map(declared).collect();
            let connections = connections.iter().filter_map(reachable).collect();
            return Ok(Loaded { workflows, modules, connections, variables, forgotten });
        }
    }
}

fn declared(document: &Value) -> Option<Module> {
    match Module::from_document(document) {
        Ok(module) => Some(module),
        Err(findings) => {
            let finding = findings.first().map(ToString::to_string).unwrap_or_default();
            tracing::error!(finding, "a stored module cannot be read and counts as open");
            None
        }
    }
}

fn reachable(document: &Value) -> Option<connection::Connection> {
    match connection::Connection::from_document(document) {
        Ok(connection) => Some(connection),
        Err(findings) => {
            let finding = findings.first().map(ToString::to_string).unwrap_or_default();
            tracing::error!(finding, "a stored connection cannot be read and counts as missing");
            None
        }
    }
}
