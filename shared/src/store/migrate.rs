//! The schema: numbered files, forward only, applied once each. A program refuses a schema that it does not know.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;

use super::{Store, StoreError};
use crate::backoff::Backoff;
use crate::shutdown::Shutdown;

/// All migrations in the order of their numbers, which may have gaps.
const MIGRATIONS: &[(i32, &str)] = &[
    (1, include_str!("../../migrations/0001_settings.sql")),
    (2, include_str!("../../migrations/0002_records.sql")),
    (3, include_str!("../../migrations/0003_history.sql")),
    (4, include_str!("../../migrations/0004_queue.sql")),
    (5, include_str!("../../migrations/0005_access.sql")),
    (6, include_str!("../../migrations/0006_roles.sql")),
    (7, include_str!("../../migrations/0007_search.sql")),
    (30, include_str!("../../migrations/0030_batches.sql")),
    (31, include_str!("../../migrations/0031_cancel.sql")),
    (32, include_str!("../../migrations/0032_jobs.sql")),
    (34, include_str!("../../migrations/0034_retention.sql")),
    (35, include_str!("../../migrations/0035_forgettings.sql")),
    (38, include_str!("../../migrations/0038_found_everywhere.sql")),
    (39, include_str!("../../migrations/0039_statistics.sql")),
    (42, include_str!("../../migrations/0042_secrets.sql")),
    (45, include_str!("../../migrations/0045_texts.sql")),
    (47, include_str!("../../migrations/0047_record_refs.sql")),
    (48, include_str!("../../migrations/0048_failure_groups.sql")),
    (49, include_str!("../../migrations/0049_open_runs.sql")),
    (52, include_str!("../../migrations/0052_processes.sql")),
    (54, include_str!("../../migrations/0054_variables.sql")),
    (55, include_str!("../../migrations/0055_awaited_runs.sql")),
    (57, include_str!("../../migrations/0057_workflow_drafts.sql")),
    (58, include_str!("../../migrations/0058_connections.sql")),
    (59, include_str!("../../migrations/0059_connection_checks.sql")),
];

const PREPARE: &str = "-- migrate::prepare
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)";

const EXISTS: &str = "-- migrate::exists
SELECT to_regclass('schema_migrations') IS NOT NULL";

const APPLIED: &str = "-- migrate::applied
SELECT number FROM schema_migrations ORDER BY number";

const RECORD: &str = "-- migrate::record
INSERT INTO schema_migrations (number) VALUES ($1)";

/// A migration may read a whole history, for which the limit of a session is too short.
const PATIENCE: &str = "-- migrate::patience
SET LOCAL statement_timeout = 0";

/// Holds off a second migration at the same time.
const LOCK: &str = "-- migrate::lock
SELECT pg_advisory_xact_lock(hashtext('postern_migrate'))";

/// Brings the database to this program's schema; returns how many migrations it took. All or nothing.
pub async fn run(connection: &mut Object) -> Result<usize, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    transaction.batch_execute(PATIENCE).await?;
    transaction.batch_execute(PREPARE).await?;
    let applied = numbers(&transaction.query(APPLIED, &[]).await?);
    let open = open(&applied)?;
    for (number, sql) in open {
        transaction.batch_execute(sql).await?;
        transaction.execute(RECORD, &[number]).await?;
    }
    transaction.commit().await?;
    Ok(open.len())
}

/// Holds off others that migrate, or give rights, until the transaction ends.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(LOCK, &[]).await?;
    Ok(())
}

/// Waits until PostgreSQL is there with exactly this program's schema, telling why it waits, or for shutdown. What a
/// setting got wrong is an error, since waiting would not help.
pub async fn wait(store: &Store, shutdown: &Shutdown, tell: impl Fn(&StoreError)) -> Result<(), StoreError> {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    while !shutdown.is_triggered() {
        let checked = async { check(&store.connection().await?).await };
        match checked.await {
            Err(error @ (StoreError::Away(_) | StoreError::Schema(_))) => {
                tracing::warn!(%error, "the service waits for its database");
                tell(&error);
                // Elapsed or shutting down: the loop looks again.
                let _ = tokio::time::timeout(backoff.delay(), shutdown.wait()).await;
            }
            other => return other,
        }
    }
    Ok(())
}

/// Whether the database has exactly this program's schema; says what to do when not.
pub async fn check(connection: &Object) -> Result<(), StoreError> {
    let exists: bool = connection.query_one(EXISTS, &[]).await?.get(0);
    let applied = if exists { numbers(&connection.query(APPLIED, &[]).await?) } else { Vec::new() };
    if open(&applied)?.is_empty() {
        return Ok(());
    }
    Err(StoreError::Schema(format!(
        "the database has schema {}, this program needs {}: run `postern migrate`",
        last(&applied),
        last(&known())
    )))
}

fn numbers(rows: &[Row]) -> Vec<i32> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn known() -> Vec<i32> {
    MIGRATIONS.iter().map(|(number, _)| *number).collect()
}

fn last(numbers: &[i32]) -> i32 {
    numbers.last().copied().unwrap_or_default()
}

/// The migrations that are still to be applied; those that were applied must be the first of the list.
fn open(applied: &[i32]) -> Result<&'static [(i32, &'static str)], StoreError> {
    let (known, newest) = (known(), last(applied));
    if known.starts_with(applied) {
        return Ok(&MIGRATIONS[applied.len()..]);
    }
    let at_most = last(&known);
    Err(StoreError::Schema(if newest > at_most {
        format!("the database has schema {newest}, this program knows {at_most} at most: use a newer program")
    } else {
        format!("the database has a schema {newest} of other migrations: make a new database")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_applied_is_the_beginning_of_what_is_known() {
        let known = known();
        assert!(known.is_sorted_by(|one, next| one < next));
        assert_eq!(open(&known).unwrap().len(), 0);
        assert_eq!(open(&known[..1]).unwrap().len(), known.len() - 1);
        for (applied, says) in [(vec![last(&known) + 1], "use a newer program"), (vec![2], "of other migrations")] {
            assert!(open(&applied).unwrap_err().to_string().contains(says), "{applied:?}");
        }
    }
}
