//! The comments on records. They are written in the transaction of the run that makes them: exactly once.

use std::pin::pin;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;

use super::{StoreError, copy};
use crate::id::{ReceiptId, RecordId, WorkflowId};

const APPEND: &str = "-- comments::append
COPY comments (record, receipt, workflow, number, text) FROM STDIN (FORMAT binary)";

/// Of the columns of [`APPEND`].
const TYPES: [Type; 5] = [Type::INT8, Type::UUID, Type::INT8, Type::INT4, Type::TEXT];

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
    let mut rows = pin!(copy::into(transaction, APPEND, &TYPES).await?);
    for NewComment { record, receipt, workflow, number, text } in comments {
        rows.as_mut().write(&[&record.get(), &receipt.uuid(), &workflow.get(), number, text]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// The comments on a record, oldest first.
pub async fn of(connection: &Object, record: RecordId) -> Result<Vec<Comment>, StoreError> {
    let rows = connection.query(OF, &[&record.get()]).await?;
    Ok(rows.iter().map(|row| Comment { text: row.get(0), created_at: row.get(1) }).collect())
}
