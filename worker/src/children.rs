//! Runs that other runs start. They are written in the transaction of the step that starts them, as runs that go on at
//! once, each from a message of its own. Whether one begins is seen only then, when its record is locked: a step that
//! starts a thousand runs holds no thousand records, and nobody waits for it.

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::expression::{Related, Scope};
use postern_shared::store::checkpoints::Taken;
use postern_shared::store::runs::{self, Run};
use postern_shared::store::{StoreError, Transaction};

use crate::catalog::Pinned;
use crate::checkpoint::{Checkpoints, Wake};
use crate::desk::Desk;
use crate::names::Names;
use crate::{claims, questions, related, resolve};

/// A run that a step starts.
#[derive(Debug)]
pub struct Child {
    pub run: Run,
    /// Its checkpoint.
    pub document: String,
    pub pinned: Arc<Pinned>,
}

/// Writes runs that steps started; returns whether any begins at once; see [`crate::checkpoint::Alarms::write`].
pub async fn write(transaction: &Transaction<'_>, started: Vec<Child>, now: SystemTime) -> Result<bool, StoreError> {
    if started.is_empty() {
        return Ok(false);
    }
    let (mut checkpoints, mut new) = (Checkpoints::new(now), Vec::with_capacity(started.len()));
    for Child { run, document, pinned } in started {
        let wake = if pinned.workflow.start.hold { Wake::Held } else { Wake::Now };
        checkpoints.add(&run, document, Some(wake));
        new.push(run);
    }
    runs::insert(transaction, &new).await?;
    checkpoints.write(transaction).await
}

/// Why a run that another one started does not begin, or nothing. Its record is on the desk.
pub async fn refusal(
    transaction: &Transaction<'_>,
    taken: &Taken,
    pinned: &Pinned,
    desk: &mut Desk,
) -> Result<Option<String>, StoreError> {
    let (workflow, id) = (&pinned.workflow, taken.run.record);
    let condition = workflow.start.condition.as_ref();
    let referred: &[Related] = condition.map_or(&[], |condition| &condition.reads().related);
    let record = id.and_then(|id| desk.fields(id));
    questions::look(transaction, related::missing(referred, record.as_deref(), desk), desk).await?;
    let scope = Scope {
        related: related::values(referred, record.as_deref(), desk),
        env: Arc::new(taken.checkpoint.env.clone()),
        query: Arc::new(taken.query.clone()),
        request: Arc::new(taken.request.clone()),
        record,
    };
    let module = id.and_then(|id| desk.module(id));
    if let Some(reason) = resolve::refusal(workflow, id, module, &scope, &mut Names::default()) {
        return Ok(Some(reason));
    }
    match id.filter(|_| workflow.start.once_per_record) {
        Some(record) if !claims::is_the_one(transaction, &taken.run, record).await? => {
            Ok(Some(claims::has_run(record)))
        }
        _ => Ok(None),
    }
}
