//! Cancels a run whose checkpoint has a person that is to be forgotten: it would go on with values that are not there any
//! more.

use std::time::Duration;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use crate::id::WorkflowId;
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::resume::{Resume, RunKey};
use crate::store::claims::{self, Claim, Holder};
use crate::store::digest::{self, Committed};
use crate::store::failure_groups::Failures;
use crate::store::runs::{Parent, State};
use crate::store::spool::{self, Alarm, Way};
use crate::store::{StoreError, checkpoints, runs};

const STANDING: &str = "-- cancel::standing
SELECT state::text, workflow, record, parent, parent_step, item, connected FROM runs
WHERE receipt = $1 AND number = $2 FOR UPDATE";

const END: &str = "-- cancel::end
UPDATE runs SET state = 'failed', message = $3, ended_at = now() WHERE receipt = $1 AND number = $2
RETURNING $COLUMNS";

const REMOVE: &str = "-- cancel::remove
DELETE FROM checkpoints WHERE receipt = $1 AND run = $2 RETURNING queued";

/// Ends a run that has not ended, and removes its checkpoint; returns whether it had not. What wakes it later finds nothing.
pub async fn cancel(transaction: &Transaction<'_>, key: &[String], message: &Message) -> Result<bool, StoreError> {
    let unreadable = || StoreError::Refused("a checkpoint has a key of another kind".into());
    let [receipt, number] = key else { return Err(unreadable()) };
    let receipt: Uuid = receipt.parse().map_err(|_| unreadable())?;
    let number: i16 = number.parse().map_err(|_| unreadable())?;
    let Some(row) = transaction.query_opt(STANDING, &[&receipt, &number]).await? else { return Ok(false) };
    if matches!(State::from_word(row.get(0)), None | Some(State::Finished | State::Failed)) {
        return Ok(false);
    }
    let end = END.replace("$COLUMNS", Failures::COLUMNS);
    let mut failures = Failures::default();
    failures.insert(&transaction.query_one(&end, &[&receipt, &number, &message.stored()]).await?)?;
    digest::enqueue(transaction, &Committed { failures, ..Committed::default() }).await?;
    let removed = transaction.query_opt(REMOVE, &[&receipt, &number]).await?;
    let was_queued = removed.is_some_and(|row| row.get(0));
    let key = RunKey { receipt: receipt.into(), number };
    let parent = |run| Some(Parent { run, step: row.get::<_, Option<i32>>(4)?, item: row.get::<_, Option<i32>>(5)? });
    if let Some(parent) = row.get::<_, Option<i16>>(3).and_then(parent) {
        let going = checkpoints::child_ended(transaction, key, parent, !was_queued).await?;
        wake(transaction, going).await?;
    }
    let workflow: Option<WorkflowId> = row.get::<_, i64>(1).try_into().ok();
    let record = RecordRef::of_columns(row.get(2), row.get(6));
    if let (Some(workflow), Some(record)) = (workflow, &record) {
        leave(transaction, key, workflow, record).await?;
    }
    Ok(true)
}

/// Lets the next run go on that waits for its turn on the record.
async fn leave(
    transaction: &Transaction<'_>,
    run: RunKey,
    workflow: WorkflowId,
    record: &RecordRef,
) -> Result<(), StoreError> {
    let (claim, mine) = (Claim::serial(workflow, record), Holder::from(run));
    if claims::holders(transaction, std::iter::once(&claim)).await?.get(&claim) != Some(&mine) {
        return Ok(());
    }
    let next = checkpoints::next_in_turn(transaction, workflow, record).await?;
    let holder = next.as_ref().map(|next| Holder::from(next.run));
    claims::hand_on(transaction, &claim, &mine, holder.as_ref()).await?;
    wake(transaction, next.into_iter().collect()).await
}

async fn wake(transaction: &Transaction<'_>, going: Vec<Resume>) -> Result<(), StoreError> {
    for resume in going {
        runs::wake(transaction, resume.run).await?;
        let way = Way::Resuming { of_many: false };
        spool::schedule(transaction, &[Alarm { resume, delay: Duration::ZERO, way }]).await?;
    }
    Ok(())
}
