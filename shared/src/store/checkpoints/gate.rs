//! The gate of a workflow on hold: its runs stand before it, and later go through it a few at a time.

use deadpool_postgres::{Object, Transaction};

use super::woken;
use crate::id::WorkflowId;
use crate::resume::Resume;
use crate::store::StoreError;

/// From one workflow to the next, however many runs of each stand there.
const BEFORE_THE_GATE: &str = "-- gate::before_the_gate
WITH RECURSIVE w (workflow) AS (
    (SELECT workflow FROM checkpoints WHERE gate = 'closed' ORDER BY workflow LIMIT 1)
    UNION ALL
    SELECT (SELECT c.workflow FROM checkpoints c WHERE c.gate = 'closed' AND c.workflow > w.workflow
        ORDER BY c.workflow LIMIT 1) FROM w WHERE w.workflow IS NOT NULL
) SELECT workflow FROM w WHERE workflow IS NOT NULL";

/// Until the end of the transaction nobody else counts or lets go.
const MIND_THE_GATE: &str = "-- gate::mind_the_gate
SELECT pg_try_advisory_xact_lock(hashtext('postern_gate'))";

const UNDER_WAY: &str = "-- gate::under_way
SELECT count(*) FROM (SELECT FROM checkpoints WHERE workflow = $1 AND gate = 'passed' LIMIT $2) p";

const COUNT_BEFORE_THE_GATE: &str = "-- gate::count_before_the_gate
SELECT count(*) FROM (SELECT FROM checkpoints WHERE workflow = $1 AND gate = 'closed' LIMIT $2) c";

const LET_GO: &str = "-- gate::let_go
UPDATE checkpoints SET revision = revision + 1, gate = 'passed'
WHERE (receipt, run) IN (SELECT receipt, run FROM checkpoints
    WHERE workflow = $1 AND gate = 'closed' ORDER BY receipt, run LIMIT $2 FOR UPDATE)
RETURNING receipt, run, revision";

/// The workflows of which runs stand before the gate.
pub async fn before_the_gate(connection: &Object) -> Result<Vec<WorkflowId>, StoreError> {
    let statement = connection.prepare_cached(BEFORE_THE_GATE).await?;
    let rows = connection.query(&statement, &[]).await?;
    Ok(rows.iter().filter_map(|row| row.get::<_, i64>(0).try_into().ok()).collect())
}

/// How many runs of a workflow stand before its gate, at most `limit`.
pub async fn count_before_the_gate(connection: &Object, workflow: WorkflowId, limit: i64) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT_BEFORE_THE_GATE, &[&workflow.get(), &limit]).await?.get(0))
}

/// Lets runs of a workflow through its gate, the oldest first, until so many are under way; returns what wakes them.
/// Nothing while another process is at it.
pub async fn let_go(
    transaction: &Transaction<'_>,
    workflow: WorkflowId,
    at_most: i64,
) -> Result<Vec<Resume>, StoreError> {
    if !transaction.query_one(MIND_THE_GATE, &[]).await?.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let under_way: i64 = transaction.query_one(UNDER_WAY, &[&workflow.get(), &at_most]).await?.get(0);
    if under_way >= at_most {
        return Ok(Vec::new());
    }
    let rows = transaction.query(LET_GO, &[&workflow.get(), &(at_most - under_way)]).await?;
    let mut gone: Vec<Resume> = rows.iter().map(|row| woken(row, workflow)).collect();
    gone.sort_by_key(|one| one.run);
    Ok(gone)
}
