//! The schema: numbered files, forward only, applied once each. A program refuses a schema that it does not know.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::{Store, StoreError};
use crate::backoff::Backoff;
use crate::shutdown::Shutdown;

/// All migrations in order; the number of each is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_comments.sql"),
    include_str!("../../migrations/0003_dedupe.sql"),
    include_str!("../../migrations/0004_tokens.sql"),
    include_str!("../../migrations/0005_unmet_names.sql"),
    include_str!("../../migrations/0006_refused.sql"),
    include_str!("../../migrations/0007_accounts.sql"),
    include_str!("../../migrations/0008_dead_letter_groups.sql"),
    include_str!("../../migrations/0009_checkpoints.sql"),
    include_str!("../../migrations/0010_roles.sql"),
    include_str!("../../migrations/0011_outside_calls.sql"),
    include_str!("../../migrations/0012_spool_vacuum.sql"),
    include_str!("../../migrations/0013_modules.sql"),
    include_str!("../../migrations/0014_tickets.sql"),
    include_str!("../../migrations/0015_refused_replays.sql"),
    include_str!("../../migrations/0016_unmatched.sql"),
    include_str!("../../migrations/0017_undecided.sql"),
    include_str!("../../migrations/0018_lanes.sql"),
    include_str!("../../migrations/0019_gate.sql"),
    include_str!("../../migrations/0020_children.sql"),
    include_str!("../../migrations/0021_responses.sql"),
    include_str!("../../migrations/0022_calls.sql"),
    include_str!("../../migrations/0023_replayed.sql"),
    include_str!("../../migrations/0024_resuming.sql"),
    include_str!("../../migrations/0025_editors.sql"),
    include_str!("../../migrations/0026_step_errors.sql"),
    include_str!("../../migrations/0027_control.sql"),
    include_str!("../../migrations/0028_process_roles.sql"),
    include_str!("../../migrations/0029_altered.sql"),
    include_str!("../../migrations/0030_batches.sql"),
];

const PREPARE: &str = "-- migrate::prepare
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)";

const EXISTS: &str = "-- migrate::exists
SELECT to_regclass('schema_migrations') IS NOT NULL";

const APPLIED: &str = "-- migrate::applied
SELECT coalesce(max(number), 0) FROM schema_migrations";

const RECORD: &str = "-- migrate::record
INSERT INTO schema_migrations (number) VALUES ($1)";

/// Holds off a second migration at the same time.
const LOCK: &str = "-- migrate::lock
SELECT pg_advisory_xact_lock(hashtext('postern_migrate'))";

/// Brings the database to this program's schema; returns how many migrations it took. All or nothing.
pub async fn run(connection: &mut Object) -> Result<usize, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    transaction.batch_execute(PREPARE).await?;
    let applied: i32 = transaction.query_one(APPLIED, &[]).await?.get(0);
    let done = usize::try_from(applied).unwrap_or(0);
    let open = MIGRATIONS.get(done..).ok_or_else(|| newer(applied))?;
    for (sql, number) in open.iter().zip(applied + 1..) {
        transaction.batch_execute(sql).await?;
        transaction.execute(RECORD, &[&number]).await?;
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
    let applied: i32 = if exists { connection.query_one(APPLIED, &[]).await?.get(0) } else { 0 };
    match usize::try_from(applied).unwrap_or(0).cmp(&MIGRATIONS.len()) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(newer(applied)),
        std::cmp::Ordering::Less => Err(StoreError::Schema(format!(
            "the database has schema {applied}, this program needs {}: run `postern migrate`",
            MIGRATIONS.len()
        ))),
    }
}

fn newer(applied: i32) -> StoreError {
    StoreError::Schema(format!(
        "the database has schema {applied}, this program knows {} at most: use a newer program",
        MIGRATIONS.len()
    ))
}
