//! A person dismisses runs that have failed: nothing more is to be done about them.

use deadpool_postgres::{Object, Transaction};

use super::{Obstacle, Rescued, columns, note, state};
use crate::resume::RunKey;
use crate::store::StoreError;
use crate::store::digest::{self, Committed};
use crate::store::failure_groups::Failures;
use crate::store::runs::State;

const DISMISS: &str = "-- dismiss::dismiss
UPDATE runs SET dismissed_by = $3
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, number)
WHERE runs.receipt = k.receipt AND runs.number = k.number AND runs.state = 'failed'
    AND runs.replaced_by IS NULL AND runs.handled_by IS NULL AND runs.dismissed_by IS NULL
RETURNING $COLUMNS";

const STATES: &str = "-- dismiss::states
SELECT r.receipt, r.number, r.state::text FROM runs r
JOIN unnest($1::uuid[], $2::smallint[]) AS k (receipt, number) ON r.receipt = k.receipt AND r.number = k.number";

/// Dismisses a run that has failed.
pub async fn dismiss(connection: &mut Object, account: &str, run: RunKey) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    match dismiss_all(&transaction, account, &[run]).await?.pop() {
        Some((_, Ok(_))) => {}
        Some((_, Err(obstacle))) => return Ok(Err(obstacle)),
        None => return Ok(Err(Obstacle::Unknown)),
    }
    note(&transaction, account, ("dismiss", None), run).await?;
    transaction.commit().await?;
    Ok(Ok(run))
}

/// Dismisses runs in the caller's transaction; tells of each whether it is dismissed now.
pub async fn dismiss_all(
    transaction: &Transaction<'_>,
    account: &str,
    wanted: &[RunKey],
) -> Result<Vec<(RunKey, Rescued)>, StoreError> {
    let (receipts, numbers) = columns(wanted);
    let (mut failures, mut dismissed) = (Failures::default(), Vec::new());
    let dismiss = DISMISS.replace("$COLUMNS", Failures::COLUMNS);
    for row in transaction.query(&dismiss, &[&receipts, &numbers, &account]).await? {
        failures.remove(&row)?;
        dismissed.push(RunKey { receipt: row.get::<_, uuid::Uuid>(0).into(), number: row.get(1) });
    }
    digest::enqueue(transaction, &Committed { failures, ..Committed::default() }).await?;
    let mut states = Vec::new();
    for row in transaction.query(STATES, &[&receipts, &numbers]).await? {
        let run = RunKey { receipt: row.get::<_, uuid::Uuid>(0).into(), number: row.get(1) };
        states.push((run, state(row.get(2))?));
    }
    let of = |run: &RunKey| match states.iter().find(|(known, _)| known == run) {
        _ if dismissed.contains(run) => Ok(*run),
        Some((_, State::Failed)) => Err(Obstacle::Settled),
        Some(_) => Err(Obstacle::NotFailed),
        None => Err(Obstacle::Unknown),
    };
    Ok(wanted.iter().map(|run| (*run, of(run))).collect())
}
