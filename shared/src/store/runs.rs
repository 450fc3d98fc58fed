//! The runs: one workflow started by one receipt. The primary key (receipt, number) and the step counter are the fence:
//! whoever writes a run that another has written in the meantime gets [`StoreError::Fenced`] and drops its work.

mod filter;
mod of_receipt;
mod page;
mod settled;
mod state;

use std::pin::pin;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{StoreError, copy};
use crate::id::{ReceiptId, StepName, WorkflowId};
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::resume::{Resume, RunKey};

pub use filter::Filter;
pub use of_receipt::{OfReceipt, of};
pub(super) use page::read;
pub use page::{latest, page};
pub use settled::Settled;
pub use state::State;

const INSERT: &str = "-- runs::insert
COPY runs (receipt, number, workflow, version, state, steps_taken, record, message, started_at, ended_at, parent,
    parent_step, item, steps, failed_at, failure, connected)
FROM STDIN (FORMAT binary)";

/// Of the columns of [`INSERT`]. A state is sent as its word.
const TYPES: [Type; 17] = [
    Type::UUID,
    Type::INT2,
    Type::INT8,
    Type::INT4,
    Type::TEXT,
    Type::INT4,
    Type::INT8,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::INT2,
    Type::INT4,
    Type::INT4,
    Type::BYTEA,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];

const UPDATE: &str = "-- runs::update
UPDATE runs SET state = $4::text::run_state, steps_taken = $5, message = $6, ended_at = $7,
    steps = CASE WHEN $8 THEN NULL ELSE steps END, failed_at = $9, failure = $10
WHERE receipt = $1 AND number = $2 AND steps_taken = $3";

const VERSION: &str = "-- runs::version
SELECT version, record, connected FROM runs WHERE receipt = $1 AND number = $2";

const REMOVE: &str = "-- runs::remove
DELETE FROM runs WHERE receipt = $1 AND number = $2";

const WAKE: &str = "-- runs::wake
UPDATE runs SET state = 'running' WHERE receipt = $1 AND number = $2 AND state = 'waiting'";

/// A run that was held has not begun: it begins now, and with the version that is in force.
const LET_GO: &str = "-- runs::let_go
UPDATE runs SET state = 'running',
    version = CASE WHEN state = 'held' THEN $3 ELSE version END,
    started_at = CASE WHEN state = 'held' THEN now() ELSE started_at END
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, number)
WHERE runs.receipt = k.receipt AND runs.number = k.number AND state IN ('held', 'waiting')";

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its number among the runs of the receipt, from 1.
    pub number: i16,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The version of the workflow that it is pinned to.
    pub version: i32,
    /// How it stands.
    pub state: State,
    /// How many steps it has taken.
    pub steps: i32,
    /// The record it runs on.
    pub record: Option<RecordRef>,
    /// Why it failed or what its `stop` said.
    pub message: Option<Message>,
    /// The step at which it failed or needs attention, while it is written; it is not read.
    pub failed_at: Option<StepName>,
    /// By the clock of the worker.
    pub started_at: SystemTime,
    /// By the clock of the worker; none = not ended.
    pub ended_at: Option<SystemTime>,
    /// The step that started it; none = the submission did.
    pub parent: Option<Parent>,
    /// Of a replay: the number of the run that was replayed first.
    pub replays: Option<i16>,
    /// The number of the replay that goes on in its place.
    pub replaced_by: Option<i16>,
    /// Why it needs nobody although it has failed.
    pub settled: Option<Settled>,
}

/// The step of another run of the receipt that started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The number of its run.
    pub run: i16,
    /// Its place on the path of its run, from 1.
    pub step: i32,
    /// The place of the started run among those that the step started, from 1.
    pub item: i32,
}

impl Run {
    /// A run that begins now, by no step of another one.
    pub fn begun(key: RunKey, (workflow, version): (WorkflowId, i32), record: Option<RecordRef>) -> Self {
        Self {
            receipt: key.receipt,
            number: key.number,
            workflow,
            version,
            state: State::Running,
            steps: 0,
            record,
            message: None,
            failed_at: None,
            started_at: SystemTime::now(),
            ended_at: None,
            parent: None,
            replays: None,
            replaced_by: None,
            settled: None,
        }
    }

    /// Its name.
    pub fn key(&self) -> RunKey {
        RunKey { receipt: self.receipt, number: self.number }
    }

    /// What it counts as: a failure that the run that waited for it has handled is none of the receipt.
    pub(in crate::store) fn counts_as(&self) -> State {
        if matches!(self.settled, Some(Settled::Handled(_))) { State::Finished } else { self.state }
    }

    /// The step at which it failed.
    pub(in crate::store) fn failed_step(&self) -> Option<&str> {
        self.failed_at.as_ref().map(StepName::as_str).filter(|_| self.state.is_fault())
    }

    /// The code of why it failed.
    pub(in crate::store) fn failure(&self) -> Option<String> {
        self.message.as_ref().filter(|_| self.state.is_fault()).map(|message| message.cause().code())
    }

    /// The number under which it holds what may happen only once: all replays of a run count as that run.
    pub fn first(&self) -> i16 {
        self.replays.unwrap_or(self.number)
    }
}

/// A new run, with the steps of its first transaction as [`super::run_steps`] encodes them.
#[derive(Debug)]
pub struct NewRun {
    /// The run.
    pub run: Run,
    /// Its steps; none = it has taken none, or its workflow keeps none.
    pub steps: Option<Vec<u8>>,
}

/// Writes new runs. All or [`StoreError::Fenced`].
pub async fn insert(transaction: &Transaction<'_>, runs: &[NewRun]) -> Result<(), StoreError> {
    let fenced = |error| match copy::taken(error) {
        StoreError::Taken => StoreError::Fenced,
        error => error,
    };
    let mut rows = pin!(copy::into(transaction, INSERT, &TYPES).await?);
    for NewRun { run, steps: path } in runs {
        let (receipt, workflow, state) = (run.receipt.uuid(), run.workflow.get(), run.state.word());
        let Run { number, version, steps, started_at, ended_at, .. } = run;
        let message = run.message.as_ref().map(Message::stored);
        let (record, connected) = RecordRef::columns(run.record.as_ref());
        let (parent, step) = (run.parent.map(|parent| parent.run), run.parent.map(|parent| parent.step));
        let item = run.parent.map(|parent| parent.item);
        rows.as_mut()
            .write(&[
                &receipt,
                number,
                &workflow,
                version,
                &state,
                steps,
                &record,
                &message,
                started_at,
                ended_at,
                &parent,
                &step,
                &item,
                path,
                &run.failed_step(),
                &run.failure(),
                &connected,
            ])
            .await
            .map_err(fenced)?;
    }
    rows.finish().await.map_err(fenced)?;
    Ok(())
}

/// Writes how a run stands that was read with `steps` steps, or [`StoreError::Fenced`]. With `forgets` the steps of its
/// first transaction go.
pub async fn update(transaction: &Transaction<'_>, run: &Run, steps: i32, forgets: bool) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(UPDATE).await?;
    let (receipt, state) = (run.receipt.uuid(), run.state.word());
    let message = run.message.as_ref().map(Message::stored);
    let written = transaction
        .execute(
            &statement,
            &[
                &receipt,
                &run.number,
                &steps,
                &state,
                &run.steps,
                &message,
                &run.ended_at,
                &forgets,
                &run.failed_step(),
                &run.failure(),
            ],
        )
        .await?;
    if written == 1 { Ok(()) } else { Err(StoreError::Fenced) }
}

/// The version of its workflow to which a run is pinned, and the record of the run; nothing if there is no such run.
pub async fn version(connection: &Object, run: RunKey) -> Result<Option<(i32, Option<RecordRef>)>, StoreError> {
    let statement = connection.prepare_cached(VERSION).await?;
    let row = connection.query_opt(&statement, &[&run.receipt.uuid(), &run.number]).await?;
    Ok(row.map(|row| (row.get(0), RecordRef::of_columns(row.get(1), row.get(2)))))
}

/// Removes a run that turned out not to begin.
pub async fn remove(transaction: &Transaction<'_>, run: RunKey) -> Result<(), StoreError> {
    transaction.execute(REMOVE, &[&run.receipt.uuid(), &run.number]).await?;
    Ok(())
}

/// Notes that a run that waited is to go on.
pub async fn wake(transaction: &Transaction<'_>, run: RunKey) -> Result<(), StoreError> {
    transaction.execute(WAKE, &[&run.receipt.uuid(), &run.number]).await?;
    Ok(())
}

/// Notes that runs of a workflow were let through its gate; those that had not begun are pinned to `version`.
pub async fn let_go(transaction: &Transaction<'_>, version: i32, runs: &[Resume]) -> Result<(), StoreError> {
    let receipts: Vec<Uuid> = runs.iter().map(|one| one.run.receipt.uuid()).collect();
    let numbers: Vec<i16> = runs.iter().map(|one| one.run.number).collect();
    transaction.execute(LET_GO, &[&receipts, &numbers, &version]).await?;
    Ok(())
}
