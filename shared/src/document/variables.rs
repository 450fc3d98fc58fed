//! Variables of the installation that documents read and that do not exist.

use std::collections::BTreeSet;

use crate::expression::Reads;
use crate::finding::Finding;
use crate::id::VariableName;
use crate::message::Message;
use crate::suggestion::did_you_mean;
use crate::workflow::Workflow;

/// What is wrong with a workflow, where these variables exist.
pub(super) fn of_workflow(workflow: &Workflow, known: &BTreeSet<VariableName>) -> Vec<Finding> {
    let condition = workflow.start.condition.as_ref().map(|one| ("start.condition".to_owned(), one.reads()));
    let steps = workflow.steps.iter().map(|step| (format!("steps.{}", step.name), &step.reads));
    let of_place = |(path, reads): (String, &Reads)| -> Vec<Finding> {
        let missing = reads.variables.iter().filter(|name| !known.contains(*name));
        missing.map(|name| Finding::new(path.clone(), absent(name, known))).collect()
    };
    condition.into_iter().chain(steps).flat_map(of_place).collect()
}

fn absent(name: &VariableName, known: &BTreeSet<VariableName>) -> Message {
    let meant = did_you_mean(name.as_str(), known.iter().map(VariableName::as_str));
    Message::VariableMissing { variable: name.clone() }.meant(meant)
}
