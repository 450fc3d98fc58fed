//! The schema: numbered files, forward only, applied once each. The schema carries its oldest reader: a program works on
//! the tables of a later version as long as it is not older than that. `migrations/README.md` has the rules of a migration.

mod concurrent_index;
mod ledger;
mod migration;
mod plan;
mod runner;
mod standing;

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::{Store, StoreError, session};
use crate::backoff::Backoff;
use crate::shutdown::Shutdown;
pub use migration::Migration;
pub use plan::{Plan, Planned};
pub use runner::Migrated;
use standing::Standing;

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
    (62, include_str!("../../migrations/0062_dry_runs.sql")),
    (63, include_str!("../../migrations/0063_test_calls.sql")),
    (67, include_str!("../../migrations/0067_notices.sql")),
    (68, include_str!("../../migrations/0068_second_factor.sql")),
    (69, include_str!("../../migrations/0069_counters.sql")),
    (70, include_str!("../../migrations/0070_second_factor_holds.sql")),
    (71, include_str!("../../migrations/0071_failed_lately.sql")),
    (72, include_str!("../../migrations/0072_described_modules.sql")),
    (73, include_str!("../../migrations/0073_refused_headers.sql")),
    (74, include_str!("../../migrations/0074_settled_failures.sql")),
    (75, include_str!("../../migrations/0075_dismissing_jobs.sql")),
    (76, include_str!("../../migrations/0076_gone_records.sql")),
    (77, include_str!("../../migrations/0077_runs_of_jobs.sql")),
    (80, include_str!("../../migrations/0080_refused_calls.sql")),
    (81, include_str!("../../migrations/0081_woken_runs.sql")),
    (82, include_str!("../../migrations/0082_shared_keys.sql")),
    (83, include_str!("../../migrations/0083_plain_queue.sql")),
];

/// Holds off a second migration at the same time, and others that give rights.
const LOCK: &str = "-- migrate::lock
SELECT pg_advisory_xact_lock(hashtext('postern_migrate'))";

/// Migrations in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Schema(Vec<Migration>);

impl Schema {
    /// The schema of this program.
    pub fn current() -> Self {
        Self(MIGRATIONS.iter().map(|(number, sql)| Migration::new(*number, sql)).collect())
    }

    /// The schema of a later program, which has this migration besides.
    #[must_use]
    pub fn with(mut self, later: Migration) -> Self {
        self.0.push(later);
        self
    }

    /// Brings the database to this schema, one migration after the other, and makes the partitions of the history ahead.
    /// A migration that meets a lock is tried again until it gets the lock. A database of a later schema is left alone.
    ///
    /// # Errors
    /// The database has a schema that this program cannot work on, or a migration fails. Migrations before it stay.
    pub async fn apply(&self, connection: &mut Object) -> Result<Migrated, StoreError> {
        runner::run(&self.0, connection).await
    }

    /// What [`Self::apply`] would do.
    pub async fn plan(&self, connection: &Object) -> Result<Plan, StoreError> {
        plan::of(&self.0, connection).await
    }

    /// The number of its last migration.
    pub fn number(&self) -> i32 {
        self.0.last().map_or(0, |last| last.number)
    }
}

/// Brings the database to this program's schema.
pub async fn run(connection: &mut Object) -> Result<Migrated, StoreError> {
    Schema::current().apply(connection).await
}

/// Holds off others that migrate, or give rights, until the transaction ends.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(LOCK, &[]).await?;
    Ok(())
}

/// Waits until PostgreSQL is there with a schema that this program can work on, telling why it waits, or for shutdown. What
/// a setting got wrong is an error, since waiting would not help.
pub async fn wait(store: &Store, shutdown: &Shutdown, tell: impl Fn(&StoreError)) -> Result<(), StoreError> {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    while !shutdown.is_triggered() {
        let checked = async {
            let connection = store.connection().await?;
            session::check(store, &connection).await?;
            check(&connection).await
        };
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

/// Whether this program can work on the schema of the database; says what to do when not.
pub async fn check(connection: &Object) -> Result<(), StoreError> {
    let (schema, applied) = (Schema::current(), ledger::read(connection).await?);
    match Standing::of(&schema.0, &applied)? {
        Standing::Current | Standing::Newer(_) => Ok(()),
        Standing::Behind(_) => Err(StoreError::Schema(format!(
            "the database has schema {}, this program needs {}: run `postern migrate`",
            applied.last().map_or(0, |last| last.number),
            schema.number()
        ))),
    }
}
