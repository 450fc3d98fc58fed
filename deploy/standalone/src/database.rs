//! The database that `migrate` works on.

use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, Store, StoreError};

use crate::output::Failure;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(error.to_string(), "DATABASE_URL, or the flag of that name, names the PostgreSQL")
    }
}

/// A connection to the server itself, whatever the schema is.
pub async fn connect(options: &DatabaseOptions) -> Result<Connection, Failure> {
    Ok(Store::new(options, "postern migrate")?.direct(1)?.connection().await?)
}
