//! The catalog: every workflow compiled, and the declared modules, in memory, replaced as a whole when the settings change.

mod trial;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use postern_shared::connection::Connections;
use postern_shared::env::Env;
use postern_shared::expression::Reads;
use postern_shared::id::{TriggerKey, WorkflowId};
use postern_shared::module::Modules;
use postern_shared::store::forgetting::Lately;
use postern_shared::store::workflows;
use postern_shared::task::Task;
use postern_shared::workflow::Workflow;

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
    pub(super) version: i64,
    pub(super) workflows: HashMap<WorkflowId, Arc<Pinned>>,
    modules: Arc<Modules>,
    pub(super) connections: Arc<Connections>,
    pub(super) variables: Arc<Env>,
    pub(super) fallbacks: Fallbacks,
    pub(super) forgotten: Lately,
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

/// A workflow that can be read; one that cannot is named in the log.
pub(super) fn compiled(stored: &workflows::Stored) -> Option<Pinned> {
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
