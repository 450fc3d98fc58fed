//! What a step reads of which record. `$(lead_id: (Leads) visits)` reads a record by an id that a step has stored, and
//! `$visits` reads the run's record: a step that computes a field of another record from it would do so in silence.

use std::collections::BTreeMap;

use super::{Step, Workflow};
use crate::finding::Finding;

use crate::id::ModuleName;
use crate::message::StepFault;
use crate::task::Task;

/// Lets references read the records whose ids the steps of the workflow assign to names of `$env`. What was only posted
/// names no record: a caller would choose what is read.
pub(super) fn resolve(steps: &mut [Step]) {
    let assigned: Vec<String> = steps.iter().flat_map(|step| step.task.assigns()).map(str::to_owned).collect();
    for related in steps.iter_mut().flat_map(|step| &mut step.reads.related) {
        related.by_env = assigned.contains(&related.field);
    }
}

/// The fields of other records that steps compute from the same field of the run's record.
pub(super) fn findings(workflow: &Workflow) -> Vec<Finding> {
    let stored = stored(workflow);
    let of_step = |step: &Step| -> Vec<Finding> {
        let Task::SetValue(settings) = &step.task else { return Vec::new() };
        let Some(record) = &settings.record else { return Vec::new() };
        let names = &record.reads().names;
        let (id, module) = match names.iter().find_map(|name| Some((name, stored.get(name.as_str())?))) {
            Some((name, module)) => (name.as_str(), module.as_str()),
            None => (names.first().map_or("id", String::as_str), "Module"),
        };
        let computes = settings.fields.iter().filter(|(field, value)| {
            // A value that is copied is meant to come from the other record.
            !value.is_lone_reference() && value.reads().fields.contains(field)
        });
        let finding = |(field, _): &(String, _)| {
            let (id, module) = (id.to_owned(), module.to_owned());
            let fault = StepFault::FieldOfOwnRecord { field: field.clone(), id, module };
            Finding::new(format!("steps.{}.set_value.{field}", step.name), fault)
        };
        computes.map(finding).collect()
    };
    workflow.steps.iter().flat_map(of_step).collect()
}

/// The names of `$env` that hold the id of a record, and its module.
fn stored(workflow: &Workflow) -> BTreeMap<&str, &ModuleName> {
    let mut stored = BTreeMap::new();
    for step in &workflow.steps {
        match &step.task {
            Task::CreateRecord(one) => stored.extend(one.store_id.as_deref().map(|name| (name, &one.module))),
            Task::FindRecord(one) => stored.extend(one.store_id.as_deref().map(|name| (name, &one.module))),
            _ => {}
        }
    }
    stored
}
