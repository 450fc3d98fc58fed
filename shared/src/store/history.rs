//! The partitions of the history, one a week, made ahead of the receipts that fall into them.

use deadpool_postgres::Object;

use super::StoreError;

/// How many weeks ahead partitions are made: workers may be away for a month before a receipt has no home.
const WEEKS_AHEAD: i32 = 4;

const MAKE_AHEAD: &str = "-- history::make_ahead
SELECT postern_make_partitions($1)";

/// Makes the partitions that are missing.
pub async fn make_ahead(connection: &Object) -> Result<(), StoreError> {
    connection.execute(MAKE_AHEAD, &[&WEEKS_AHEAD]).await?;
    Ok(())
}
