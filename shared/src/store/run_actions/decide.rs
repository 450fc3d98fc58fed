//! A person decides about the step at which a run needs attention.

use deadpool_postgres::{Object, Transaction};

use super::{Obstacle, Rescued, note, resume_all, state};
use crate::id::WorkflowId;
use crate::resume::{Resume, RunKey};
use crate::store::checkpoints::Decision;
use crate::store::runs::State;
use crate::store::spool::Way;
use crate::store::{StoreError, outside_calls};

/// Two persons at one run: the second waits here and finds what the first has done.
const STANDING: &str = "-- decide::standing
SELECT state::text, workflow FROM runs WHERE receipt = $1 AND number = $2 FOR UPDATE";

const DECIDE: &str = "-- decide::decide
UPDATE checkpoints SET revision = revision + 1, decision = $3 WHERE receipt = $1 AND run = $2 RETURNING revision";

const GO_ON: &str = "-- decide::go_on
UPDATE runs SET state = 'running', message = NULL WHERE receipt = $1 AND number = $2";

/// Decides about the step at which a run needs attention.
pub async fn decide(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    decision: Decision,
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let Some((state, workflow)) = standing(&transaction, run).await? else { return Ok(Err(Obstacle::Unknown)) };
    if state != State::NeedsAttention {
        return Ok(Err(Obstacle::NotUndecided));
    }
    let receipt = run.receipt.uuid();
    if decision == Decision::Repeat {
        outside_calls::withdraw(&transaction, run).await?;
    }
    let row = transaction.query_one(DECIDE, &[&receipt, &run.number, &decision.word()]).await?;
    transaction.execute(GO_ON, &[&receipt, &run.number]).await?;
    let resume = Resume { run, workflow, revision: row.get(0) };
    resume_all(&transaction, vec![resume], &Way::Resuming { of_many: false }).await?;
    note(&transaction, account, (decision.word(), None), run).await?;
    transaction.commit().await?;
    Ok(Ok(run))
}

async fn standing(transaction: &Transaction<'_>, run: RunKey) -> Result<Option<(State, WorkflowId)>, StoreError> {
    let Some(row) = transaction.query_opt(STANDING, &[&run.receipt.uuid(), &run.number]).await? else {
        return Ok(None);
    };
    let workflow = row.get::<_, i64>(1).try_into();
    let workflow = workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?;
    Ok(Some((state(row.get(0))?, workflow)))
}
