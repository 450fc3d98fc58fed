//! The ledger of what reached outside. The intent is committed before a call and what came of it with the run's
//! progress, so an intent that nobody completed is a call of which nobody knows what came of it.

use std::time::Duration;

use deadpool_postgres::Transaction;

use super::StoreError;
use crate::resume::RunKey;

const INTEND: &str = "-- outside_calls::intend
INSERT INTO outside_calls (receipt, run, step) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING";

const AGE: &str = "-- outside_calls::age
SELECT extract(epoch FROM now() - intent_at)::float8 FROM outside_calls
WHERE receipt = $1 AND run = $2 AND step = $3";

const RENEW: &str = "-- outside_calls::renew
UPDATE outside_calls SET intent_at = now() WHERE receipt = $1 AND run = $2 AND step = $3";

const COMPLETE: &str = "-- outside_calls::complete
UPDATE outside_calls SET done_at = now() WHERE receipt = $1 AND run = $2 AND step = $3";

const WITHDRAW: &str = "-- outside_calls::withdraw
DELETE FROM outside_calls c USING runs r
WHERE c.receipt = $1 AND c.run = $2 AND r.receipt = $1 AND r.number = $2 AND c.step > r.steps_taken";

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Nobody has tried before.
    New,
    /// Somebody wrote an intent this long ago, and not what came of it.
    Open(Duration),
}

/// Notes that a call is about to be made, or tells since when somebody is at it.
pub async fn intend(transaction: &Transaction<'_>, run: RunKey, step: i32) -> Result<Intent, StoreError> {
    let receipt = run.receipt.uuid();
    if transaction.execute(INTEND, &[&receipt, &run.number, &step]).await? == 1 {
        return Ok(Intent::New);
    }
    let row = transaction.query_one(AGE, &[&receipt, &run.number, &step]).await?;
    Ok(Intent::Open(Duration::from_secs_f64(row.get::<_, f64>(0).max(0.0))))
}

/// Notes that a call is made again of which nobody knows what came.
pub async fn renew(transaction: &Transaction<'_>, run: RunKey, step: i32) -> Result<(), StoreError> {
    transaction.execute(RENEW, &[&run.receipt.uuid(), &run.number, &step]).await?;
    Ok(())
}

/// Notes that it is known what came of a call.
pub async fn complete(transaction: &Transaction<'_>, run: RunKey, step: i32) -> Result<(), StoreError> {
    transaction.execute(COMPLETE, &[&run.receipt.uuid(), &run.number, &step]).await?;
    Ok(())
}

/// Forgets the intent of the call at which a run stands: it is to be made again.
pub async fn withdraw(transaction: &Transaction<'_>, run: RunKey) -> Result<(), StoreError> {
    transaction.execute(WITHDRAW, &[&run.receipt.uuid(), &run.number]).await?;
    Ok(())
}
