//! The stored workflows that those of a batch start, and those that these start: by them a workflow may start itself.

use std::collections::{HashMap, HashSet};

use super::{Checked, Stored, workflows};
use crate::finding::Finding;
use crate::id::WorkflowId;
use crate::workflow::Workflow;
use crate::workflow::chains::{Chain, Chains};

/// The stored workflows that those of a batch start.
pub fn of_stored(documents: &[Checked], stored: Option<&Stored>) -> Vec<Workflow> {
    let id = |value: &serde_json::Value| value["workflow"].as_i64().and_then(|id| WorkflowId::try_from(id).ok());
    let texts = stored.into_iter().flat_map(|stored| &stored.workflows);
    let texts: HashMap<WorkflowId, _> = texts.filter_map(|one| Some((id(one)?, one))).collect();
    let mut known: HashSet<WorkflowId> = workflows(documents).map(|one| one.id).collect();
    let mut next: Vec<WorkflowId> = workflows(documents).flat_map(Workflow::runs).collect();
    let mut started = Vec::new();
    while let Some(id) = next.pop() {
        if known.insert(id)
            && let Some(workflow) = texts.get(&id).and_then(|one| Workflow::from_document(one).ok())
        {
            next.extend(workflow.runs());
            started.push(workflow);
        }
    }
    started
}

/// The steps by which a workflow starts itself without an end.
pub fn endless(chains: &Chains<'_>, workflow: &Workflow) -> Vec<Finding> {
    chains.of(workflow).iter().filter(|chain| !chain.may_end()).map(Chain::finding).collect()
}
