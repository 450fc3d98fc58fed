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
use crate::matching::record_of::record_of;
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
        let record = submission.record.clone().map(|record| record_of(catalog.modules(), &pinned.workflow, record));
        let own = match &record {
            // What the own table has under this number is another record.
            Some(RecordRef::Connected(_)) => scope.record.take(),
            _ => None,
        };
        let refusal = refusal(&pinned.workflow, record.as_ref(), module, scope, &mut resolved.field_usage);
        scope.record = own.or_else(|| scope.record.take());
        match refusal.or_else(|| unreachable(catalog, record.as_ref()?)) {
            None => resolved.start.push(Arc::clone(pinned)),
            Some(reason) => resolved.skipped.push(Skipped { workflow: Some(pinned.workflow.id), reason }),
        }
    }
    resolved
}

/// Why no record of this reference can be reached, or nothing.
pub fn unreachable(catalog: &Catalog, record: &RecordRef) -> Option<Message> {
    let connection = &record.connected()?.connection;
    let missing = || Message::ConnectionMissing { record: record.clone(), connection: connection.clone() };
    catalog.connections().vtiger(connection).is_none().then(missing)
}

/// Why a workflow does not run on a record, or without one, or nothing. `module` as above. Of a record of another system this
/// is seen when the run has read its fields: before that `scope` has none.
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
            if start.module.as_ref().is_some_and(|wanted| *wanted != other.module) {
                return Some(Message::VtigerWrongModule { record: record.clone() });
            }
            // What it is is known when it was read.
            scope.record.as_ref()?;
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
