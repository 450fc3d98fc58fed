//! Applies migrations beside running services. A session that waits for a lock holds up everybody behind it, so a migration
//! waits for a moment, gives way, and tries again.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::sleep;

use super::migration::Migration;
use super::standing::Standing;
use super::{concurrent_index, ledger};
use crate::backoff::Backoff;
use crate::log_limit::LogLimit;
use crate::store::{StoreError, history, session};

/// A migration may read a whole history, which no limit of time can bound.
const LIMITS: &str = "-- runner::limits
SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10s'";

/// A migration waits so long for a lock. It keeps the locks that it has meanwhile, so one of three tables holds up leads for
/// less than a second.
pub const HASTY: &str = "-- runner::hasty
SET lock_timeout = '300ms'";

/// After so many tries it waits longer: transactions that follow each other may take longer than it has waited.
const HASTY_TRIES: u32 = 8;
const LESS_HASTY: &str = "-- runner::less_hasty
SET lock_timeout = '800ms'";

/// Held by the session, since there are several transactions.
const BEGIN: &str = "-- runner::begin
SELECT pg_try_advisory_lock(hashtext('postern_migrate'))";

const END: &str = "-- runner::end
SELECT pg_advisory_unlock(hashtext('postern_migrate'))";

/// Who may hold what a migration waits for: the transactions that are open for longest.
const HOLDERS: &str = "-- runner::holders
SELECT pid, coalesce(nullif(application_name, ''), usename, backend_type)::text,
    coalesce(extract(epoch FROM now() - xact_start), 0)::bigint
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start LIMIT 1";

/// Between two tries to get a lock. The traffic that was held up goes on meanwhile.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(5));

/// What became of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrated {
    /// It has the schema of the program, after so many migrations.
    Taken(usize),
    /// It has a later schema, of this number, which the program can work on. Nothing was changed.
    Newer(i32),
}

/// Applies the migrations that a database lacks.
pub async fn run(migrations: &[Migration], connection: &mut Object) -> Result<Migrated, StoreError> {
    connection.batch_execute(LIMITS).await?;
    connection.batch_execute(HASTY).await?;
    alone(connection).await?;
    let migrated = apply(migrations, connection).await;
    let ended = end(connection).await;
    // What broke the session is told, not that it is broken.
    migrated.and_then(|migrated| ended.map(|()| migrated))
}

async fn end(connection: &Object) -> Result<(), StoreError> {
    connection.execute(END, &[]).await?;
    session::limit(connection).await?;
    Ok(())
}

/// Returns when no other session migrates.
async fn alone(connection: &Object) -> Result<(), StoreError> {
    let waits = LogLimit::default();
    while !connection.query_one(BEGIN, &[]).await?.get::<_, bool>(0) {
        if waits.failed(1).is_some() {
            tracing::info!("another process migrates the database: waiting for its end");
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn apply(migrations: &[Migration], connection: &mut Object) -> Result<Migrated, StoreError> {
    let applied = ledger::read(connection).await?;
    let open = match Standing::of(migrations, &applied)? {
        Standing::Newer(number) => return Ok(Migrated::Newer(number)),
        Standing::Behind(from) => &migrations[from..],
        Standing::Current => &[],
    };
    ledger::prepare(connection).await?;
    for migration in open {
        let number = migration.number;
        tracing::info!(number, title = migration.title(), "applying a migration");
        if migration.is_concurrent() {
            concurrent_index::apply(migration, connection).await?;
            ledger::record(&*connection, migration).await?;
        } else {
            insist(connection, async |connection| in_transaction(migration, connection).await).await?;
        }
    }
    insist(connection, async |connection| history::make_ahead(connection).await).await?;
    Ok(Migrated::Taken(open.len()))
}

async fn in_transaction(migration: &Migration, connection: &mut Object) -> Result<(), StoreError> {
    let transaction = connection.transaction().await?;
    transaction.batch_execute(migration.sql()).await?;
    ledger::record(&transaction, migration).await?;
    Ok(transaction.commit().await?)
}

/// Does something again and again until it gets its locks.
pub async fn insist<T>(
    connection: &mut Object,
    mut work: impl AsyncFnMut(&mut Object) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let (mut again, waits, mut tries) = (AGAIN, LogLimit::default(), 0);
    loop {
        connection.batch_execute(if tries < HASTY_TRIES { HASTY } else { LESS_HASTY }).await?;
        tries += 1;
        match work(connection).await {
            Err(StoreError::Conflict(error)) => {
                if let Some(times) = waits.failed(1) {
                    let holder = holder(connection).await?;
                    tracing::warn!(error, times, holder, "the migration waits for a lock and tries again");
                }
                sleep(again.delay()).await;
            }
            other => return other,
        }
    }
}

/// The oldest open transaction, in words.
async fn holder(connection: &Object) -> Result<String, StoreError> {
    Ok(match connection.query_opt(HOLDERS, &[]).await? {
        Some(row) => {
            let (pid, who, seconds): (i32, &str, i64) = (row.get(0), row.get(1), row.get(2));
            format!("the oldest open transaction is of {who} (process {pid}), since {seconds} s")
        }
        None => "no transaction is open any more".to_owned(),
    })
}
