//! Removes what is over: weeks of the history, what has outlived its week, submissions that started nothing and dead
//! letters that are too old. It has a connection of its own and works in small parts.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::options::RetentionOptions;
use postern_shared::store::retention::{self, Retired};
use postern_shared::store::{Connection, Store, StoreError, usage};
use tokio::time::sleep;

use crate::metrics::Metrics;

/// How often.
const EVERY: Duration = Duration::from_secs(3600);

/// How soon again when something that is due could not be removed.
const AGAIN: Duration = Duration::from_secs(60);

/// The pause between two parts of a removal.
const REST: Duration = Duration::from_millis(200);

/// Removes what is due, until it is aborted.
pub async fn keep(store: Store, options: RetentionOptions, metrics: Arc<Metrics>) {
    let mut is_told = false;
    loop {
        let overdue = match round(&store, &options, &metrics).await {
            Ok(overdue) => overdue,
            Err(error) => {
                tracing::warn!(%error, "what is too old could not be removed; tried again in an hour");
                sleep(EVERY).await;
                continue;
            }
        };
        if let Some((table, reason)) = overdue.as_ref().filter(|_| !is_told) {
            tracing::warn!(
                table,
                reason,
                "a week of the history is too old and cannot be removed yet; tried every minute"
            );
        }
        is_told = overdue.is_some();
        sleep(if is_told { AGAIN } else { EVERY }).await;
    }
}

/// Returns the first week that is due and stays, with the reason.
async fn round(
    store: &Store,
    options: &RetentionOptions,
    metrics: &Metrics,
) -> Result<Option<(String, &'static str)>, StoreError> {
    let connection = store.connection().await?;
    let weeks = retention::weeks(&connection, None).await?;
    metrics.history_ahead.set(weeks.ahead_s());
    let due: Vec<_> = weeks.due(options).collect();
    let (mut overdue, mut left) = (None, due.len());
    metrics.history_overdue.set(count(left));
    for week in due {
        match retention::retire(&connection, week).await? {
            Retired::Gone(stay) => {
                left -= 1;
                tracing::info!(partition = week.part, stay, "a week of the history was removed");
            }
            // What comes later may need that this week is gone.
            Retired::InUse => overdue = Some((week.table.clone(), "a long transaction uses the table")),
            Retired::Unfinished => overdue = Some((week.table.clone(), "too many of its runs have not ended")),
        }
        metrics.history_overdue.set(count(left));
        if overdue.is_some() {
            break;
        }
    }
    while retention::reap(&connection, weeks.now, options).await? {
        sleep(REST).await;
    }
    while retention::forget(&connection, weeks.now, options).await? {
        sleep(REST).await;
    }
    measure(&connection, metrics).await?;
    Ok(overdue)
}

async fn measure(connection: &Connection, metrics: &Metrics) -> Result<(), StoreError> {
    for table in usage::tables(connection).await? {
        metrics.table_bytes.with_label_values(&[&table.name]).set(table.bytes);
        metrics.table_rows.with_label_values(&[&table.name]).set(table.rows);
    }
    Ok(())
}

fn count(partitions: usize) -> i64 {
    i64::try_from(partitions).unwrap_or(i64::MAX)
}
