//! The database that a command works on.

use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, Store, StoreError, migrate};

use crate::output::Failure;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A connection, whatever the schema is.
pub async fn connect(options: &DatabaseOptions) -> Result<Connection, Failure> {
    Ok(Store::new(options, "postern")?.connection().await?)
}

/// A connection to a database with the schema of this program.
pub async fn open(options: &DatabaseOptions) -> Result<Connection, Failure> {
    let connection = connect(options).await?;
    migrate::check(&connection).await?;
    Ok(connection)
}
