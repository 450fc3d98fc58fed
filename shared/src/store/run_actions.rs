//! What a person does for a run: replays it at its failed step, runs it again from the start, cancels it, wakes it, dismisses
//! it, or decides about a step whose outcome is unknown. The change, what wakes the run, and the row of the audit log are one
//! transaction.

mod decide;
mod dismiss;
mod mark;
mod obstacle;
mod replays;

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use serde_json::{Value, json};
use tokio_postgres::Row;

use super::audit_log::{self, Change};
use super::spool::{self, Alarm, Way};
use super::{StoreError, runs};
use crate::env::Env;
use crate::resume::{Resume, RunKey};

pub use decide::decide;
pub use dismiss::dismiss_all;
pub use mark::{Mark, mark_all};
pub use obstacle::Obstacle;
pub use replays::{How, Version, start_all};

/// The run that goes on, or what is in the way.
pub type Rescued = Result<RunKey, Obstacle>;

/// Replays a run that failed: a new run of its receipt goes on at the failed step, with the `$env` that it had.
pub async fn replay(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    version: Version,
) -> Result<Rescued, StoreError> {
    start(connection, account, run, &How::GoOn(version), ("replay", None)).await
}

/// Runs a run that has ended again from the start, by the newest version of its workflow. `env` takes the place of the
/// values with which it started; none = it starts with the same.
pub async fn run_again(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    env: Option<&Env>,
    changed: &[&str],
) -> Result<Rescued, StoreError> {
    let note = json!({"changed": changed});
    let note = Some(&note).filter(|_| !changed.is_empty());
    start(connection, account, run, &How::FromStart(env), ("run_again", note)).await
}

/// Cancels a run that has not ended. A worker then ends it as failed.
pub async fn cancel(connection: &mut Object, account: &str, run: RunKey) -> Result<Rescued, StoreError> {
    mark(connection, account, run, (Mark::Cancel, "cancel")).await
}

/// Wakes a run that waits for a time. A worker then goes on with it.
pub async fn wake(connection: &mut Object, account: &str, run: RunKey) -> Result<Rescued, StoreError> {
    mark(connection, account, run, (Mark::Wake, "wake")).await
}

async fn mark(connection: &mut Object, account: &str, run: RunKey, mark: (Mark, &str)) -> Result<Rescued, StoreError> {
    match try_mark(connection, account, run, mark).await {
        // A worker that had a part of the run has won.
        Err(StoreError::Conflict(_)) => try_mark(connection, account, run, mark).await,
        tried => tried,
    }
}

async fn try_mark(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    (mark, action): (Mark, &str),
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let done = mark_all(&transaction, &[run], mark).await?;
    commit(transaction, account, (action, None), done).await
}

/// Dismisses a run that has failed.
pub async fn dismiss(connection: &mut Object, account: &str, run: RunKey) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let done = dismiss_all(&transaction, account, &[run]).await?;
    commit(transaction, account, ("dismiss", None), done).await
}

async fn start(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    how: &How<'_>,
    action: (&str, Option<&Value>),
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let way = Way::Resuming { of_many: false };
    let done = start_all(&transaction, &[run], how, &way, None).await?;
    commit(transaction, account, action, done).await
}

/// Notes and commits what was done for one run, unless something is in the way.
async fn commit(
    transaction: Transaction<'_>,
    account: &str,
    action: (&str, Option<&Value>),
    done: Vec<(RunKey, Rescued)>,
) -> Result<Rescued, StoreError> {
    let rescued = done.into_iter().next().map_or(Err(Obstacle::Unknown), |(_, rescued)| rescued);
    if let Ok(run) = rescued {
        note(&transaction, account, action, run).await?;
        transaction.commit().await?;
    }
    Ok(rescued)
}

async fn note(
    transaction: &Transaction<'_>,
    account: &str,
    (action, document): (&str, Option<&Value>),
    run: RunKey,
) -> Result<(), StoreError> {
    let key = run.to_string();
    audit_log::put(transaction, &Change { account, action, kind: "run", key: &key, document }).await
}

/// Lets runs go on at once.
async fn resume_all(transaction: &Transaction<'_>, runs: Vec<Resume>, way: &Way) -> Result<(), StoreError> {
    let alarm = |resume| Alarm { resume, delay: Duration::ZERO, way: way.clone() };
    let alarms: Vec<Alarm> = runs.into_iter().map(alarm).collect();
    if alarms.is_empty() { Ok(()) } else { spool::schedule(transaction, &alarms).await }
}

/// The columns of the names of runs.
fn columns(runs: &[RunKey]) -> (Vec<uuid::Uuid>, Vec<i16>) {
    runs.iter().map(|run| (run.receipt.uuid(), run.number)).unzip()
}

/// The run whose name stands in the first two columns.
fn key(row: &Row) -> RunKey {
    RunKey { receipt: row.get::<_, uuid::Uuid>(0).into(), number: row.get(1) }
}

/// The state of a stored word.
fn state(word: &str) -> Result<runs::State, StoreError> {
    runs::State::from_word(word).ok_or_else(|| StoreError::Refused("a stored run has an unreadable state".into()))
}
