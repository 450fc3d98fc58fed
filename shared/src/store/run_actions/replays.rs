//! New runs in the place of runs that have ended: each goes on at the failed step, or begins again. One way for one run and
//! for many, with a statement per kind for all of them, in the caller's transaction.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::{Obstacle, Rescued, columns, key, resume_all, state};
use crate::env::Env;
use crate::id::{ReceiptId, WorkflowId};
use crate::resume::{Resume, RunKey};
use crate::store::checkpoints::FIRST_REVISION;
use crate::store::digest::{self, Committed};
use crate::store::failure_groups::Failures;
use crate::store::runs::State;
use crate::store::spool::Way;
use crate::store::{StoreError, receipts};

/// All replays of a run have one lock, whichever of them is replayed.
const LOCK: &str = "-- replays::lock
SELECT FROM runs WHERE (receipt, number) IN (
    SELECT r.receipt, coalesce(r.replays, r.number) FROM runs r
    JOIN unnest($1::uuid[], $2::smallint[]) AS k (receipt, number) ON r.receipt = k.receipt AND r.number = k.number)
ORDER BY receipt, number FOR UPDATE";

/// How runs stand, and the newest versions of their workflows. Without its checkpoint, a run of the same workflow as its
/// parent counts as that of an item, if the workflow has a loop whose items have runs.
const LOOK: &str = "-- replays::look
SELECT r.receipt, r.number, r.state::text, r.workflow, r.version, coalesce(r.replays, r.number), r.parent IS NOT NULL,
    EXISTS (SELECT FROM checkpoints c WHERE c.receipt = r.receipt AND c.run = r.number),
    EXISTS (SELECT FROM runs o WHERE o.receipt = r.receipt AND coalesce(r.replays, r.number) IN (o.number, o.replays)
        AND o.state NOT IN ('finished', 'failed')),
    w.version, coalesce((v.document ->> 'active')::boolean, true),
    coalesce((v.document -> 'start' ->> 'hold')::boolean, false),
    EXISTS (SELECT FROM checkpoints c WHERE c.receipt = r.receipt AND c.run = r.number
        AND c.document #>> '{frames,open,0,is_part}' = 'true')
    OR EXISTS (SELECT FROM runs p JOIN workflow_versions l ON l.workflow = p.workflow AND l.version = p.version,
            json_each(l.document -> 'steps') AS s
        WHERE p.receipt = r.receipt AND p.number = r.parent AND p.workflow = r.workflow
            AND s.value -> 'for_each' IS NOT NULL AND s.value -> 'parallel' IS NOT NULL
            AND NOT EXISTS (SELECT FROM checkpoints c WHERE c.receipt = r.receipt AND c.run = r.number))
FROM unnest($1::uuid[], $2::smallint[]) AS k (receipt, number)
JOIN runs r ON r.receipt = k.receipt AND r.number = k.number
LEFT JOIN workflows w ON w.id = r.workflow
LEFT JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version
ORDER BY r.receipt, r.number";

const INSERT: &str = "-- replays::insert
INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, record, connected, started_at, parent,
    parent_step, item, replays, job)
SELECT r.receipt, n.number, r.workflow, n.version, n.state::run_state, 0, r.record, r.connected, now(), r.parent, r.parent_step,
    r.item, coalesce(r.replays, r.number), $6
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::int[], $5::text[])
    AS n (receipt, old, number, version, state)
JOIN runs r ON r.receipt = n.receipt AND r.number = n.old";

const COPY_CHECKPOINTS: &str = "-- replays::copy_checkpoints
INSERT INTO checkpoints (receipt, run, workflow, document, record, connected)
SELECT c.receipt, n.number, c.workflow, c.document, c.record, c.connected
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[]) AS n (receipt, old, number)
JOIN checkpoints c ON c.receipt = n.receipt AND c.run = n.old";

/// A run that the submission started begins with what was posted; one that another run started with the `$env` that its
/// checkpoint has. The checkpoint tells whether a run waits for it; where that is gone, the checkpoint of the run that waits.
const NEW_CHECKPOINTS: &str = "-- replays::new_checkpoints
INSERT INTO checkpoints (receipt, run, workflow, document, record, connected, gate)
SELECT r.receipt, n.number, r.workflow, json_build_object(
        'env', coalesce($5::text::json, CASE WHEN r.parent IS NULL THEN q.env ELSE c.document -> 'env' END),
        'pending', json_build_array(), 'parked', json_build_array(), 'is_new', true, 'begins', true,
        'depth', coalesce((c.document ->> 'depth')::int, 0),
        'awaited', CASE WHEN c.document ->> 'awaited' IS NOT NULL OR (c.receipt IS NULL AND EXISTS (
            SELECT FROM checkpoints p, LATERAL (
                SELECT b.value FROM json_array_elements(p.document -> 'pending') AS b
                UNION ALL SELECT b.value FROM json_array_elements(p.document -> 'parked') AS k,
                    json_array_elements(k.value -> 'steps') AS b) AS branch
            WHERE p.receipt = r.receipt AND (branch.value #>> '{awaits,run}')::int = r.parent
                AND (branch.value #>> '{awaits,step}')::int = r.parent_step)) THEN json_build_object() END),
    r.record, r.connected, CASE WHEN n.state = 'held' THEN 'closed' END
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::text[]) AS n (receipt, old, number, state)
JOIN runs r ON r.receipt = n.receipt AND r.number = n.old
JOIN receipts q ON q.id = n.receipt
LEFT JOIN checkpoints c ON c.receipt = n.receipt AND c.run = n.old";

/// Returns the runs that counted as failed.
const REPLACE: &str = "-- replays::replace
WITH replaced AS (
    UPDATE runs SET replaced_by = n.number
    FROM unnest($1::uuid[], $2::smallint[], $3::smallint[]) AS n (receipt, first, number)
    WHERE runs.receipt = n.receipt AND n.first IN (runs.number, runs.replays) AND runs.number <> n.number
        AND runs.replaced_by IS NULL
    RETURNING runs.*
) SELECT $COLUMNS FROM replaced AS runs WHERE state = 'failed' AND handled_by IS NULL AND dismissed_by IS NULL";

/// The version with which a run is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// That of the run.
    Pinned,
    /// The newest.
    Newest,
}

/// Where a new run begins.
#[derive(Debug, Clone, Copy)]
pub enum How<'e> {
    /// At the failed step, with the `$env` that the run had.
    GoOn(Version),
    /// At the start of the newest version, with these variables; none = with those with which the run started.
    FromStart(Option<&'e Env>),
}

/// A run that ended, and what stands beside it.
struct Ended {
    run: RunKey,
    state: State,
    workflow: WorkflowId,
    version: i32,
    /// The run that was replayed first.
    first: i16,
    has_parent: bool,
    has_checkpoint: bool,
    /// It was started for one item of a loop: it has no start of its own.
    is_part: bool,
    is_replayed: bool,
    /// None = the workflow was removed.
    newest: Option<i32>,
    is_active: bool,
    is_on_hold: bool,
}

/// A run to insert.
struct New {
    of: Ended,
    number: i16,
    version: i32,
    state: State,
}

/// Starts runs in the place of others, each of which is named once and whose first runs differ; tells of each which run
/// goes on. `way` is the one on which the new runs are woken, `job` the one that starts
/// them.
pub async fn start_all(
    transaction: &Transaction<'_>,
    wanted: &[RunKey],
    how: &How<'_>,
    way: &Way,
    job: Option<i64>,
) -> Result<Vec<(RunKey, Rescued)>, StoreError> {
    let (receipts, numbers) = columns(wanted);
    transaction.query(LOCK, &[&receipts, &numbers]).await?;
    let (mut may, mut done) = (Vec::new(), Vec::new());
    for row in transaction.query(LOOK, &[&receipts, &numbers]).await? {
        let ended = read(&row)?;
        match obstacle(&ended, how) {
            Some(obstacle) => done.push((ended.run, Err(obstacle))),
            None => may.push(ended),
        }
    }
    let mut counts: BTreeMap<ReceiptId, i16> = BTreeMap::new();
    may.iter().for_each(|one| *counts.entry(one.run.receipt).or_default() += 1);
    let mut next = receipts::add_runs(transaction, &counts).await?;
    let mut new = Vec::new();
    for of in may {
        match next.get_mut(&of.run.receipt) {
            None => done.push((of.run, Err(Obstacle::TooManyRuns))),
            Some(number) => {
                let (version, state) = begins(&of, how);
                done.push((of.run, Ok(RunKey { number: *number, ..of.run })));
                new.push(New { number: *number, version, state, of });
                *number += 1;
            }
        }
    }
    if !new.is_empty() {
        insert(transaction, &new, how, job).await?;
        let wakes = new.iter().filter(|one| one.state != State::Held).map(|one| Resume {
            run: RunKey { number: one.number, ..one.of.run },
            workflow: one.of.workflow,
            revision: FIRST_REVISION,
        });
        resume_all(transaction, wakes.collect(), way).await?;
    }
    Ok(done)
}

fn obstacle(ended: &Ended, how: &How<'_>) -> Option<Obstacle> {
    match how {
        How::GoOn(_) if ended.state != State::Failed => return Some(Obstacle::NotFailed),
        How::GoOn(_) if !ended.has_checkpoint => return Some(Obstacle::NothingKept),
        How::GoOn(_) => {}
        How::FromStart(_) if !ended.state.is_end() => return Some(Obstacle::NotEnded),
        How::FromStart(_) if ended.newest.is_none() => return Some(Obstacle::WorkflowGone),
        How::FromStart(_) if !ended.is_active => return Some(Obstacle::WorkflowInactive),
        How::FromStart(_) if ended.is_part => return Some(Obstacle::StartedByRun),
        How::FromStart(None) if ended.has_parent && !ended.has_checkpoint => return Some(Obstacle::StartedByRun),
        How::FromStart(_) => {}
    }
    ended.is_replayed.then_some(Obstacle::ReplayUnderWay)
}

/// The version of a new run, and how it stands: of a workflow on hold none begins.
fn begins(of: &Ended, how: &How<'_>) -> (i32, State) {
    let newest = of.newest.unwrap_or(of.version);
    match how {
        How::GoOn(Version::Pinned) => (of.version, State::Running),
        How::GoOn(Version::Newest) => (newest, State::Running),
        How::FromStart(_) => (newest, if of.is_on_hold { State::Held } else { State::Running }),
    }
}

async fn insert(transaction: &Transaction<'_>, new: &[New], how: &How<'_>, job: Option<i64>) -> Result<(), StoreError> {
    let receipts: Vec<_> = new.iter().map(|one| one.of.run.receipt.uuid()).collect();
    let olds: Vec<i16> = new.iter().map(|one| one.of.run.number).collect();
    let firsts: Vec<i16> = new.iter().map(|one| one.of.first).collect();
    let numbers: Vec<i16> = new.iter().map(|one| one.number).collect();
    let versions: Vec<i32> = new.iter().map(|one| one.version).collect();
    let states: Vec<&str> = new.iter().map(|one| one.state.word()).collect();
    transaction.execute(INSERT, &[&receipts, &olds, &numbers, &versions, &states, &job]).await?;
    match how {
        How::GoOn(_) => {
            transaction.execute(COPY_CHECKPOINTS, &[&receipts, &olds, &numbers]).await?;
        }
        How::FromStart(env) => {
            let env = env.map(ToString::to_string);
            transaction.execute(NEW_CHECKPOINTS, &[&receipts, &olds, &numbers, &states, &env]).await?;
        }
    }
    let mut failures = Failures::default();
    let replace = REPLACE.replace("$COLUMNS", Failures::COLUMNS);
    for row in transaction.query(&replace, &[&receipts, &firsts, &numbers]).await? {
        failures.remove(&row)?;
    }
    digest::enqueue(transaction, &Committed { failures, ..Committed::default() }).await
}

fn read(row: &Row) -> Result<Ended, StoreError> {
    let workflow = row.get::<_, i64>(3).try_into();
    Ok(Ended {
        run: key(row),
        state: state(row.get(2))?,
        workflow: workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?,
        version: row.get(4),
        first: row.get(5),
        has_parent: row.get(6),
        has_checkpoint: row.get(7),
        is_part: row.get(12),
        is_replayed: row.get(8),
        newest: row.get(9),
        is_active: row.get(10),
        is_on_hold: row.get(11),
    })
}
