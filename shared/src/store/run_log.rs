//! The log of the runs: one row a step taken, which together are the run's path through its graph.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use super::runs::Run;
use crate::id::{ReceiptId, WorkflowId};
use crate::resume::RunKey;

const APPEND: &str = "-- run_log::append
INSERT INTO run_log (receipt, workflow, origin, number, step, task, output, message, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::timestamptz[])";

const OF: &str = "-- run_log::of
SELECT workflow, number, step, task, output, message, at, origin FROM run_log WHERE receipt = $1
ORDER BY workflow, length(origin), origin, number";

const FORGET: &str = "-- run_log::forget
DELETE FROM run_log WHERE receipt = $1 AND workflow = $2 AND origin = $3";

/// A step that a run took.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The receipt of the run.
    pub receipt: ReceiptId,
    /// The workflow of the run.
    pub workflow: WorkflowId,
    /// The origin of the run.
    pub origin: String,
    /// The place on the run's path, from 1.
    pub number: i32,
    /// The name of the step.
    pub step: String,
    /// The name of its task.
    pub task: String,
    /// The output by which the run left it; none = the run ended there.
    pub output: Option<String>,
    /// What the task had to say.
    pub message: Option<String>,
    /// By the clock of the worker.
    pub at: SystemTime,
}

impl Entry {
    /// Whether it is a step of this run.
    pub fn is_of(&self, run: &Run) -> bool {
        self.workflow == run.workflow && self.origin == run.origin
    }
}

/// Writes the steps that the runs of a bundle took.
pub async fn append(transaction: &Transaction<'_>, entries: &[Entry]) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(APPEND).await?;
    transaction
        .execute(
            &statement,
            &[
                &entries.iter().map(|entry| entry.receipt.uuid()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.workflow.get()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.origin.as_str()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.number).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.step.as_str()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.task.as_str()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.output.as_deref()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.message.as_deref()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.at).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// Removes the steps that a run took so far.
pub async fn forget(transaction: &Transaction<'_>, run: &RunKey) -> Result<(), StoreError> {
    transaction.execute(FORGET, &[&run.receipt.uuid(), &run.workflow.get(), &run.origin]).await?;
    Ok(())
}

/// The steps that the runs of a receipt took: by workflow, then in order.
pub async fn of(connection: &Object, receipt: ReceiptId) -> Result<Vec<Entry>, StoreError> {
    let rows = connection.query(OF, &[&receipt.uuid()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                receipt,
                workflow: (row.get::<_, i64>(0).try_into())
                    .map_err(|_| StoreError::Refused("a stored step has an unreadable workflow".into()))?,
                number: row.get(1),
                step: row.get(2),
                task: row.get(3),
                output: row.get(4),
                message: row.get(5),
                at: row.get(6),
                origin: row.get(7),
            })
        })
        .collect()
}
