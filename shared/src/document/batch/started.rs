//! The workflows that those of a batch start, and those that these start: by them a workflow may start itself.

use std::collections::{HashMap, HashSet};

use super::{Checked, Stored};
use crate::document::Document;
use crate::finding::Finding;
use crate::id::WorkflowId;
use crate::workflow::Workflow;
use crate::workflow::chains::Chain;

/// Workflows that may start each other.
pub struct Started<'b> {
    here: Vec<&'b Workflow>,
    stored: Vec<Workflow>,
}

/// The workflows of a batch, and those stored ones that they start.
pub fn by<'b>(documents: &'b [Checked], stored: Option<&Stored>) -> Started<'b> {
    let here = documents.iter().filter_map(|one| match &one.document {
        Document::Workflow(workflow) => Some(workflow),
        _ => None,
    });
    let here: Vec<&Workflow> = here.collect();
    let id = |value: &serde_json::Value| value["workflow"].as_i64().and_then(|id| WorkflowId::try_from(id).ok());
    let documents = stored.into_iter().flat_map(|stored| &stored.workflows);
    let documents: HashMap<WorkflowId, _> = documents.filter_map(|one| Some((id(one)?, one))).collect();
    let mut known: HashSet<WorkflowId> = here.iter().map(|one| one.id).collect();
    let mut next: Vec<WorkflowId> = here.iter().flat_map(|one| runs(one)).collect();
    let mut stored = Vec::new();
    while let Some(id) = next.pop() {
        if known.insert(id)
            && let Some(workflow) = documents.get(&id).and_then(|one| Workflow::from_document(one).ok())
        {
            next.extend(runs(&workflow));
            stored.push(workflow);
        }
    }
    Started { here, stored }
}

impl Started<'_> {
    /// The steps by which a workflow starts itself without an end.
    pub fn endless(&self, workflow: &Workflow) -> Vec<Finding> {
        let all: Vec<&Workflow> = self.here.iter().copied().chain(&self.stored).collect();
        let chains = Chain::of(workflow, &all);
        chains.iter().filter(|chain| !chain.may_end()).map(Chain::finding).collect()
    }
}

fn runs(workflow: &Workflow) -> impl Iterator<Item = WorkflowId> {
    workflow.steps.iter().filter_map(|step| step.task.runs())
}
