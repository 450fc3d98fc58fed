//! Two calls at the same moment: both search, both find nothing, both create. Only a key makes that one record.

use std::collections::HashSet;

use super::Modules;
use super::agreement::Undeclared;
use crate::finding::Finding;
use crate::message::StepFault;
use crate::task::Task;
use crate::task::find_record::{FindRecord, Operator};
use crate::workflow::{Step, StepIndex, Workflow};

/// The steps that create without a key what a search of the same module did not find. A module that is unknown here may
/// have a unique field.
pub(super) fn findings(workflow: &Workflow, modules: &Modules, undeclared: Undeclared) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut named = HashSet::new();
    for step in &workflow.steps {
        let Task::FindRecord(search) = &step.task else { continue };
        let is_for_one = search.conditions.iter().any(|one| one.operator == Operator::Is);
        let has_key = match modules.get(&search.module) {
            Some(module) => module.unique().is_some(),
            None => undeclared == Undeclared::Unknown,
        };
        if is_for_one && !has_key {
            let creating = behind(workflow, step).into_iter().filter(|next| creates(next, search));
            let new = creating.filter(|next| named.insert(next.name.clone()));
            findings.extend(new.map(|next| Finding::new(format!("steps.{}", next.name), fault(search, step))));
        }
    }
    findings
}

fn fault(search: &FindRecord, found_by: &Step) -> StepFault {
    StepFault::CreatedTwice { module: search.module.clone(), step: found_by.name.clone() }
}

fn creates(step: &Step, search: &FindRecord) -> bool {
    matches!(&step.task, Task::CreateRecord(new) if new.module == search.module && new.unique.is_none())
}

/// The steps that follow when nothing was found, also behind steps that only set names of `$env`.
fn behind<'w>(workflow: &'w Workflow, search: &Step) -> Vec<&'w Step> {
    let mut pending: Vec<StepIndex> = search.successors("not_found").to_vec();
    let (mut seen, mut steps) = (HashSet::new(), Vec::new());
    while let Some(index) = pending.pop() {
        if let Some(step) = workflow.step(index).filter(|_| seen.insert(index)) {
            if matches!(step.task, Task::SetEnv(_)) {
                pending.extend(step.successors("next"));
            }
            steps.push(step);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::module::Module;

    fn found(steps: Value, fields: Option<Value>, undeclared: Undeclared) -> Vec<String> {
        let document = json!({"workflow": 1, "start": {"without_record": true, "next": "find"}, "steps": steps});
        let workflow = Workflow::from_document(&document).unwrap();
        let module = |fields| Module::from_document(&json!({"module": "Leads", "fields": fields})).unwrap();
        let modules = Modules(fields.map(module).into_iter().map(|one| (one.name.clone(), one)).collect());
        findings(&workflow, &modules, undeclared).iter().map(ToString::to_string).collect()
    }

    fn steps(find: Value, create: Value) -> Value {
        let mut steps = json!({"find": {"find_record": "Leads", "where": {"email": "x"}, "not_found": "lead"},
            "lead": {"create_record": "Leads"}});
        for (step, keys) in [("find", find), ("lead", create)] {
            steps[step].as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        }
        steps
    }

    #[test]
    fn a_create_behind_a_search_that_found_nothing_needs_a_key() {
        let unique = json!({"email": {"type": "email", "unique": true}});
        let mut later = steps(json!({"not_found": "set"}), json!({}));
        later["set"] = json!({"set_env": {"a": "b"}, "next": "lead"});
        for (steps, fields, undeclared, count) in [
            (steps(json!({}), json!({})), None, Undeclared::Open, 1),
            (later, None, Undeclared::Open, 1),
            (steps(json!({}), json!({})), Some(json!({"email": "email"})), Undeclared::Open, 1),
            (steps(json!({}), json!({"unique": "$env[\"email\"]"})), None, Undeclared::Open, 0),
            (steps(json!({}), json!({"unique": ""})), None, Undeclared::Open, 0),
            (steps(json!({}), json!({})), Some(unique), Undeclared::Open, 0),
            (steps(json!({}), json!({})), None, Undeclared::Unknown, 0),
            (steps(json!({"where": {"amount": {"above": 5}}}), json!({})), None, Undeclared::Open, 0),
            (steps(json!({}), json!({"create_record": "Contacts"})), None, Undeclared::Open, 0),
            (steps(json!({"found": "lead", "not_found": []}), json!({})), None, Undeclared::Open, 0),
        ] {
            let found = found(steps.clone(), fields, undeclared);
            assert_eq!(found.len(), count, "{steps}: {found:?}");
            assert!(found.iter().all(|one| one.starts_with("steps.lead: ") && one.contains("`unique`")), "{found:?}");
        }
    }
}
