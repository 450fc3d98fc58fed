//! Runs that other runs start. They are written in the transaction of the step that starts them, as runs that go on at
//! once, each from a message of its own. Whether one begins is seen only then, when its record is locked: a step that
//! starts a thousand runs holds no thousand records.

use std::sync::Arc;

use postern_shared::comparison::Notes;
use postern_shared::expression::{Related, Scope};
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::checkpoints::Taken;
use postern_shared::store::{StoreError, Transaction};

use crate::bundle::queries;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::catalog::Pinned;
use crate::matching::{dedupe, resolve};
use crate::run::field_usage::FieldUsage;
use crate::run::references;

/// Why a run that another one started does not begin, or nothing. Its record is in the unit of work.
pub async fn refusal(
    transaction: &Transaction<'_>,
    taken: &Taken,
    pinned: &Pinned,
    unit: &mut UnitOfWork,
) -> Result<Option<Message>, StoreError> {
    let (workflow, named) = (&pinned.workflow, taken.run.record.as_ref());
    let id = named.and_then(RecordRef::own);
    let condition = workflow.start.condition.as_ref();
    let referred: &[Related] = condition.map_or(&[], |condition| &condition.reads().related);
    let record = id.and_then(|id| unit.fields(id));
    queries::look(transaction, references::missing(referred, record.as_deref(), &taken.checkpoint.env, unit), unit)
        .await?;
    let scope = Scope {
        related: references::values(referred, record.as_deref(), &taken.checkpoint.env, unit),
        env: Arc::new(taken.checkpoint.env.clone()),
        query: Arc::new(taken.query.clone()),
        request: Arc::new(taken.request.clone()),
        var: Arc::clone(unit.variables()),
        record,
        local: unit.local(workflow, format!("{} start", taken.run.key())),
        notes: Notes::default(),
    };
    let module = id.and_then(|id| unit.module(id));
    if let Some(reason) = resolve::refusal(workflow, named, module, &scope, &mut FieldUsage::default()) {
        return Ok(Some(reason));
    }
    match named.filter(|_| workflow.start.once_per_record) {
        Some(record) if !dedupe::is_the_one(transaction, &taken.run, record).await? => {
            Ok(Some(Message::OncePerRecord { record: record.clone() }))
        }
        _ => Ok(None),
    }
}
