//! The log of the runs: one row a step taken, which together are the run's path through its graph.

use std::pin::pin;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;

use super::runs::Run;
use super::{StoreError, copy};
use crate::id::{ReceiptId, WorkflowId};
use crate::message::Message;
use crate::resume::RunKey;

const APPEND: &str = "-- run_log::append
COPY run_log (receipt, workflow, origin, number, step, task, output, message, at) FROM STDIN (FORMAT binary)";

/// Of the columns of [`APPEND`].
const TYPES: [Type; 9] =
    [Type::UUID, Type::INT8, Type::TEXT, Type::INT4, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TIMESTAMPTZ];

/// The last steps of each run, so that one that went round for ever costs no more than another.
const OF: &str = "-- run_log::of
SELECT last.workflow, last.number, last.step, last.task, last.output, last.message, last.at, last.origin
FROM unnest($2::bigint[], $3::text[]) AS run (workflow, origin) CROSS JOIN LATERAL (
    SELECT workflow, number, step, task, output, message, at, origin FROM run_log
    WHERE receipt = $1 AND workflow = run.workflow AND origin = run.origin ORDER BY number DESC LIMIT $4
) AS last
ORDER BY last.workflow, length(last.origin), last.origin, last.number";

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
    /// What the task had to say, or why the step failed.
    pub message: Option<Message>,
    /// By the clock of the worker.
    pub at: SystemTime,
}

impl Entry {
    /// Whether it is a step of this run.
    pub fn is_of(&self, run: &Run) -> bool {
        self.workflow == run.workflow && self.origin == run.origin
    }
}

/// Writes the steps that the runs of a bundle took. By COPY, since there are several for each run.
pub async fn append(transaction: &Transaction<'_>, entries: &[Entry]) -> Result<(), StoreError> {
    let mut rows = pin!(copy::into(transaction, APPEND, &TYPES).await?);
    for entry in entries {
        let (receipt, workflow) = (entry.receipt.uuid(), entry.workflow.get());
        let Entry { origin, number, step, task, output, at, .. } = entry;
        let message = entry.message.as_ref().map(Message::stored);
        rows.as_mut().write(&[&receipt, &workflow, origin, number, step, task, output, &message, at]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// Removes the steps that a run took so far.
pub async fn forget(transaction: &Transaction<'_>, run: &RunKey) -> Result<(), StoreError> {
    transaction.execute(FORGET, &[&run.receipt.uuid(), &run.workflow.get(), &run.origin]).await?;
    Ok(())
}

/// The steps that these runs of a receipt took, of each run the last `most`: by workflow, then in order.
pub async fn of(connection: &Object, receipt: ReceiptId, runs: &[Run], most: i64) -> Result<Vec<Entry>, StoreError> {
    let workflows: Vec<i64> = runs.iter().map(|run| run.workflow.get()).collect();
    let origins: Vec<&str> = runs.iter().map(|run| run.origin.as_str()).collect();
    let statement = connection.prepare_cached(OF).await?;
    let rows = connection.query(&statement, &[&receipt.uuid(), &workflows, &origins, &most]).await?;
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
                message: row.get::<_, Option<&str>>(5).map(Message::of_stored),
                at: row.get(6),
                origin: row.get(7),
            })
        })
        .collect()
}
