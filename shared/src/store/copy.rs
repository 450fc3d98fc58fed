//! Rows by COPY in binary: for many at once it costs PostgreSQL about half of an INSERT from arrays, and knows no ON
//! CONFLICT.

use deadpool_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::StoreError;

/// Takes the rows of a statement; until it is finished nothing else is asked of the connection.
pub async fn into(
    transaction: &Transaction<'_>,
    statement: &str,
    types: &[Type],
) -> Result<BinaryCopyInWriter, StoreError> {
    let statement = transaction.prepare_cached(statement).await?;
    Ok(BinaryCopyInWriter::new(transaction.copy_in(&statement).await?, types))
}

/// The error of rows that should have been new.
pub fn taken(error: tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => StoreError::Taken,
        _ => error.into(),
    }
}
