//! The catalog: every workflow compiled, and the declared modules, in memory, replaced as a whole when the settings change.

mod trial;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use postern_shared::connection::{self, Connections};
use postern_shared::env::Env;
use postern_shared::expression::Reads;
use postern_shared::id::{TriggerKey, WorkflowId};
use postern_shared::log_limit::LogLimit;
use postern_shared::module::{Module, Modules};
use postern_shared::secret::Secrets;
use postern_shared::secret::key::Keys;
use postern_shared::store::forgetting::{self, Lately};
use postern_shared::store::processes::Held;
use postern_shared::store::settings::{self, Versioned};
use postern_shared::store::{Connection, Store, StoreError, connections, modules, secrets, variables, workflows};
use postern_shared::task::Task;
use postern_shared::variable::{self, Variables};
use postern_shared::workflow::Workflow;
use serde_json::Value;
use tokio::sync::{Mutex, watch};

/// The wait before a catalog that could not be loaded is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The most older versions that are kept compiled; beyond that all are read anew.
const MAX_OLDER: usize = 100;

/// A workflow in the version that its runs are pinned to.
#[derive(Debug)]
pub struct Pinned {
    pub version: i32,
    pub workflow: Workflow,
    /// What its condition and its steps read, and those of the workflows that it starts.
    pub reads: Reads,
}

impl Pinned {
    /// Whether a step of it waits for a time.
    pub fn has_delays(&self) -> bool {
        self.workflow.steps.iter().any(|step| matches!(step.task, Task::Delay(_)))
    }
}

/// Settings of this worker for what a workflow or a step leaves open.
#[derive(Debug, Clone)]
pub struct Fallbacks {
    /// Who sends mails of steps that name no sender.
    pub sender: Option<Mailbox>,
    /// The zone of workflows that name none.
    pub zone: TimeZone,
}

impl Default for Fallbacks {
    fn default() -> Self {
        Self { sender: None, zone: TimeZone::UTC }
    }
}

/// All workflows of one version of the settings.
#[derive(Debug, Default)]
pub struct Catalog {
    version: i64,
    workflows: HashMap<WorkflowId, Arc<Pinned>>,
    modules: Arc<Modules>,
    connections: Arc<Connections>,
    variables: Arc<Env>,
    fallbacks: Fallbacks,
    forgotten: Lately,
    /// In the order in which they run: by (order, id).
    listeners: HashMap<TriggerKey, Vec<Arc<Pinned>>>,
}

impl Catalog {
    /// The workflow of an id.
    pub fn workflow(&self, id: WorkflowId) -> Option<&Arc<Pinned>> {
        self.workflows.get(&id)
    }

    /// The numbers of all workflows.
    pub fn ids(&self) -> impl Iterator<Item = WorkflowId> {
        self.workflows.keys().copied()
    }

    /// The workflows that listen to a trigger, in the order in which they run.
    pub fn listeners(&self, key: &TriggerKey) -> &[Arc<Pinned>] {
        self.listeners.get(key).map_or(&[], Vec::as_slice)
    }

    /// The declared modules. They hold for all runs, whatever version of its workflow a run is pinned to.
    pub fn modules(&self) -> &Arc<Modules> {
        &self.modules
    }

    /// The connections. They hold for all runs, as the modules do.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// What `$var` reads.
    pub fn variables(&self) -> &Arc<Env> {
        &self.variables
    }

    /// Settings of this worker for what a workflow or a step leaves open.
    pub fn fallbacks(&self) -> &Fallbacks {
        &self.fallbacks
    }

    /// The persons that were forgotten lately.
    pub fn forgotten(&self) -> &Lately {
        &self.forgotten
    }

    /// Compiles workflows; those that cannot be read are left out.
    pub fn new(version: i64, stored: &[workflows::Stored], modules: Modules) -> Self {
        let mut catalog = Self { version, modules: Arc::new(modules), ..Self::default() };
        let mut all: Vec<Pinned> = stored.iter().filter_map(compiled).collect();
        all.sort_by_key(|pinned| (pinned.workflow.start.order, pinned.workflow.id));
        let reads: Vec<Reads> = all.iter().map(|one| with_children(one, &all)).collect();
        for (pinned, reads) in all.into_iter().zip(reads) {
            let pinned = Arc::new(Pinned { reads, ..pinned });
            for key in &pinned.workflow.start.triggers {
                catalog.listeners.entry(key.clone()).or_default().push(Arc::clone(&pinned));
            }
            catalog.workflows.insert(pinned.workflow.id, pinned);
        }
        catalog
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

fn compiled(stored: &workflows::Stored) -> Option<Pinned> {
    match Workflow::from_document(&stored.document) {
        Ok(workflow) => {
            let mut reads = Reads::default();
            workflow.start.condition.iter().for_each(|condition| reads.add(condition.reads()));
            workflow.steps.iter().for_each(|step| reads.add(&step.reads));
            Some(Pinned { version: stored.version, workflow, reads })
        }
        Err(findings) => {
            let finding = findings.first().map(ToString::to_string).unwrap_or_default();
            let workflow = stored.document.get("workflow").map(ToString::to_string).unwrap_or_default();
            tracing::error!(workflow.id = workflow, finding, "a stored workflow cannot be read and is left out");
            None
        }
    }
}

/// What a workflow reads, and what those read that it starts, and those that they start.
fn with_children(pinned: &Pinned, all: &[Pinned]) -> Reads {
    let mut reads = pinned.reads.clone();
    let (mut met, mut open) = (HashSet::from([pinned.workflow.id]), vec![pinned]);
    while let Some(one) = open.pop() {
        for id in one.workflow.runs() {
            if met.insert(id)
                && let Some(child) = all.iter().find(|child| child.workflow.id == id)
            {
                reads.add(&child.reads);
                open.push(child);
            }
        }
    }
    reads
}

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
