//! The checkpoints: what a run needs to go on that has left its transaction, or that failed and may be replayed. The
//! revision is the fence: whoever writes a checkpoint that another has written in the meantime gets
//! [`StoreError::Fenced`]. A checkpoint stands in the same transaction as the run's state and what wakes it.

mod children;
mod decision;
mod document;
mod elsewhere;
mod frames;
mod gate;
mod until;

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

pub use self::children::{child_ended, wait_for};
pub use self::decision::Decision;
pub use self::document::{Awaits, Branch, Checkpoint, Parked, Tried};
pub use self::elsewhere::Elsewhere;
pub use self::frames::{Frame, FrameId, Frames};
pub use self::gate::{before_the_gate, count_before_the_gate, let_go};
pub use self::until::until;
use super::runs::{self, Run};
use super::{StoreError, parsed, receipts};
use crate::env::Env;
use crate::id::WorkflowId;
use crate::record_ref::RecordRef;
use crate::resume::{Resume, RunKey};

const INSERT: &str = "-- checkpoints::insert
INSERT INTO checkpoints (receipt, run, workflow, document, record, connected, waits_for_turn, gate, awaits, queued)
SELECT receipt, run, workflow, document::json, record, connected, waits_for_turn, gate, awaits, queued
FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::boolean[], $8::text[],
    $9::boolean[], $10::boolean[])
    AS c (receipt, run, workflow, document, record, connected, waits_for_turn, gate, awaits, queued)";

/// Waits for another transaction that has the run, and then finds the revision that it left.
const TAKE: &str = "-- checkpoints::take
SELECT r.receipt, r.number, r.workflow, r.version, r.state::text, r.steps_taken, r.record, r.message, r.started_at,
    r.ended_at, r.parent, r.parent_step, r.item, r.replays, r.replaced_by, r.connected, r.handled_by, r.dismissed_by,
    c.document::text, q.query::text, q.request::text, now(), c.decision, c.gate = 'passed', q.waits,
    q.ip, q.accepted_at
FROM checkpoints c JOIN runs r ON r.receipt = c.receipt AND r.number = c.run JOIN receipts q ON q.id = c.receipt
WHERE c.receipt = $1 AND c.run = $2 AND c.revision = $3 AND NOT c.waits_for_turn
    AND c.gate IS DISTINCT FROM 'closed' AND r.state IN ('running', 'waiting')
FOR UPDATE OF c";

const RENEW: &str = "-- checkpoints::renew
UPDATE checkpoints SET revision = revision + 1, document = $4::text::json, waits_for_turn = $5, gate = $6,
    awaits = $7, decision = NULL
WHERE receipt = $1 AND run = $2 AND revision = $3";

const REMOVE: &str = "-- checkpoints::remove
DELETE FROM checkpoints WHERE receipt = $1 AND run = $2 AND revision = $3
RETURNING queued";

const NEXT_IN_TURN: &str = "-- checkpoints::next_in_turn
UPDATE checkpoints SET revision = revision + 1, waits_for_turn = false
WHERE (receipt, run) = (SELECT receipt, run FROM checkpoints
    WHERE workflow = $1 AND record = $2 AND waits_for_turn ORDER BY receipt, run LIMIT 1 FOR UPDATE)
RETURNING receipt, run, revision";

const NEXT_IN_CONNECTED_TURN: &str = "-- checkpoints::next_in_connected_turn
UPDATE checkpoints SET revision = revision + 1, waits_for_turn = false
WHERE (receipt, run) = (SELECT receipt, run FROM checkpoints
    WHERE workflow = $1 AND connected = $2 AND waits_for_turn ORDER BY receipt, run LIMIT 1 FOR UPDATE)
RETURNING receipt, run, revision";

/// The documents of one statement, in bytes, unless a single document is longer: a statement is in memory three times.
const TOGETHER_BYTES: usize = 1024 * 1024;

/// A new checkpoint of a run.
#[derive(Debug)]
pub struct NewCheckpoint {
    /// The run.
    pub run: RunKey,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The record that it is on.
    pub record: Option<RecordRef>,
    /// As JSON.
    pub document: String,
    /// Whether anything is in its way.
    pub standing: Standing,
}

/// Whether anything is in the way of a run when it is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// Another run on its record has to end.
    InTurn,
    /// It has to be let through the gate of its workflow.
    Closed,
    /// Nothing: it was let through the gate, and is under way until it ends or waits.
    Passed,
    /// The runs that it started have to end, or its time has to come.
    Awaits,
    /// Another run of its step has to end.
    Queued,
}

impl Standing {
    fn waits_for_turn(self) -> bool {
        self == Self::InTurn
    }

    fn gate(self) -> Option<&'static str> {
        match self {
            Self::Free | Self::InTurn | Self::Awaits | Self::Queued => None,
            Self::Closed => Some("closed"),
            Self::Passed => Some("passed"),
        }
    }
}

/// The revision of a new checkpoint.
pub const FIRST_REVISION: i32 = 1;

/// A run to go on, locked.
#[derive(Debug)]
pub struct Taken {
    /// The run.
    pub run: Run,
    /// Where it stands.
    pub checkpoint: Checkpoint,
    /// The bytes of the checkpoint as JSON.
    pub bytes: usize,
    /// What `$query` reads.
    pub query: Env,
    /// What `$request` reads.
    pub request: Env,
    /// By the database's clock.
    pub now: SystemTime,
    /// What a person decided about its next step.
    pub decision: Option<Decision>,
    /// Whether a person has cancelled it.
    pub is_cancelled: bool,
    /// Whether a person has woken it before its time.
    pub is_woken: bool,
    /// Whether it was let through the gate of its workflow.
    pub has_passed: bool,
    /// Whether the caller of its submission waits for a response, or did.
    pub waits: bool,
}

/// Writes the checkpoints of new runs.
pub async fn insert(transaction: &Transaction<'_>, new: &[NewCheckpoint]) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(INSERT).await?;
    let mut bytes = 0;
    let together = |one: &NewCheckpoint, next: &NewCheckpoint| {
        bytes += one.document.len();
        let fit = bytes + next.document.len() <= TOGETHER_BYTES;
        if !fit {
            bytes = 0;
        }
        fit
    };
    for new in new.chunk_by(together) {
        write(transaction, &statement, new).await?;
    }
    Ok(())
}

async fn write(transaction: &Transaction<'_>, statement: &Statement, new: &[NewCheckpoint]) -> Result<(), StoreError> {
    let (records, connected): (Vec<_>, Vec<_>) = new.iter().map(|one| RecordRef::columns(one.record.as_ref())).unzip();
    transaction
        .execute(
            statement,
            &[
                &new.iter().map(|one| one.run.receipt.uuid()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.run.number).collect::<Vec<_>>(),
                &new.iter().map(|one| one.workflow.get()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.document.as_str()).collect::<Vec<_>>(),
                &records,
                &connected,
                &new.iter().map(|one| one.standing.waits_for_turn()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.standing.gate()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.standing == Standing::Awaits).collect::<Vec<_>>(),
                &new.iter().map(|one| one.standing == Standing::Queued).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// Locks a run that is to go on; nothing if it has gone on since the message was written, or has ended.
pub async fn take(transaction: &Transaction<'_>, resume: &Resume) -> Result<Option<Taken>, StoreError> {
    let statement = transaction.prepare_cached(TAKE).await?;
    let RunKey { receipt, number } = resume.run;
    let row = transaction.query_opt(&statement, &[&receipt.uuid(), &number, &resume.revision]).await?;
    let Some(row) = row else { return Ok(None) };
    let document: &str = row.get(18);
    let decided: Option<&str> = row.get(22);
    Ok(Some(Taken {
        run: runs::read(&row)?,
        checkpoint: parsed(document)?,
        bytes: document.len(),
        query: row.get::<_, Option<&str>>(19).map(parsed).transpose()?.unwrap_or_default(),
        request: receipts::unfold(row.get(20), row.get(25), row.get(26))?,
        now: row.get(21),
        decision: decided.and_then(Decision::from_word),
        is_cancelled: decided == Some("cancel"),
        is_woken: decided == Some("wake"),
        has_passed: row.get::<_, Option<bool>>(23).unwrap_or(false),
        waits: row.get(24),
    }))
}

/// Replaces the checkpoint that a message named; the next revision is one above. Or [`StoreError::Fenced`].
pub async fn renew(
    transaction: &Transaction<'_>,
    resume: &Resume,
    document: &str,
    standing: Standing,
) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(RENEW).await?;
    let RunKey { receipt, number } = resume.run;
    let (turn, gate, awaits) = (standing.waits_for_turn(), standing.gate(), standing == Standing::Awaits);
    let values: [&(dyn ToSql + Sync); 7] =
        [&receipt.uuid(), &number, &resume.revision, &document, &turn, &gate, &awaits];
    let written = transaction.execute(&statement, &values).await?;
    if written == 1 { Ok(()) } else { Err(StoreError::Fenced) }
}

/// Removes the checkpoint that a message named: the run has finished. Returns whether the run was still queued, or
/// [`StoreError::Fenced`].
pub async fn remove(transaction: &Transaction<'_>, resume: &Resume) -> Result<bool, StoreError> {
    let statement = transaction.prepare_cached(REMOVE).await?;
    let RunKey { receipt, number } = resume.run;
    let removed = transaction.query_opt(&statement, &[&receipt.uuid(), &number, &resume.revision]).await?;
    removed.map(|row| row.get(0)).ok_or(StoreError::Fenced)
}

/// Lets the run go on that waits longest for its turn on a record; returns what wakes it.
pub async fn next_in_turn(
    transaction: &Transaction<'_>,
    workflow: WorkflowId,
    record: &RecordRef,
) -> Result<Option<Resume>, StoreError> {
    let row = match record {
        RecordRef::Own(id) => {
            let statement = transaction.prepare_cached(NEXT_IN_TURN).await?;
            transaction.query_opt(&statement, &[&workflow.get(), &id.get()]).await?
        }
        RecordRef::Connected(record) => {
            let statement = transaction.prepare_cached(NEXT_IN_CONNECTED_TURN).await?;
            transaction.query_opt(&statement, &[&workflow.get(), &record.to_string()]).await?
        }
    };
    Ok(row.map(|row| woken(&row, workflow)))
}

/// Reads (receipt, run, revision).
fn woken(row: &tokio_postgres::Row, workflow: WorkflowId) -> Resume {
    let run = RunKey { receipt: row.get::<_, uuid::Uuid>(0).into(), number: row.get(1) };
    Resume { run, workflow, revision: row.get(2) }
}
