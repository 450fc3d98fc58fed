//! Which migrations a database has, and the oldest reader of each.
//!
//! Programs whose last migration is 57 or an earlier one read `schema_migrations`, and refuse a number there that they do not
//! know. So that such a program works on a later schema, only those migrations stand there that it must not meet.

use deadpool_postgres::{GenericClient, Object};

use super::migration::Migration;
use crate::store::StoreError;

/// The last migration of the programs that read `schema_migrations`.
const LAST_OF_OLD_READERS: i32 = 57;

/// What was applied before there was `schema_versions` is needed by every program.
const PREPARE: &str = "-- ledger::prepare
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS schema_versions (
    number        integer PRIMARY KEY,
    oldest_reader integer NOT NULL CHECK (oldest_reader <= number),
    applied_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO schema_versions (number, oldest_reader, applied_at)
SELECT number, number, applied_at FROM schema_migrations ON CONFLICT DO NOTHING";

const EXIST: &str = "-- ledger::exist
SELECT to_regclass('schema_migrations') IS NOT NULL, to_regclass('schema_versions') IS NOT NULL";

const READ: &str = "-- ledger::read
SELECT number, oldest_reader FROM schema_versions ORDER BY number";

const READ_OLD: &str = "-- ledger::read_old
SELECT number, number FROM schema_migrations ORDER BY number";

const RECORD: &str = "-- ledger::record
INSERT INTO schema_versions (number, oldest_reader) VALUES ($1, $2)";

const RECORD_OLD: &str = "-- ledger::record_old
INSERT INTO schema_migrations (number) VALUES ($1)";

/// A migration that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub number: i32,
    /// The oldest program that works on what it left.
    pub oldest_reader: i32,
}

/// Makes the tables of the ledger if they are missing.
pub async fn prepare(connection: &Object) -> Result<(), StoreError> {
    Ok(connection.batch_execute(PREPARE).await?)
}

/// What was applied, in order.
pub async fn read(connection: &Object) -> Result<Vec<Applied>, StoreError> {
    let exist = connection.query_one(EXIST, &[]).await?;
    let rows = match (exist.get(0), exist.get(1)) {
        (_, true) => connection.query(READ, &[]).await?,
        (true, false) => connection.query(READ_OLD, &[]).await?,
        (false, false) => Vec::new(),
    };
    Ok(rows.iter().map(|row| Applied { number: row.get(0), oldest_reader: row.get(1) }).collect())
}

/// Records that a migration was applied.
pub async fn record(client: &impl GenericClient, migration: &Migration) -> Result<(), StoreError> {
    client.execute(RECORD, &[&migration.number, &migration.oldest_reader()]).await?;
    if migration.oldest_reader() > LAST_OF_OLD_READERS || migration.number <= LAST_OF_OLD_READERS {
        client.execute(RECORD_OLD, &[&migration.number]).await?;
    }
    Ok(())
}
