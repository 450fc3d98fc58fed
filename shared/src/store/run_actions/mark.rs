//! Marks runs that have not ended: to be cancelled, or to wait no longer. A mark raises the revision of the checkpoint, which
//! is the fence: what another transaction was about to write of the run is then dropped, or was committed before and is found
//! here. A worker takes the run once more and does what the mark says; so its turn, its place and its alarm go on the ways on
//! which they always go.

use deadpool_postgres::Transaction;

use super::{Obstacle, Rescued, columns, key, resume_all};
use crate::resume::{Resume, RunKey};
use crate::store::StoreError;
use crate::store::spool::Way;

/// Waits for the transactions that have one of the runs. The checkpoint comes before the run, as workers take them.
const LOCK: &str = "-- mark::lock
SELECT FROM checkpoints c JOIN unnest($1::uuid[], $2::smallint[]) AS k (receipt, run)
    ON c.receipt = k.receipt AND c.run = k.run
ORDER BY c.receipt, c.run FOR UPDATE OF c";

/// Runs that have ended are left out. A run stays queued: its end then frees no place among the runs of its step.
const CANCEL: &str = "-- mark::cancel
UPDATE checkpoints c SET revision = c.revision + 1, decision = 'cancel', waits_for_turn = false, gate = NULL,
    awaits = false
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, run), runs r
WHERE c.receipt = k.receipt AND c.run = k.run AND r.receipt = k.receipt AND r.number = k.run
    AND r.state NOT IN ('failed', 'finished')
RETURNING c.receipt, c.run, c.workflow, c.revision";

/// Only runs with a part that waits for a time, at a delay or for the next try of a call, and for nothing else.
const WAKE: &str = "-- mark::wake
UPDATE checkpoints c SET revision = c.revision + 1, decision = 'wake'
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, run), runs r
WHERE c.receipt = k.receipt AND c.run = k.run AND r.receipt = k.receipt AND r.number = k.run
    AND r.state = 'waiting' AND NOT c.waits_for_turn AND c.gate IS DISTINCT FROM 'closed'
    AND c.document ->> 'calling' IS DISTINCT FROM 'true'
    AND EXISTS (SELECT FROM json_array_elements(c.document -> 'parked') AS part
        WHERE part -> 'steps' -> -1 -> 'awaits' IS NULL)
RETURNING c.receipt, c.run, c.workflow, c.revision";

const GO_ON: &str = "-- mark::go_on
UPDATE runs SET state = 'running', message = NULL
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, number)
WHERE runs.receipt = k.receipt AND runs.number = k.number";

const KNOWN: &str = "-- mark::known
SELECT r.receipt, r.number FROM runs r JOIN unnest($1::uuid[], $2::smallint[]) AS k (receipt, number)
    ON r.receipt = k.receipt AND r.number = k.number";

/// What becomes of a run that is marked.
#[derive(Debug, Clone, Copy)]
pub enum Mark {
    /// It ends as failed.
    Cancel,
    /// It goes on as if the time had come that comes first of those for which it waits.
    Wake,
}

impl Mark {
    /// The statement that marks, and what is in the way of a run that it leaves out.
    fn parts(self) -> (&'static str, Obstacle) {
        match self {
            Self::Cancel => (CANCEL, Obstacle::Ended),
            Self::Wake => (WAKE, Obstacle::NoTime),
        }
    }
}

/// Marks runs in the caller's transaction; tells of each whether it goes on now.
pub async fn mark_all(
    transaction: &Transaction<'_>,
    wanted: &[RunKey],
    mark: Mark,
) -> Result<Vec<(RunKey, Rescued)>, StoreError> {
    let (receipts, numbers) = columns(wanted);
    let (statement, obstacle) = mark.parts();
    transaction.query(LOCK, &[&receipts, &numbers]).await?;
    let mut marked = Vec::new();
    for row in transaction.query(statement, &[&receipts, &numbers]).await? {
        let workflow = row.get::<_, i64>(2).try_into();
        let workflow = workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?;
        marked.push(Resume { run: key(&row), workflow, revision: row.get(3) });
    }
    let gone: Vec<RunKey> = marked.iter().map(|resume| resume.run).collect();
    let (marked_receipts, marked_numbers) = columns(&gone);
    transaction.execute(GO_ON, &[&marked_receipts, &marked_numbers]).await?;
    resume_all(transaction, marked, &Way::Resuming { of_many: false }).await?;
    let known: Vec<RunKey> = transaction.query(KNOWN, &[&receipts, &numbers]).await?.iter().map(key).collect();
    let of = |run: &RunKey| match (gone.contains(run), known.contains(run)) {
        (true, _) => Ok(*run),
        (false, true) => Err(obstacle),
        (false, false) => Err(Obstacle::Unknown),
    };
    Ok(wanted.iter().map(|run| (*run, of(run))).collect())
}
