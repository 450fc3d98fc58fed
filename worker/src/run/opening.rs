//! Whether a run begins that is on a record of another system. The bundle knows such a record by its name alone; so the run's
//! first call reads the record, and only then the module, the condition and *once per record* are decided.

use std::sync::Arc;

use postern_shared::comparison::Notes;
use postern_shared::env::Env;
use postern_shared::expression::Scope;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedRecord, RecordRef};
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Taken;
use postern_shared::store::receipts::{self, Skipped};
use postern_shared::store::{StoreError, Transaction, run_steps, runs};

use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::catalog::Pinned;
use crate::matching::{dedupe, resolve};
use crate::outside::call::{Failure, Report};
use crate::outside::connected::What;
use crate::run::field_usage::FieldUsage;

/// Whether a run begins.
pub enum Opening {
    /// It has begun, or needs no look.
    Open,
    /// Its record was not read yet.
    Unread,
    /// It begins.
    Opens,
    /// It does not.
    Refused(Message),
}

/// Looks whether a run begins, when `report` says what its record is.
pub async fn opening(
    transaction: &Transaction<'_>,
    taken: &Taken,
    report: Option<&Report>,
    pinned: &Pinned,
    unit: &UnitOfWork,
) -> Result<Opening, StoreError> {
    let Some(record @ RecordRef::Connected(connected)) = &taken.run.record else { return Ok(Opening::Open) };
    if taken.checkpoint.elsewhere.is_open {
        return Ok(Opening::Open);
    }
    if let Some(reason) = unit.unreachable(record) {
        return Ok(Opening::Refused(reason));
    }
    let fields = match report {
        Some(Report::Done(done)) => match &done.what {
            What::Read(fields) => fields,
            What::Gone(_) => return Ok(refused(connected)),
            _ => return Ok(Opening::Unread),
        },
        Some(Report::Failed(failure)) if is_missing(failure) => return Ok(Opening::Refused(failure.reason.clone())),
        // Any other failure is one of the run's first step.
        _ => return Ok(Opening::Unread),
    };
    let scope = scope(taken, fields, pinned, unit);
    if let Some(reason) = resolve::refusal(&pinned.workflow, Some(record), None, &scope, &mut FieldUsage::default()) {
        return Ok(Opening::Refused(reason));
    }
    if pinned.workflow.start.once_per_record && !dedupe::is_the_one(transaction, &taken.run, record).await? {
        return Ok(Opening::Refused(Message::OncePerRecord { record: record.clone() }));
    }
    Ok(Opening::Opens)
}

/// Forgets a run that a submission started and that does not begin: its receipt names the workflow and the reason instead.
pub async fn forget(transaction: &Transaction<'_>, run: RunKey, skipped: &Skipped) -> Result<(), StoreError> {
    run_steps::forget(transaction, run).await?;
    runs::remove(transaction, run).await?;
    receipts::skip(transaction, run.receipt, skipped).await
}

/// Whether there is no such record. vtiger numbers the records of all modules together, so a record of another module has
/// the number.
fn is_missing(failure: &Failure) -> bool {
    matches!(failure.reason, Message::VtigerRecordMissing { .. } | Message::VtigerWrongModule { .. })
}

fn refused(record: &ConnectedRecord) -> Opening {
    Opening::Refused(Message::VtigerRecordMissing { record: record.clone().into() })
}

/// What a start's condition reads. It finds no fields of the records to which this one refers: these were not read.
fn scope(taken: &Taken, fields: &Env, pinned: &Pinned, unit: &UnitOfWork) -> Scope {
    Scope {
        env: Arc::new(taken.checkpoint.env.clone()),
        query: Arc::new(taken.query.clone()),
        request: Arc::new(taken.request.clone()),
        var: Arc::clone(unit.variables()),
        record: Some(Arc::new(fields.clone())),
        related: Arc::default(),
        local: unit.local(&pinned.workflow, format!("{} start", taken.run.key())),
        notes: Notes::default(),
    }
}
