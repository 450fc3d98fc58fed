//! What the steps of workflows did: how often each was left by which output, how often a run failed there, and how long the
//! step took. A transaction counts its own steps; the digest adds them to the hour in which it was. The row of the queue
//! carries the counts and goes with them, so a step is counted once, whether its workflow keeps a log or not.

use std::collections::BTreeMap;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use super::StoreError;
use super::run_steps::Step;
use super::runs::{Run, State};
use crate::id::WorkflowId;

/// The upper bounds of the durations that are counted together, in microseconds; the last count has none.
pub const BOUNDS_US: [u32; 20] = [
    20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000,
];

/// The counts of durations.
const COUNTS: usize = BOUNDS_US.len() + 1;

/// How long the counts of an hour are kept, in days: as long as the history.
const MAX_AGE_DAYS: i32 = 180;

/// The most waiting runs of a workflow that are counted: more is many.
const MAX_WAITING: i64 = 1_000;

/// The durations of row n stand in the n-th part of `$8`, which has `$9` numbers.
const ADD: &str = "-- statistics::add
INSERT INTO step_statistics AS s (workflow, hour, version, step, output, count, failures, durations)
SELECT workflow, hour, version, step, output, count, failures, ($8::bigint[])[(n - 1) * $9 + 1 : n * $9]
FROM unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    WITH ORDINALITY AS new (workflow, hour, version, step, output, count, failures, n)
ON CONFLICT (workflow, hour, version, step, output) DO UPDATE
SET count = s.count + excluded.count, failures = s.failures + excluded.failures,
    durations = ARRAY(SELECT had + got FROM unnest(s.durations, excluded.durations) WITH ORDINALITY AS u (had, got, n)
        ORDER BY n)";

const OF: &str = "-- statistics::of
SELECT step, output, sum(count)::bigint, sum(failures)::bigint, ARRAY[
    sum(durations[1]), sum(durations[2]), sum(durations[3]), sum(durations[4]), sum(durations[5]), sum(durations[6]),
    sum(durations[7]), sum(durations[8]), sum(durations[9]), sum(durations[10]), sum(durations[11]),
    sum(durations[12]), sum(durations[13]), sum(durations[14]), sum(durations[15]), sum(durations[16]),
    sum(durations[17]), sum(durations[18]), sum(durations[19]), sum(durations[20]), sum(durations[21])]::bigint[]
FROM step_statistics
WHERE workflow = $1 AND hour >= $2 AND hour < $3 AND ($4::int IS NULL OR version = $4) GROUP BY step, output
ORDER BY step, output";

/// The step at which a run waits: the `delay` that parked it, else the step that it takes next.
const WAITING: &str = "-- statistics::waiting
SELECT step, count(*) FROM (
    SELECT coalesce(c.document #>> '{pending,-1,step}', c.document #>> '{parked,0,delay}',
        c.document #>> '{parked,0,steps,-1,step}') AS step
    FROM checkpoints c JOIN runs r ON r.receipt = c.receipt AND r.number = c.run
    WHERE c.workflow = $1 AND r.state IN ('waiting', 'needs_attention') AND ($3::int IS NULL OR r.version = $3)
    LIMIT $2
) waiting WHERE step IS NOT NULL GROUP BY step";

const FORGET: &str = "-- statistics::forget
DELETE FROM step_statistics WHERE hour < now() - $1 * interval '1 day'";

/// Whose counts a row has: of a workflow in an hour, by version, step and output.
type Place<'s> = (WorkflowId, SystemTime, i32, &'s str, &'s str);

/// The steps of one transaction, counted.
#[derive(Debug, Default)]
pub struct Counted(BTreeMap<(WorkflowId, i32), Vec<StepCount>>);

/// How often a step was left by an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StepCount {
    /// The workflow.
    workflow: WorkflowId,
    /// Its version.
    version: i32,
    /// The name of the step.
    step: String,
    /// The output; empty = it was not left by one.
    output: String,
    /// How many runs failed there.
    #[serde(default)]
    failures: i64,
    /// How many took how long: the number of the duration, and its count.
    durations: BTreeMap<usize, i64>,
}

impl StepCount {
    fn count(&self) -> i64 {
        self.durations.values().sum()
    }
}

impl Counted {
    /// Counts the steps that a run took in a transaction, and how it stands behind them.
    pub fn add(&mut self, run: &Run, steps: &[Step]) {
        if steps.is_empty() {
            return;
        }
        let of_version = self.0.entry((run.workflow, run.version)).or_default();
        let last = steps.len() - 1;
        for (at, step) in steps.iter().enumerate() {
            let output = step.output.as_deref().unwrap_or_default();
            // Where a limit ends a run between two steps it fails at none.
            let is_failure = at == last && run.state == State::Failed && matches!(output, "" | "failed");
            let known = of_version.iter_mut().position(|one| one.step == step.step && one.output == output);
            let place = known.unwrap_or(of_version.len());
            if known.is_none() {
                of_version.push(StepCount {
                    workflow: run.workflow,
                    version: run.version,
                    step: step.step.clone(),
                    output: output.to_owned(),
                    failures: 0,
                    durations: BTreeMap::new(),
                });
            }
            let one = &mut of_version[place];
            one.failures += i64::from(is_failure);
            *one.durations.entry(duration(step.took_us)).or_default() += 1;
        }
    }

    /// As the queue carries it; none = no step was taken.
    pub(super) fn encoded(&self) -> Option<serde_json::Value> {
        let all: Vec<&StepCount> = self.0.values().flatten().collect();
        // Texts and numbers can always be written.
        serde_json::to_value(&all).ok().filter(|_| !all.is_empty())
    }
}

/// The number of a duration among those that are counted together.
fn duration(took_us: u32) -> usize {
    BOUNDS_US.partition_point(|bound| *bound < took_us)
}

/// Adds counted steps to their hours.
pub(super) async fn add(transaction: &Transaction<'_>, all: &[(SystemTime, StepCount)]) -> Result<(), StoreError> {
    let mut hours: BTreeMap<Place<'_>, (i64, i64, [i64; COUNTS])> = BTreeMap::new();
    for (hour, one) in all {
        let key = (one.workflow, *hour, one.version, one.step.as_str(), one.output.as_str());
        let (count, failures, durations) = hours.entry(key).or_insert((0, 0, [0; COUNTS]));
        *count += one.count();
        *failures += one.failures;
        for (at, more) in &one.durations {
            // What a version with more of them wrote counts among the longest.
            durations[(*at).min(COUNTS - 1)] += more;
        }
    }
    if hours.is_empty() {
        return Ok(());
    }
    let keys = || hours.keys();
    let workflows: Vec<i64> = keys().map(|key| key.0.get()).collect();
    let times: Vec<SystemTime> = keys().map(|key| key.1).collect();
    let versions: Vec<i32> = keys().map(|key| key.2).collect();
    let (steps, outputs): (Vec<&str>, Vec<&str>) = keys().map(|key| (key.3, key.4)).unzip();
    let (counts, failures): (Vec<i64>, Vec<i64>) = hours.values().map(|value| (value.0, value.1)).unzip();
    let durations: Vec<i64> = hours.values().flat_map(|value| value.2).collect();
    let width = i64::try_from(COUNTS).unwrap_or(0);
    let statement = transaction.prepare_cached(ADD).await?;
    transaction
        .execute(&statement, &[&workflows, &times, &versions, &steps, &outputs, &counts, &failures, &durations, &width])
        .await?;
    Ok(())
}

/// What a step did in a time, as far as it was left by one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfOutput {
    /// The name of the step.
    pub step: String,
    /// The output; empty = it was not left by one.
    pub output: String,
    /// How often.
    pub count: i64,
    /// How many runs failed there.
    pub failures: i64,
    /// How long it took.
    pub durations: Durations,
}

/// How many took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations(Vec<i64>);

impl Durations {
    /// The same with others.
    pub fn with(mut self, other: &Self) -> Self {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one += other);
        self
    }

    /// The duration in microseconds that this part of all does not exceed, such as 0.5 for the median; between two bounds it
    /// is taken to be as far as its place is. None = nothing was counted.
    pub fn quantile_us(&self, part: f64) -> Option<u64> {
        let all: i64 = self.0.iter().sum();
        let wanted = (part * all as f64).max(1.0);
        let mut below = 0.0;
        for (at, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if below + count >= wanted {
                let low = at.checked_sub(1).and_then(|at| BOUNDS_US.get(at)).map_or(0.0, |bound| f64::from(*bound));
                let high = BOUNDS_US.get(at).map_or(low, |bound| f64::from(*bound));
                return Some((low + (high - low) * (wanted - below) / count).round() as u64);
            }
            below += count;
        }
        None
    }
}

/// What the steps of a workflow did from one time to another, in whole hours; of one version or all.
pub async fn of(
    connection: &Object,
    workflow: WorkflowId,
    (from, to): (SystemTime, SystemTime),
    version: Option<i32>,
) -> Result<Vec<OfOutput>, StoreError> {
    let rows = connection.query(OF, &[&workflow.get(), &from, &to, &version]).await?;
    let read = |row: &Row| OfOutput {
        step: row.get(0),
        output: row.get(1),
        count: row.get(2),
        failures: row.get(3),
        durations: Durations(row.get(4)),
    };
    Ok(rows.iter().map(read).collect())
}

/// How many runs of a workflow wait at which step, of one version or all: of the many that may wait, some.
pub async fn waiting(
    connection: &Object,
    workflow: WorkflowId,
    version: Option<i32>,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = connection.query(WAITING, &[&workflow.get(), &MAX_WAITING, &version]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Removes the counts of hours that are too old.
pub async fn forget(connection: &Object) -> Result<u64, StoreError> {
    Ok(connection.execute(FORGET, &[&f64::from(MAX_AGE_DAYS)]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_by_their_bounds_and_give_a_median() {
        assert_eq!([0, 20, 21, 50_000_000, u32::MAX].map(duration), [0, 0, 1, 19, 20]);
        let of = |counts: &[(usize, i64)]| {
            let mut all = vec![0; COUNTS];
            counts.iter().for_each(|(at, count)| all[*at] = *count);
            Durations(all)
        };
        for (counts, part, expected) in [
            (vec![], 0.5, None),
            (vec![(2, 1)], 0.5, Some(100)),
            (vec![(2, 10)], 0.5, Some(75)),
            (vec![(0, 90), (5, 10)], 0.5, Some(11)),
            (vec![(0, 90), (5, 10)], 0.95, Some(750)),
            (vec![(20, 3)], 0.95, Some(50_000_000)),
        ] {
            assert_eq!(of(&counts).quantile_us(part), expected, "{counts:?}");
        }
        assert_eq!(of(&[(1, 2)]).with(&of(&[(1, 1), (3, 1)])), of(&[(1, 3), (3, 1)]));
    }
}
