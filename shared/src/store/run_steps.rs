//! The steps that runs took, which together are the path of a run through its graph. The steps of one run in one transaction
//! are one value: in the row of the run those of the transaction that wrote the run first, in rows of `run_steps` those of
//! its further transactions.

mod encoding;

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::runs::Run;
use super::{StoreError, copy};
use crate::id::ReceiptId;
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::resume::RunKey;

const APPEND: &str = "-- run_steps::append
COPY run_steps (receipt, run, first, steps) FROM STDIN (FORMAT binary)";

/// Of the columns of [`APPEND`].
const TYPES: [Type; 4] = [Type::UUID, Type::INT2, Type::INT4, Type::BYTEA];

/// The values that hold the last `$4` steps of each run, so that a run that went round for ever costs no more than another.
const OF: &str = "-- run_steps::of
SELECT all_values.run, first, steps FROM (
    SELECT run, first, steps, lead(first) OVER (PARTITION BY run ORDER BY first) AS next FROM (
        SELECT number AS run, 1 AS first, steps FROM runs
        WHERE receipt = $1 AND number = ANY ($2) AND steps IS NOT NULL
        UNION ALL
        SELECT run, first, steps FROM run_steps WHERE receipt = $1 AND run = ANY ($2)
    ) each_value
) all_values JOIN unnest($2::smallint[], $3::int[]) AS taken (run, steps_taken) ON taken.run = all_values.run
WHERE next IS NULL OR next > steps_taken - $4::bigint
ORDER BY all_values.run, first";

/// The values of runs that took at most `$3` steps.
const RECORDS: &str = "-- run_steps::records
WITH wanted AS (
    SELECT r.receipt, r.number, r.steps FROM unnest($1::uuid[], $2::smallint[]) AS w (receipt, number)
    JOIN runs r ON r.receipt = w.receipt AND r.number = w.number WHERE r.steps_taken <= $3
)
SELECT receipt, number, steps FROM wanted WHERE steps IS NOT NULL
UNION ALL
SELECT s.receipt, s.run, s.steps FROM run_steps s
JOIN wanted ON s.receipt = wanted.receipt AND s.run = wanted.number";

/// The longest runs of which a list names the records, in steps.
const MAX_LISTED: i32 = 100;

const FORGET: &str = "-- run_steps::forget
DELETE FROM run_steps WHERE receipt = $1 AND run = $2";

/// A step that a run took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name of the step.
    pub step: String,
    /// The name of its task.
    pub task: String,
    /// The output by which the run left it; none = the run ended there.
    pub output: Option<String>,
    /// What the task had to say, or why the step failed.
    pub message: Option<Message>,
    /// Milliseconds from the start of the run to the end of the step, by the clock of the worker.
    pub after_ms: u64,
    /// The step's own time in microseconds: its computing, and the work of the database for it.
    pub took_us: u32,
    /// The records that it created, changed, deleted or commented on.
    pub records: Vec<RecordRef>,
    /// The names of the fields that it changed, without those of a new record.
    pub fields: Vec<String>,
}

/// A step of a run with its place.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The number of the run.
    pub run: i16,
    /// The place on the run's path, from 1.
    pub number: i32,
    /// The step.
    pub step: Step,
}

/// The steps of a further transaction of a run.
#[derive(Debug)]
pub struct Further {
    /// The run.
    pub run: RunKey,
    /// The place of the first of them on the run's path.
    pub first: i32,
    /// The steps, by [`encode`].
    pub steps: Vec<u8>,
}

/// Steps as one value; none = there are none.
pub fn encode(steps: &[Step]) -> Option<Vec<u8>> {
    encoding::encode(steps)
}

/// The steps of a value; none = a later version wrote it.
pub fn decode(value: &[u8]) -> Option<Vec<Step>> {
    encoding::decode(value)
}

/// Writes the steps that runs took in further transactions.
pub async fn append(transaction: &Transaction<'_>, all: &[Further]) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    let mut rows = pin!(copy::into(transaction, APPEND, &TYPES).await?);
    for Further { run, first, steps } in all {
        rows.as_mut().write(&[&run.receipt.uuid(), &run.number, first, steps]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// Removes the steps that a run took in further transactions.
pub async fn forget(transaction: &Transaction<'_>, run: RunKey) -> Result<(), StoreError> {
    transaction.execute(FORGET, &[&run.receipt.uuid(), &run.number]).await?;
    Ok(())
}

/// The records to which runs did something, of each run that took at most [`MAX_LISTED`] steps.
pub async fn records(
    connection: &Object,
    runs: impl Iterator<Item = RunKey>,
) -> Result<HashMap<RunKey, BTreeSet<RecordRef>>, StoreError> {
    let (receipts, numbers): (Vec<Uuid>, Vec<i16>) = runs.map(|run| (run.receipt.uuid(), run.number)).unzip();
    let mut records: HashMap<RunKey, BTreeSet<RecordRef>> = HashMap::new();
    if receipts.is_empty() {
        return Ok(records);
    }
    let statement = connection.prepare_cached(RECORDS).await?;
    for row in connection.query(&statement, &[&receipts, &numbers, &MAX_LISTED]).await? {
        let run = RunKey { receipt: row.get::<_, Uuid>(0).into(), number: row.get(1) };
        let steps = decode(row.get(2)).unwrap_or_default();
        records.entry(run).or_default().extend(steps.into_iter().flat_map(|step| step.records));
    }
    Ok(records)
}

/// The steps that these runs of a receipt took, of each run the last `most`: by number of the run, then in order.
pub async fn of(connection: &Object, receipt: ReceiptId, runs: &[Run], most: i64) -> Result<Vec<Entry>, StoreError> {
    let numbers: Vec<i16> = runs.iter().map(|run| run.number).collect();
    let taken: Vec<i32> = runs.iter().map(|run| run.steps).collect();
    // The steps before these are read with them, since a value is read as a whole.
    let most = most.min(i64::from(i32::MAX));
    let statement = connection.prepare_cached(OF).await?;
    let rows = connection.query(&statement, &[&receipt.uuid(), &numbers, &taken, &most]).await?;
    let mut entries = Vec::new();
    for row in &rows {
        let (run, first): (i16, i32) = (row.get(0), row.get(1));
        let steps = decode(row.get(2))
            .ok_or_else(|| StoreError::Refused("stored steps cannot be read: a later version wrote them".into()))?;
        let last = runs.iter().find(|one| one.number == run).map_or(0, |one| one.steps);
        let entry = (first..).zip(steps).map(|(number, step)| Entry { run, number, step });
        entries.extend(entry.filter(|entry| i64::from(entry.number) > i64::from(last) - most));
    }
    Ok(entries)
}
