//! Which workflows a submission starts, and why the others that were meant do not run.

use std::sync::Arc;

use postern_shared::expression::{Local, Scope};
use postern_shared::id::ModuleName;
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
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

/// Resolves a submission. `module` is that of its record, none if it names no record or one that does not exist. `local` is
/// the clock of a workflow, and what its condition draws.
pub fn resolve(
    catalog: &Catalog,
    submission: &Submission,
    module: Option<&ModuleName>,
    scope: &mut Scope,
    local: impl Fn(&Workflow) -> Arc<Local>,
) -> Resolved {
    let mut resolved = Resolved::default();
    let meant = meant(catalog, submission);
    if meant.is_empty() {
        let reason = match &submission.target {
            Target::Workflow(id) => Message::WorkflowMissing { workflow: *id },
            Target::Trigger(key) => Message::NobodyListens { trigger: key.clone() },
        };
        resolved.skipped.push(Skipped { workflow: None, reason });
    }
    for pinned in meant {
        if pinned.workflow.start.condition.is_some() {
            scope.local = local(&pinned.workflow);
        }
        match refusal(&pinned.workflow, submission.record.as_ref(), module, scope, &mut resolved.field_usage) {
            None => resolved.start.push(Arc::clone(pinned)),
            Some(reason) => resolved.skipped.push(Skipped { workflow: Some(pinned.workflow.id), reason }),
        }
    }
    resolved
}

/// Why a workflow does not run on a record, or without one, or nothing. `module` as above. No connection can be set up, so
/// no record of another system can be reached.
pub fn refusal(
    workflow: &Workflow,
    record: Option<&RecordRef>,
    module: Option<&ModuleName>,
    scope: &Scope,
    field_usage: &mut FieldUsage,
) -> Option<Message> {
    let start = &workflow.start;
    if !workflow.active {
        return Some(Message::WorkflowInactive);
    }
    match (record, module) {
        (None, _) if !start.without_record => return Some(Message::RecordNeeded),
        (Some(record @ RecordRef::Connected(other)), _) => {
            return Some(Message::ConnectionMissing { record: record.clone(), connection: other.connection.clone() });
        }
        (Some(RecordRef::Own(record)), None) => return Some(Message::RecordMissing { record: *record }),
        (Some(RecordRef::Own(record)), Some(module)) => {
            if let Some(wanted) = start.module.as_ref().filter(|wanted| *wanted != module) {
                let (record, module, wanted) = (*record, module.clone(), wanted.clone());
                return Some(Message::WrongModule { record, module, wanted });
            }
        }
        (None, _) => {}
    }
    let condition = start.condition.as_ref()?;
    field_usage.note(condition.reads(), &scope.env);
    match condition.is_true(scope) {
        Ok(holds) => match (holds, scope.notes.take()) {
            (true, _) => None,
            (false, None) => Some(Message::ConditionFalse),
            (false, Some(noted)) => Some(Message::ConditionFalse.and_also(noted)),
        },
        Err(error) => Some(Message::ConditionFailed { message: Box::new(error.into()) }),
    }
}
