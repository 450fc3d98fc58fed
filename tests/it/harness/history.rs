//! What the history meets over the weeks: a long reader, and the removal of what is due.

use std::time::SystemTime;

use postern_shared::options::RetentionOptions;
use postern_shared::options::retention::Keep;
use postern_shared::store::retention::{self, Retired};

use super::Postern;

/// The partitions that there are, of all tables.
pub const PARTITIONS: &str = "SELECT count(*) FROM pg_inherits JOIN pg_partitioned_table ON partrelid = inhparent";

/// How many days the steps are kept, and everything else.
pub fn keep(steps: u16, history: u16) -> RetentionOptions {
    let (keep_unmatched, keep_dead_letters) = (Keep::Days(history), Keep::Days(history));
    RetentionOptions {
        keep_steps: Keep::Days(steps),
        keep_history: Keep::Days(history),
        keep_unmatched,
        keep_dead_letters,
    }
}

/// Removes what is due at a moment; returns what came of each week.
pub async fn retire(postern: &Postern, now: SystemTime, options: &RetentionOptions) -> Vec<Retired> {
    let connection = postern.connection().await;
    let weeks = retention::weeks(&connection, Some(now)).await.unwrap();
    let mut retired = Vec::new();
    for week in weeks.due(options) {
        retired.push(retention::retire(&connection, week).await.unwrap());
        if retired.last() == Some(&Retired::InUse) {
            break;
        }
    }
    retired
}

/// A transaction that reads the history, as that of `pg_dump`, until it is dropped.
pub async fn reader(postern: &Postern) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(&postern.servers().database_url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE receipts, runs, run_steps, search_keys IN ACCESS SHARE MODE; \
             SELECT count(*) FROM receipts",
        )
        .await
        .unwrap();
    client
}
