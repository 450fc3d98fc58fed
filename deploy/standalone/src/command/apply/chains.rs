//! Workflows that may start themselves again.

use std::collections::HashSet;

use postern_shared::document::Kind;
use postern_shared::finding::Finding;
use postern_shared::id::WorkflowId;
use postern_shared::workflow::Workflow;
use postern_shared::workflow::chains::Chain;
use serde_json::Value;

use crate::plan::Set;

/// What is told of a workflow, beside the documents of the files and those that are set. A chain without an end is a
/// finding of the server.
pub fn of(document: &Value, files: &[Value], set: &Set) -> Vec<Finding> {
    let starts_none = |document: &Value| {
        Workflow::from_document(document).is_ok_and(|one| one.steps.iter().all(|step| step.task.runs().is_none()))
    };
    if Kind::of(document) != Ok(Kind::Workflow) || starts_none(document) {
        return Vec::new();
    }
    let Ok(workflow) = Workflow::from_document(document) else { return Vec::new() };
    let set = set.of(Kind::Workflow).map(|(document, _)| document);
    let mut seen: HashSet<WorkflowId> = HashSet::new();
    // Those of the files take the place of those that are set.
    let all = files.iter().chain(set).filter_map(|one| Workflow::from_document(one).ok());
    let all: Vec<Workflow> = all.filter(|one| seen.insert(one.id)).collect();
    let chains = Chain::of(&workflow, &all.iter().collect::<Vec<_>>());
    chains.iter().filter(|chain| chain.may_end()).map(Chain::finding).collect()
}
