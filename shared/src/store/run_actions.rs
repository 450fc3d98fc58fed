//! What a person does for a run that stands still: replays it at its failed step, or decides about a step of which
//! nobody knows what came of it. The change, what wakes the run, and the row of the audit log are one transaction.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::audit_log::{self, Change};
use super::checkpoints::{Decision, FIRST_REVISION};
use super::spool::{self, Alarm, Way};
use super::{StoreError, outside_calls};
use crate::origin;
use crate::resume::{Resume, RunKey};

/// Two persons at one run: the second waits here and finds what the first has done.
const STANDING: &str = "-- run_actions::standing
SELECT r.state, c.revision FROM runs r LEFT JOIN checkpoints c USING (receipt, workflow, origin)
WHERE r.receipt = $1 AND r.workflow = $2 AND r.origin = $3 FOR UPDATE OF r";

/// `$4` stands before the number of each replay.
const SIBLINGS: &str = "-- run_actions::siblings
SELECT count(*) FILTER (WHERE state NOT IN ('finished', 'failed')), coalesce(max(number::int), 0) + 1
FROM (SELECT state, origin, CASE WHEN starts_with(origin, $4) THEN nullif(substr(origin, length($4) + 1), '') END AS number
    FROM runs WHERE receipt = $1 AND workflow = $2) s
WHERE origin = $3 OR number ~ '^[0-9]{1,9}$'";

const FIRST: &str = "-- run_actions::first
SELECT FROM runs WHERE receipt = $1 AND workflow = $2 AND origin = $3 FOR UPDATE";

const COPY_RUN: &str = "-- run_actions::copy_run
INSERT INTO runs (receipt, workflow, origin, version, place, state, steps, record, started_at)
SELECT receipt, workflow, $4, CASE WHEN $5 THEN coalesce((SELECT version FROM workflows WHERE id = $2), version)
    ELSE version END, place, 'running', 0, record, now()
FROM runs WHERE receipt = $1 AND workflow = $2 AND origin = $3";

const COPY_CHECKPOINT: &str = "-- run_actions::copy_checkpoint
INSERT INTO checkpoints (receipt, workflow, origin, document, record)
SELECT receipt, workflow, $4, document, record FROM checkpoints
WHERE receipt = $1 AND workflow = $2 AND origin = $3";

const DECIDE: &str = "-- run_actions::decide
UPDATE checkpoints SET revision = revision + 1, decision = $4
WHERE receipt = $1 AND workflow = $2 AND origin = $3 RETURNING revision";

const GO_ON: &str = "-- run_actions::go_on
UPDATE runs SET state = 'running', message = NULL WHERE receipt = $1 AND workflow = $2 AND origin = $3";

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

/// Replays a run that failed: a new run of its receipt goes on at the failed step, with the `$env` that it had.
pub async fn replay(
    connection: &mut Object,
    account: &str,
    run: &RunKey,
    version: Version,
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    let (receipt, workflow) = (run.receipt.uuid(), run.workflow.get());
    // All replays of a run have one lock, whichever of them is replayed.
    let first = origin::first(&run.origin);
    transaction.execute(FIRST, &[&receipt, &workflow, &first]).await?;
    match standing(&transaction, run).await? {
        None => return Ok(Rescued::Unknown),
        Some((state, _)) if state != "failed" => return Ok(Rescued::Refused("only a run that failed is replayed")),
        Some((_, None)) => return Ok(Rescued::Refused("what it would need to go on was not kept")),
        Some((_, Some(_))) => {}
    }
    let before = origin::before_replay(first);
    let row = transaction.query_one(SIBLINGS, &[&receipt, &workflow, &first, &before]).await?;
    if row.get::<_, i64>(0) > 0 {
        return Ok(Rescued::Refused("another replay of it has not ended"));
    }
    let new = RunKey { origin: format!("{before}{}", row.get::<_, i32>(1)), ..run.clone() };
    let newest = version == Version::Newest;
    transaction.execute(COPY_RUN, &[&receipt, &workflow, &run.origin, &new.origin, &newest]).await?;
    transaction.execute(COPY_CHECKPOINT, &[&receipt, &workflow, &run.origin, &new.origin]).await?;
    finish(transaction, account, "replay", &new, FIRST_REVISION).await
}

/// Decides about the step at which a run needs attention.
pub async fn decide(
    connection: &mut Object,
    account: &str,
    run: &RunKey,
    decision: Decision,
) -> Result<Rescued, StoreError> {
    let transaction = connection.transaction().await?;
    match standing(&transaction, run).await? {
        None => return Ok(Rescued::Unknown),
        Some((state, _)) if state != "needs_attention" => return Ok(Rescued::Refused("it does not need attention")),
        Some(_) => {}
    }
    let (receipt, workflow) = (run.receipt.uuid(), run.workflow.get());
    if decision == Decision::Repeat {
        outside_calls::withdraw(&transaction, run).await?;
    }
    let row = transaction.query_one(DECIDE, &[&receipt, &workflow, &run.origin, &decision.word()]).await?;
    transaction.execute(GO_ON, &[&receipt, &workflow, &run.origin]).await?;
    finish(transaction, account, decision.word(), run, row.get(0)).await
}

async fn standing(transaction: &Transaction<'_>, run: &RunKey) -> Result<Option<(String, Option<i32>)>, StoreError> {
    let row = transaction.query_opt(STANDING, &[&run.receipt.uuid(), &run.workflow.get(), &run.origin]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

async fn finish(
    transaction: Transaction<'_>,
    account: &str,
    action: &str,
    run: &RunKey,
    revision: i32,
) -> Result<Rescued, StoreError> {
    let resume = Resume { run: run.clone(), revision };
    spool::schedule(&transaction, &[Alarm { resume, delay: Duration::ZERO, way: Way::Resuming { of_many: false } }])
        .await?;
    let key = run.to_string();
    audit_log::put(&transaction, &Change { account, action, kind: "run", key: &key, document: None }).await?;
    transaction.commit().await?;
    Ok(Rescued::Goes(run.clone()))
}
