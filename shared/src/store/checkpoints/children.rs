//! The end of a run that another one waits for: the next run of its step begins, and the last one wakes the run that waits.

use deadpool_postgres::Transaction;

use super::woken;
use crate::id::{ReceiptId, WorkflowId};
use crate::resume::{Resume, RunKey};
use crate::store::StoreError;
use crate::store::runs::Parent;

/// Two runs that end at a time let two others begin. A run that a person has cancelled takes no place.
const NEXT: &str = "-- children::next
UPDATE checkpoints SET revision = revision + 1, queued = false
WHERE (receipt, run) = (SELECT c.receipt, c.run FROM checkpoints c
    JOIN runs r ON r.receipt = c.receipt AND r.number = c.run
    WHERE c.receipt = $1 AND c.queued AND c.decision IS NULL AND r.parent = $2 AND r.parent_step = $3
    ORDER BY c.run LIMIT 1 FOR UPDATE OF c $LOCKED)
RETURNING receipt, run, revision, workflow";

/// Before the look at the other runs of the step: of two that end at a time the second finds that the first has ended.
/// The lock is taken even if the parent does not wait yet: the parent's transaction may be about to write that it does.
const LOCK_PARENT: &str = "-- children::lock_parent
SELECT FROM checkpoints WHERE receipt = $1 AND run = $2 FOR UPDATE";

const WAKE_PARENT: &str = "-- children::wake_parent
UPDATE checkpoints SET revision = revision + 1, awaits = false
WHERE receipt = $1 AND run = $2 AND awaits
    AND EXISTS (SELECT FROM runs WHERE receipt = $1 AND number = $2 AND state = 'waiting')
    AND NOT EXISTS (SELECT FROM runs WHERE receipt = $1 AND parent = $2 AND parent_step = $3 AND replaced_by IS NULL
        AND state NOT IN ('finished', 'failed'))
RETURNING receipt, run, revision, workflow";

const WAIT_FOR: &str = "-- children::wait_for
WITH RECURSIVE w (number) AS (
    SELECT $2::smallint
    UNION SELECT r.parent FROM w JOIN runs r ON r.receipt = $1 AND r.number = w.number
        JOIN checkpoints c ON c.receipt = $1 AND c.run = w.number
    WHERE r.parent IS NOT NULL AND c.document -> 'awaited' IS NOT NULL
) SELECT number FROM w";

/// The runs that wait for a run which this parent waits for: the parent, the run that waits for the parent, and so on.
pub async fn wait_for(transaction: &Transaction<'_>, receipt: ReceiptId, parent: i16) -> Result<Vec<i16>, StoreError> {
    let rows = transaction.query(WAIT_FOR, &[&receipt.uuid(), &parent]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Notes that a run has ended that another one waits for; returns what goes on now. To be called when the end of the run is
/// written. `frees_place`: the run had begun, so that the next one of its step may.
pub async fn child_ended(
    transaction: &Transaction<'_>,
    run: RunKey,
    parent: Parent,
    frees_place: bool,
) -> Result<Vec<Resume>, StoreError> {
    let (receipt, mut going) = (run.receipt.uuid(), Vec::new());
    if frees_place {
        going.extend(next(transaction, run, parent).await?);
    }
    if transaction.query_opt(LOCK_PARENT, &[&receipt, &parent.run]).await?.is_some()
        && let Some(row) = transaction.query_opt(WAKE_PARENT, &[&receipt, &parent.run, &parent.step]).await?
    {
        going.push(resume(&row)?);
    }
    Ok(going)
}

/// A queued run that another transaction has locked may be left queued by it: the second look waits for that transaction.
async fn next(transaction: &Transaction<'_>, run: RunKey, parent: Parent) -> Result<Option<Resume>, StoreError> {
    for locked in ["SKIP LOCKED", ""] {
        let next = NEXT.replace("$LOCKED", locked);
        let row = transaction.query_opt(&next, &[&run.receipt.uuid(), &parent.run, &parent.step]).await?;
        if let Some(row) = row {
            return resume(&row).map(Some);
        }
    }
    Ok(None)
}

fn resume(row: &tokio_postgres::Row) -> Result<Resume, StoreError> {
    let workflow: Result<WorkflowId, _> = row.get::<_, i64>(3).try_into();
    let workflow = workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?;
    Ok(woken(row, workflow))
}
