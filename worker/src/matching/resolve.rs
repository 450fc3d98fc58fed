//! Which workflows a submission starts, and why the others that were meant do not run.

use std::sync::Arc;

use postern_shared::expression::Scope;
use postern_shared::id::{ModuleName, RecordId};
use postern_shared::store::receipts::Skipped;
use postern_shared::submission::{Submission, Target};
use postern_shared::workflow::Workflow;

use crate::matching::catalog::{Catalog, Pinned};
use crate::run::field_usage::FieldUsage;

/// What a submission starts.
#[derive(Debug, Default)]
pub struct Resolved {
    /// In the order in which they run.
    pub start: Vec<Arc<Pinned>>,
    /// Meant, and not run.
    pub skipped: Vec<Skipped>,
    /// What the conditions read.
    pub field_usage: FieldUsage,
}

/// The workflows that a submission means.
pub fn meant<'c>(catalog: &'c Catalog, submission: &Submission) -> &'c [Arc<Pinned>] {
    match &submission.target {
        Target::Workflow(id) => catalog.workflow(*id).map_or(&[][..], std::slice::from_ref),
        Target::Trigger(key) => catalog.listeners(key),
    }
}

/// Resolves a submission. `module` is that of its record, none if it names no record or one that does not exist.
pub fn resolve(catalog: &Catalog, submission: &Submission, module: Option<&ModuleName>, scope: &Scope) -> Resolved {
    let mut resolved = Resolved::default();
    let meant = meant(catalog, submission);
    if meant.is_empty() {
        let reason = match &submission.target {
            Target::Workflow(id) => format!("there is no workflow {id}"),
            Target::Trigger(key) => format!("no workflow listens to the trigger {key}"),
        };
        resolved.skipped.push(Skipped { workflow: None, reason });
    }
    for pinned in meant {
        match refusal(&pinned.workflow, submission.record, module, scope, &mut resolved.field_usage) {
            None => resolved.start.push(Arc::clone(pinned)),
            Some(reason) => resolved.skipped.push(Skipped { workflow: Some(pinned.workflow.id), reason }),
        }
    }
    resolved
}

/// Why a workflow does not run on a record, or without one, or nothing. `module` as above.
pub fn refusal(
    workflow: &Workflow,
    record: Option<RecordId>,
    module: Option<&ModuleName>,
    scope: &Scope,
    field_usage: &mut FieldUsage,
) -> Option<String> {
    let start = &workflow.start;
    if !workflow.active {
        return Some("the workflow is inactive".into());
    }
    match (record, module) {
        (None, _) if !start.without_record => return Some("it needs a record and got none".into()),
        (Some(record), None) => return Some(format!("record {record} does not exist")),
        (Some(record), Some(module)) => {
            if let Some(wanted) = start.module.as_ref().filter(|wanted| *wanted != module) {
                return Some(format!("record {record} belongs to {module}, the workflow runs on {wanted}"));
            }
        }
        (None, _) => {}
    }
    let condition = start.condition.as_ref()?;
    field_usage.note(condition.reads(), &scope.env);
    match condition.is_true(scope) {
        Ok(true) => None,
        Ok(false) => Some("its condition is false".into()),
        Err(error) => Some(format!("its condition could not be evaluated: {error}")),
    }
}
