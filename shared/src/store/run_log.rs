//! The log of the runs: one row a step taken, which together are the run's path through its graph.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use crate::id::{ReceiptId, WorkflowId};

const APPEND: &str = "-- run_log::append
INSERT INTO run_log (receipt, workflow, number, step, task, output, message, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[])";

const OF: &str = "-- run_log::of
SELECT workflow, number, step, task, output, message, at FROM run_log WHERE receipt = $1
ORDER BY workflow, origin, number";

/// A step that a run took.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The receipt of the run.
    pub receipt: ReceiptId,
    /// The workflow of the run.
    pub workflow: WorkflowId,
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

/// Writes the steps that the runs of a bundle took.
pub async fn append(transaction: &Transaction<'_>, entries: &[Entry]) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(APPEND).await?;
    transaction
        .execute(
            &statement,
            &[
                &entries.iter().map(|entry| entry.receipt.uuid()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| entry.workflow.get()).collect::<Vec<_>>(),
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
            })
        })
        .collect()
}
