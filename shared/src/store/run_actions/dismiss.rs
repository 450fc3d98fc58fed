//! A person dismisses runs that have failed: nothing more is to be done about them.

use deadpool_postgres::Transaction;

use super::{Obstacle, Rescued, columns, key, state};
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
        dismissed.push(key(&row));
    }
    digest::enqueue(transaction, &Committed { failures, ..Committed::default() }).await?;
    let mut states = Vec::new();
    for row in transaction.query(STATES, &[&receipts, &numbers]).await? {
        states.push((key(&row), state(row.get(2))?));
    }
    let of = |run: &RunKey| match states.iter().find(|(known, _)| known == run) {
        _ if dismissed.contains(run) => Ok(*run),
        Some((_, State::Failed)) => Err(Obstacle::Settled),
        Some(_) => Err(Obstacle::NotFailed),
        None => Err(Obstacle::Unknown),
    };
    Ok(wanted.iter().map(|run| (*run, of(run))).collect())
}
