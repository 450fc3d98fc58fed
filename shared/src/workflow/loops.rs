//! What the steps of a loop may be. They are the steps to which `each` leads, and those to which these lead.

use std::collections::HashSet;

use super::{Step, StepIndex, Workflow};
use crate::finding::Finding;
use crate::message::StepFault;
use crate::task::Task;

/// Loops without steps, and loops that would begin again inside of themselves.
pub(super) fn findings(workflow: &Workflow) -> Vec<Finding> {
    let loops = workflow.steps.iter().filter(|step| matches!(step.task, Task::ForEach(_)));
    let finding = |step: &Step| {
        let body = step.successors("each");
        let fault = if body.is_empty() {
            StepFault::EachMissing
        } else if leads_to(workflow, body, step) {
            StepFault::EachLeadsBack
        } else {
            return None;
        };
        Some(Finding::new(format!("steps.{}.each", step.name), fault))
    };
    loops.filter_map(finding).collect()
}

fn leads_to(workflow: &Workflow, from: &[StepIndex], step: &Step) -> bool {
    let (mut met, mut open) = (HashSet::new(), from.to_vec());
    while let Some(index) = open.pop() {
        let Some(one) = workflow.step(index).filter(|_| met.insert(index)) else { continue };
        if one.name == step.name {
            return true;
        }
        open.extend(one.outputs.iter().flat_map(|(_, next)| next));
    }
    false
}
