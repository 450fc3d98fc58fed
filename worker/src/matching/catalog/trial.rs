//! A catalog in which one workflow is another one than the one in force: a draft that is tried.

use std::collections::HashMap;
use std::sync::Arc;

use postern_shared::expression::Reads;
use postern_shared::store::forgetting::Lately;
use postern_shared::workflow::Workflow;

use super::{Catalog, Pinned};

impl Catalog {
    /// The same catalog with this workflow in the place of the one of its number. Whether a submission would start it is
    /// not asked: it counts as active.
    pub fn trying(&self, mut workflow: Workflow) -> (Self, Arc<Pinned>) {
        workflow.active = true;
        let version = self.workflow(workflow.id).map_or(0, |pinned| pinned.version);
        let pinned = Arc::new(Pinned { version, workflow, reads: Reads::default() });
        let mut workflows = self.workflows.clone();
        workflows.insert(pinned.workflow.id, Arc::clone(&pinned));
        let catalog = Self {
            version: self.version,
            workflows,
            modules: Arc::clone(&self.modules),
            connections: Arc::clone(&self.connections),
            variables: Arc::clone(&self.variables),
            fallbacks: self.fallbacks.clone(),
            // What only the intake of submissions asks for: nothing is posted in a dry run.
            forgotten: Lately::default(),
            listeners: HashMap::new(),
        };
        (catalog, pinned)
    }
}
