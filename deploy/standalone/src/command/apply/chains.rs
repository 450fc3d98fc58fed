//! Workflows that may start themselves again.

use std::collections::HashSet;

use postern_shared::document::Kind;
use postern_shared::finding::Finding;
use postern_shared::workflow::Workflow;
use postern_shared::workflow::chains::{Chain, Chains};
use serde_json::Value;

use crate::plan::Set;

/// The findings in each document of the files, which are judged together with what is set. A chain without an end is found
/// by the server.
pub fn of(files: &[Value], set: &Set) -> Vec<Vec<Finding>> {
    let here: Vec<Option<Workflow>> = files.iter().map(workflow).collect();
    if here.iter().flatten().all(|one| one.runs().next().is_none()) {
        return files.iter().map(|_| Vec::new()).collect();
    }
    let set: Vec<Workflow> = set.of(Kind::Workflow).filter_map(|(document, _)| workflow(document)).collect();
    let mut seen = HashSet::new();
    // Those of the files take the place of those that are set.
    let chains = Chains::new(here.iter().flatten().chain(&set).filter(|one| seen.insert(one.id)));
    let findings =
        |workflow: &Workflow| chains.of(workflow).iter().filter(|chain| chain.may_end()).map(Chain::finding).collect();
    here.iter().map(|one| one.as_ref().map(findings).unwrap_or_default()).collect()
}

fn workflow(document: &Value) -> Option<Workflow> {
    Workflow::from_document(document).ok().filter(|_| Kind::of(document) == Ok(Kind::Workflow))
}
