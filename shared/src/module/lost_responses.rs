//! `respond` behind `each` of a loop with `parallel`: each item has a run of its own, and nobody reads the response of that
//! run.

use std::collections::HashSet;

use crate::finding::Finding;
use crate::id::StepName;
use crate::message::StepFault;
use crate::task::Task;
use crate::workflow::{Step, Workflow};

/// A finding for each `respond` in such a loop.
pub(super) fn findings(workflow: &Workflow) -> Vec<Finding> {
    let finding = |step: &Step| {
        let Task::ForEach(settings) = &step.task else { return Vec::new() };
        if settings.parallel.is_none() {
            return Vec::new();
        }
        let lost = |name: &StepName| {
            Finding::new(format!("steps.{name}"), StepFault::ResponseOfItem { step: step.name.clone() })
        };
        responses(workflow, step).into_iter().map(lost).collect()
    };
    workflow.steps.iter().flat_map(finding).collect()
}

/// The steps that respond among those that are taken for an item.
fn responses<'w>(workflow: &'w Workflow, step: &Step) -> Vec<&'w StepName> {
    let (mut met, mut open, mut found) = (HashSet::new(), step.successors("each").to_vec(), Vec::new());
    while let Some(index) = open.pop() {
        let Some(one) = workflow.step(index).filter(|_| met.insert(index)) else { continue };
        if matches!(one.task, Task::Respond(_)) {
            found.push(&one.name);
        }
        open.extend(one.outputs.iter().flat_map(|(_, next)| next));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_response_of_an_item_with_a_run_of_its_own_is_found() {
        let lost = "steps.say: responds to nobody";
        for (parallel, each, next, expected) in [
            (json!(2), "say", "end", vec![lost]),
            (json!(2), "wait", "end", vec![lost]),
            (json!(null), "wait", "end", vec![]),
            (json!(2), "note", "say", vec![]),
        ] {
            let mut all = json!({"for_each": "$env[\"a\"]", "each": each, "next": next, "parallel": parallel});
            all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let document = json!({"workflow": 1, "start": {"without_record": true, "next": ["all", "say", "wait", "note", "end"]},
                "steps": {"all": all, "wait": {"delay": "1s", "next": "say"}, "say": {"respond": 200, "text": "a"},
                    "note": {"set_env": {"x": 1}}, "end": {"stop": "finished"}}});
            let workflow = Workflow::from_document(&document).unwrap_or_else(|findings| panic!("{findings:?}"));
            let found: Vec<String> = findings(&workflow).iter().map(ToString::to_string).collect();
            assert_eq!(found.len(), expected.len(), "{document} {found:?}");
            assert!(found.iter().zip(expected).all(|(one, begins)| one.starts_with(begins)), "{found:?}");
        }
    }
}
