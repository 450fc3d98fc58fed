//! How the groups of failed runs change. A transaction counts the runs that failed in it and those that a replay replaced;
//! the digest adds the counts to the groups. The row of the queue carries the counts and goes with them, so each change is
//! counted once.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::id::{ReceiptId, WorkflowId};
use crate::resume::RunKey;
use crate::store::StoreError;
use crate::store::runs::{Run, State};

const ADD: &str = "-- changes::add
INSERT INTO failure_groups AS g (workflow, hour, version, step, failure, count, newest, newest_run)
SELECT workflow, hour, version, step, failure, count, newest, newest_run
FROM unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::uuid[],
    $8::smallint[]) AS new (workflow, hour, version, step, failure, count, newest, newest_run)
ON CONFLICT (workflow, hour, version, step, failure) DO UPDATE
SET count = g.count + excluded.count, newest = greatest(g.newest, excluded.newest),
    newest_run = CASE WHEN (excluded.newest, excluded.newest_run) > (g.newest, g.newest_run)
        THEN excluded.newest_run ELSE g.newest_run END";

const FORGET: &str = "-- changes::forget
DELETE FROM failure_groups WHERE count = 0 OR hour < to_timestamp(postern_day(postern_older_than('runs')) * 86400)";

/// Of which group and which hour: workflow, version, step, code of the reason, hour since 1970 of the receipts.
type Place = (WorkflowId, i32, String, String, i64);

/// The changes of one transaction.
#[derive(Debug, Default)]
pub struct Failures(BTreeMap<Place, Change>);

/// By how many runs a group changed.
#[derive(Debug, Default)]
struct Change {
    count: i64,
    /// The newest run that came into the group.
    newest: Option<RunKey>,
}

/// A change as the queue carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct FailureCount {
    workflow: WorkflowId,
    version: i32,
    step: String,
    failure: String,
    hour: i64,
    /// Below zero, runs left the group.
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<RunKey>,
}

impl Failures {
    /// Counts a run that was written, if it has failed.
    pub fn add(&mut self, run: &Run) {
        if run.state == State::Failed {
            let step = run.failed_step().unwrap_or_default().to_owned();
            let place = (run.workflow, run.version, step, run.failure().unwrap_or_default(), run.receipt.hour());
            self.count(place, 1, Some(run.key()));
        }
    }

    /// Counts a run that counted as failed until now. The row begins with the columns of [`Failures::COLUMNS`].
    pub(in crate::store) fn remove(&mut self, row: &Row) -> Result<(), StoreError> {
        let (place, _) = place(row)?;
        self.count(place, -1, None);
        Ok(())
    }

    /// Counts a run that counts as failed from now on, as [`Failures::remove`] reads it.
    pub(in crate::store) fn insert(&mut self, row: &Row) -> Result<(), StoreError> {
        let (place, run) = place(row)?;
        self.count(place, 1, Some(run));
        Ok(())
    }

    /// The columns of the table `runs` that say to which group a run belongs.
    pub(in crate::store) const COLUMNS: &'static str = "runs.receipt, runs.number, runs.workflow, runs.version, coalesce(runs.failed_at, ''), coalesce(runs.failure, '')";

    fn count(&mut self, place: Place, count: i64, run: Option<RunKey>) {
        let change = self.0.entry(place).or_default();
        change.count += count;
        change.newest = change.newest.max(run);
    }

    /// As the queue carries them; none = nothing changed.
    pub(in crate::store) fn encoded(&self) -> Option<serde_json::Value> {
        let one = |((workflow, version, step, failure, hour), change): (&Place, &Change)| FailureCount {
            workflow: *workflow,
            version: *version,
            step: step.clone(),
            failure: failure.clone(),
            hour: *hour,
            count: change.count,
            newest: change.newest,
        };
        let all: Vec<FailureCount> = self.0.iter().map(one).collect();
        // Texts and numbers can always be written.
        serde_json::to_value(&all).ok().filter(|_| !all.is_empty())
    }
}

fn place(row: &Row) -> Result<(Place, RunKey), StoreError> {
    let receipt: ReceiptId = row.get::<_, Uuid>(0).into();
    let workflow = row.get::<_, i64>(2).try_into();
    let workflow = workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?;
    let run = RunKey { receipt, number: row.get(1) };
    Ok(((workflow, row.get(3), row.get(4), row.get(5), receipt.hour()), run))
}

/// Adds changes to the groups.
pub(in crate::store) async fn add(transaction: &Transaction<'_>, all: &[FailureCount]) -> Result<(), StoreError> {
    let mut places: BTreeMap<Place, Change> = BTreeMap::new();
    for one in all {
        let place = (one.workflow, one.version, one.step.clone(), one.failure.clone(), one.hour);
        let change = places.entry(place).or_default();
        change.count += one.count;
        change.newest = change.newest.max(one.newest);
    }
    if places.is_empty() {
        return Ok(());
    }
    let hour = |hour: i64| SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(hour).unwrap_or(0) * 3600);
    let workflows: Vec<i64> = places.keys().map(|place| place.0.get()).collect();
    let versions: Vec<i32> = places.keys().map(|place| place.1).collect();
    let (steps, failures): (Vec<&str>, Vec<&str>) = places.keys().map(|at| (at.2.as_str(), at.3.as_str())).unzip();
    let hours: Vec<SystemTime> = places.keys().map(|place| hour(place.4)).collect();
    let counts: Vec<i64> = places.values().map(|change| change.count).collect();
    let newest = |change: &Change| change.newest.map_or((Uuid::nil(), 0), |run| (run.receipt.uuid(), run.number));
    let (newest, numbers): (Vec<Uuid>, Vec<i16>) = places.values().map(newest).unzip();
    let statement = transaction.prepare_cached(ADD).await?;
    transaction
        .execute(&statement, &[&workflows, &hours, &versions, &steps, &failures, &counts, &newest, &numbers])
        .await?;
    Ok(())
}

/// Removes groups that are empty, and those of weeks that are gone.
pub async fn forget(connection: &Object) -> Result<u64, StoreError> {
    Ok(connection.execute(FORGET, &[]).await?)
}
