//! What a person does for a run that stands still: replays it at its failed step, or decides about a step of which
//! nobody knows what came of it. The change, what wakes the run, and the row of the audit log are one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::audit_log::{self, Change};
use super::checkpoints::{Decision, FIRST_REVISION};
use super::runs::State;
use super::spool::{self, Alarm, Way};
use super::{StoreError, outside_calls, receipts};
use crate::id::WorkflowId;
use crate::resume::{Resume, RunKey};

/// Two persons at one run: the second waits here and finds what the first has done.
const STANDING: &str = "-- run_actions::standing
SELECT r.state::text, r.workflow, coalesce(r.replays, r.number), c.revision
FROM runs r LEFT JOIN checkpoints c ON c.receipt = r.receipt AND c.run = r.number
WHERE r.receipt = $1 AND r.number = $2 FOR UPDATE OF r";

/// All replays of a run have one lock, whichever of them is replayed.
const FIRST: &str = "-- run_actions::first
SELECT FROM runs WHERE receipt = $1 AND number = (
    SELECT coalesce(replays, number) FROM runs WHERE receipt = $1 AND number = $2) FOR UPDATE";

const UNFINISHED: &str = "-- run_actions::unfinished
SELECT EXISTS (SELECT FROM runs WHERE receipt = $1 AND $2 IN (number, replays) AND state NOT IN ('finished', 'failed'))";

const COPY_RUN: &str = "-- run_actions::copy_run
INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, record, started_at, parent, parent_step, item,
    replays)
SELECT receipt, $3, workflow, CASE WHEN $4 THEN coalesce((SELECT version FROM workflows w WHERE w.id = workflow), version)
    ELSE version END, 'running', 0, record, now(), parent, parent_step, item, coalesce(replays, number)
FROM runs WHERE receipt = $1 AND number = $2";

const COPY_CHECKPOINT: &str = "-- run_actions::copy_checkpoint
INSERT INTO checkpoints (receipt, run, workflow, document, record)
SELECT receipt, $3, workflow, document, record FROM checkpoints WHERE receipt = $1 AND run = $2";

const REPLACE: &str = "-- run_actions::replace
UPDATE runs SET replaced_by = $3
WHERE receipt = $1 AND $2 IN (number, replays) AND number <> $3 AND replaced_by IS NULL";

const DECIDE: &str = "-- run_actions::decide
UPDATE checkpoints SET revision = revision + 1, decision = $3 WHERE receipt = $1 AND run = $2 RETURNING revision";

const GO_ON: &str = "-- run_actions::go_on
UPDATE runs SET state = 'running', message = NULL WHERE receipt = $1 AND number = $2";

/// The version with which a run is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// That of the run.
    Pinned,
    /// The newest.
    Newest,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rescued {
    /// It goes on, as this run.
    Goes(RunKey),
    /// There is no such run.
    Unknown,
    /// It does not stand as it would have to; the text says what is in the way.
    Refused(&'static str),
}

/// A run that a person has chosen, locked.
struct Standing {
    state: String,
    workflow: WorkflowId,
    /// The run that was replayed first.
    first: i16,
    /// That of its checkpoint, if it has one.
    revision: Option<i32>,
}

/// Replays a run that failed: a new run of its receipt goes on at the failed step, with the `$env` that it had.
pub async fn replay(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    version: Version,
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let receipt = run.receipt.uuid();
    transaction.execute(FIRST, &[&receipt, &run.number]).await?;
    let Some(standing) = standing(&transaction, run).await? else { return Ok(Rescued::Unknown) };
    if standing.state != State::Failed.word() {
        return Ok(Rescued::Refused("only a run that failed is replayed"));
    }
    if standing.revision.is_none() {
        return Ok(Rescued::Refused("what it would need to go on was not kept"));
    }
    if transaction.query_one(UNFINISHED, &[&receipt, &standing.first]).await?.get(0) {
        return Ok(Rescued::Refused("another replay of it has not ended"));
    }
    let numbers = receipts::add_runs(&transaction, &BTreeMap::from([(run.receipt, 1)])).await?;
    let Some(number) = numbers.get(&run.receipt).copied() else {
        return Ok(Rescued::Refused("its receipt has as many runs as it may have"));
    };
    let newest = version == Version::Newest;
    transaction.execute(COPY_RUN, &[&receipt, &run.number, &number, &newest]).await?;
    transaction.execute(COPY_CHECKPOINT, &[&receipt, &run.number, &number]).await?;
    transaction.execute(REPLACE, &[&receipt, &standing.first, &number]).await?;
    let new = RunKey { number, ..run };
    finish(transaction, account, "replay", Resume { run: new, workflow: standing.workflow, revision: FIRST_REVISION })
        .await
}

/// Decides about the step at which a run needs attention.
pub async fn decide(
    connection: &mut Object,
    account: &str,
    run: RunKey,
    decision: Decision,
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let Some(standing) = standing(&transaction, run).await? else { return Ok(Rescued::Unknown) };
    if standing.state != State::NeedsAttention.word() {
        return Ok(Rescued::Refused("it does not need attention"));
    }
    let receipt = run.receipt.uuid();
    if decision == Decision::Repeat {
        outside_calls::withdraw(&transaction, run).await?;
    }
    let row = transaction.query_one(DECIDE, &[&receipt, &run.number, &decision.word()]).await?;
    transaction.execute(GO_ON, &[&receipt, &run.number]).await?;
    let resume = Resume { run, workflow: standing.workflow, revision: row.get(0) };
    finish(transaction, account, decision.word(), resume).await
}

async fn standing(transaction: &Transaction<'_>, run: RunKey) -> Result<Option<Standing>, StoreError> {
    let row = transaction.query_opt(STANDING, &[&run.receipt.uuid(), &run.number]).await?;
    let read = |row: tokio_postgres::Row| {
        let workflow = row.get::<_, i64>(1).try_into();
        let workflow = workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?;
        Ok(Standing { state: row.get(0), workflow, first: row.get(2), revision: row.get(3) })
    };
    row.map(read).transpose()
}

async fn finish(
    transaction: Transaction<'_>,
    account: &str,
    action: &str,
    resume: Resume,
) -> Result<Rescued, StoreError> {
    spool::schedule(&transaction, &[Alarm { resume, delay: Duration::ZERO, way: Way::Resuming { of_many: false } }])
        .await?;
    let key = resume.run.to_string();
    audit_log::put(&transaction, &Change { account, action, kind: "run", key: &key, document: None }).await?;
    transaction.commit().await?;
    Ok(Rescued::Goes(resume.run))
}
