//! The comments on records. They are written in the transaction of the run that makes them: exactly once.

use std::pin::pin;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;

use super::{StoreError, copy};
use crate::id::RecordId;
use crate::resume::RunKey;

const APPEND: &str = "-- comments::append
COPY comments (record, receipt, run, step, text) FROM STDIN (FORMAT binary)";

/// Of the columns of [`APPEND`].
const TYPES: [Type; 5] = [Type::INT8, Type::UUID, Type::INT2, Type::INT4, Type::TEXT];

const OF: &str = "-- comments::of
SELECT text, created_at FROM comments WHERE record = $1 ORDER BY created_at, receipt, run, step";

/// A comment to write.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// The record that it is on; it must exist.
    pub record: RecordId,
    /// The run.
    pub run: RunKey,
    /// The place of the step on the run's path, from 1.
    pub step: i32,
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
    for NewComment { record, run, step, text } in comments {
        rows.as_mut().write(&[&record.get(), &run.receipt.uuid(), &run.number, step, text]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// The comments on a record, oldest first.
pub async fn of(connection: &Object, record: RecordId) -> Result<Vec<Comment>, StoreError> {
    let rows = connection.query(OF, &[&record.get()]).await?;
    Ok(rows.iter().map(|row| Comment { text: row.get(0), created_at: row.get(1) }).collect())
}
