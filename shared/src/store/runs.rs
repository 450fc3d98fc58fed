//! The runs: one workflow started by one receipt. The primary key (receipt, workflow, origin) and the step
//! counter are the fence: whoever writes a run that another has written in the meantime gets
//! [`StoreError::Fenced`] and drops its work.

mod cursor;
mod of_receipt;

use std::fmt;
use std::pin::pin;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{StoreError, copy};
use crate::id::{ReceiptId, RecordId, WorkflowId};
use crate::message::Message;
use crate::resume::{Resume, RunKey};

pub use cursor::Cursor;
pub use of_receipt::{OfReceipt, of};

const INSERT: &str = "-- runs::insert
COPY runs (receipt, workflow, origin, version, place, state, steps, record, message, started_at, ended_at)
FROM STDIN (FORMAT binary)";

/// Of the columns of [`INSERT`].
const TYPES: [Type; 11] = [
    Type::UUID,
    Type::INT8,
    Type::TEXT,
    Type::INT4,
    Type::INT4,
    Type::TEXT,
    Type::INT4,
    Type::INT8,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
];

const PAGE: &str = "-- runs::page
SELECT receipt, workflow, version, place, state, steps, record, message, started_at, ended_at, origin
FROM runs WHERE ($1::bigint IS NULL OR workflow = $1) AND ($2::text IS NULL OR state = $2)
    AND ($4::uuid IS NULL OR receipt <= $4 AND (receipt < $4 OR (place, workflow, origin) > ($5, $6, $7)))
    AND ($8::float8 IS NULL OR receipt >= postern_uuid_floor(now() - $8::float8 * interval '1 second'))
ORDER BY receipt DESC, place, workflow, origin LIMIT $3";

const UPDATE: &str = "-- runs::update
UPDATE runs SET state = $5, steps = $6, message = $7, ended_at = $8
WHERE receipt = $1 AND workflow = $2 AND origin = $3 AND steps = $4";

const VERSION: &str = "-- runs::version
SELECT version FROM runs WHERE receipt = $1 AND workflow = $2 AND origin = $3";

const WAKE: &str = "-- runs::wake
UPDATE runs SET state = 'running' WHERE receipt = $1 AND workflow = $2 AND origin = $3 AND state = 'waiting'";

/// A run that was held has not begun: it begins now, and with the version that is in force.
const LET_GO: &str = "-- runs::let_go
UPDATE runs SET state = 'running',
    version = CASE WHEN state = 'held' THEN $4 ELSE version END,
    started_at = CASE WHEN state = 'held' THEN now() ELSE started_at END
FROM unnest($2::uuid[], $3::text[]) AS k (receipt, origin)
WHERE runs.receipt = k.receipt AND runs.workflow = $1 AND runs.origin = k.origin AND state IN ('held', 'waiting')";

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has steps left and a worker.
    Running,
    /// It has steps left that are not due.
    Waiting,
    /// Its workflow is on hold, and it has not begun.
    Held,
    /// A person must decide.
    NeedsAttention,
    /// It came to its end.
    Finished,
    /// A step failed, or a `stop` said so.
    Failed,
}

impl State {
    /// All, with the word that the store, the API and the panel use.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Running, "running"),
        (Self::Waiting, "waiting"),
        (Self::Held, "held"),
        (Self::NeedsAttention, "needs_attention"),
        (Self::Finished, "finished"),
        (Self::Failed, "failed"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for State {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word).ok_or("is not the state of a run")
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Where it comes from: see [`crate::origin`].
    pub origin: String,
    /// The version of the workflow that it is pinned to.
    pub version: i32,
    /// Its place among the runs that the receipt started, from 1.
    pub place: i32,
    /// How it stands.
    pub state: State,
    /// How many steps it has taken.
    pub steps: i32,
    /// The record it runs on.
    pub record: Option<RecordId>,
    /// Why it failed or what its `stop` said.
    pub message: Option<Message>,
    /// By the clock of the worker.
    pub started_at: SystemTime,
    /// By the clock of the worker; none = not ended.
    pub ended_at: Option<SystemTime>,
}

impl Run {
    /// Its name.
    pub fn key(&self) -> RunKey {
        RunKey { receipt: self.receipt, workflow: self.workflow, origin: self.origin.clone() }
    }
}

/// Writes new runs. All or [`StoreError::Fenced`].
pub async fn insert(transaction: &Transaction<'_>, runs: &[Run]) -> Result<(), StoreError> {
    let fenced = |error| match copy::taken(error) {
        StoreError::Taken => StoreError::Fenced,
        error => error,
    };
    let mut rows = pin!(copy::into(transaction, INSERT, &TYPES).await?);
    for run in runs {
        let (receipt, workflow, state) = (run.receipt.uuid(), run.workflow.get(), run.state.word());
        let Run { origin, version, place, steps, started_at, ended_at, .. } = run;
        let message = run.message.as_ref().map(Message::stored);
        let record = run.record.map(RecordId::get);
        rows.as_mut()
            .write(&[
                &receipt, &workflow, origin, version, place, &state, steps, &record, &message, started_at, ended_at,
            ])
            .await
            .map_err(fenced)?;
    }
    rows.finish().await.map_err(fenced)?;
    Ok(())
}

/// Writes how a run stands that was read with `steps` steps, or [`StoreError::Fenced`].
pub async fn update(transaction: &Transaction<'_>, run: &Run, steps: i32) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(UPDATE).await?;
    let (receipt, workflow, state) = (run.receipt.uuid(), run.workflow.get(), run.state.word());
    let message = run.message.as_ref().map(Message::stored);
    let written = transaction
        .execute(&statement, &[&receipt, &workflow, &run.origin, &steps, &state, &run.steps, &message, &run.ended_at])
        .await?;
    if written == 1 { Ok(()) } else { Err(StoreError::Fenced) }
}

/// The version of its workflow to which a run is pinned; nothing if there is no such run.
pub async fn version(connection: &Object, run: &RunKey) -> Result<Option<i32>, StoreError> {
    let statement = connection.prepare_cached(VERSION).await?;
    let row = connection.query_opt(&statement, &[&run.receipt.uuid(), &run.workflow.get(), &run.origin]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Notes that a run that waited is to go on.
pub async fn wake(transaction: &Transaction<'_>, run: &RunKey) -> Result<(), StoreError> {
    transaction.execute(WAKE, &[&run.receipt.uuid(), &run.workflow.get(), &run.origin]).await?;
    Ok(())
}

/// Notes that runs of a workflow were let through its gate; those that had not begun are pinned to `version`.
pub async fn let_go(
    transaction: &Transaction<'_>,
    workflow: WorkflowId,
    version: i32,
    runs: &[Resume],
) -> Result<(), StoreError> {
    let receipts: Vec<Uuid> = runs.iter().map(|one| one.run.receipt.uuid()).collect();
    let origins: Vec<&str> = runs.iter().map(|one| one.run.origin.as_str()).collect();
    transaction.execute(LET_GO, &[&workflow.get(), &receipts, &origins, &version]).await?;
    Ok(())
}

/// The latest runs, newest first, at most `last`; of one workflow or all, in one state or all.
pub async fn latest(
    connection: &Object,
    workflow: Option<WorkflowId>,
    state: Option<State>,
    last: i64,
) -> Result<Vec<Run>, StoreError> {
    page(connection, &Filter { workflow, state, within: None }, None, last).await
}

/// Which runs of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of this workflow only.
    pub workflow: Option<WorkflowId>,
    /// In this state only.
    pub state: Option<State>,
    /// Of submissions accepted within the last time of this length only.
    pub within: Option<Duration>,
}

/// The latest runs that come behind another in the list, newest first, at most `last`.
pub async fn page(
    connection: &Object,
    filter: &Filter,
    behind: Option<&Cursor>,
    last: i64,
) -> Result<Vec<Run>, StoreError> {
    let (workflow, state) = (filter.workflow.map(WorkflowId::get), filter.state.map(State::word));
    let within = filter.within.map(|within| within.as_secs_f64());
    let receipt = behind.map(|run| run.receipt.uuid());
    let (place, of) = (behind.map(|run| run.place), behind.map(|run| run.workflow.get()));
    let origin = behind.map(|run| run.origin.as_str());
    let rows = connection.query(PAGE, &[&workflow, &state, &last, &receipt, &place, &of, &origin, &within]).await?;
    rows.iter().map(read).collect()
}

pub(super) fn read(row: &tokio_postgres::Row) -> Result<Run, StoreError> {
    let unreadable = |what: &str| StoreError::Refused(format!("a stored run has an unreadable {what}"));
    Ok(Run {
        receipt: row.get::<_, Uuid>(0).into(),
        workflow: row.get::<_, i64>(1).try_into().map_err(|_| unreadable("workflow"))?,
        version: row.get(2),
        place: row.get(3),
        state: State::from_word(row.get(4)).ok_or_else(|| unreadable("state"))?,
        steps: row.get(5),
        record: row.get::<_, Option<i64>>(6).and_then(|id| id.try_into().ok()),
        message: row.get::<_, Option<&str>>(7).map(Message::of_stored),
        started_at: row.get(8),
        ended_at: row.get(9),
        origin: row.get(10),
    })
}
