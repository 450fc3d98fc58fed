//! The comments on records. They are written in the transaction of the run that makes them: exactly once.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use crate::id::{ReceiptId, RecordId, WorkflowId};

const APPEND: &str = "-- comments::append
INSERT INTO comments (record, receipt, workflow, number, text)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::int[], $5::text[])";

const OF: &str = "-- comments::of
SELECT text, created_at FROM comments WHERE record = $1 ORDER BY id";

/// A comment to write.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// The record that it is on; it must exist.
    pub record: RecordId,
    /// The receipt of the run.
    pub receipt: ReceiptId,
    /// The workflow of the run.
    pub workflow: WorkflowId,
    /// The place of the step on the run's path, from 1.
    pub number: i32,
    /// What it says.
    pub text: String,
}

/// A comment as it is shown.
#[derive(Debug, Clone)]
pub struct Comment {
    /// What it says.
    pub text: String,
    /// By the clock of the database.
    pub created_at: SystemTime,
}

/// Writes comments in the order in which they were made.
pub async fn append(transaction: &Transaction<'_>, comments: &[NewComment]) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(APPEND).await?;
    transaction
        .execute(
            &statement,
            &[
                &comments.iter().map(|one| one.record.get()).collect::<Vec<_>>(),
                &comments.iter().map(|one| one.receipt.uuid()).collect::<Vec<_>>(),
                &comments.iter().map(|one| one.workflow.get()).collect::<Vec<_>>(),
                &comments.iter().map(|one| one.number).collect::<Vec<_>>(),
                &comments.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// The comments on a record, oldest first.
pub async fn of(connection: &Object, record: RecordId) -> Result<Vec<Comment>, StoreError> {
    let rows = connection.query(OF, &[&record.get()]).await?;
    Ok(rows.iter().map(|row| Comment { text: row.get(0), created_at: row.get(1) }).collect())
}
