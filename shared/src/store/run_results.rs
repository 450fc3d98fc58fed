//! What runs leave to the run that waits for them. It is written with the end of the run, and removed in the transaction
//! in which the waiting run goes on with it.

use deadpool_postgres::{Object, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;

use super::runs::State;
use super::{StoreError, parsed};
use crate::message::Message;
use crate::resume::RunKey;

/// How long a result is kept that nobody reads, in days: longer than a run waits.
const KEEP_DAYS: i32 = 100;

const PUT: &str = "-- run_results::put
INSERT INTO run_results (receipt, run, document) VALUES ($1, $2, $3::text::json)
ON CONFLICT (receipt, run) DO NOTHING";

/// Of a run and its replays the last one counts. Results that are too much together are left out.
const OF_STEP: &str = "-- run_results::of_step
SELECT r.number, r.state::text, r.message, sum(octet_length(x.document::text)) OVER (),
    CASE WHEN sum(octet_length(x.document::text)) OVER () <= $4 THEN x.document::text END
FROM runs r LEFT JOIN run_results x ON x.receipt = r.receipt AND x.run = r.number
WHERE r.receipt = $1 AND r.parent = $2 AND r.parent_step = $3 AND r.replaced_by IS NULL
ORDER BY r.item, r.number";

const REMOVE: &str = "-- run_results::remove
DELETE FROM run_results x USING runs r
WHERE r.receipt = $1 AND r.parent = $2 AND r.parent_step = $3 AND x.receipt = r.receipt AND x.run = r.number";

const FORGET: &str = "-- run_results::forget
DELETE FROM run_results WHERE made_at < now() - $1::int * interval '1 day'";

/// What a run leaves to the run that waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// What it responded first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Responded>,
    /// What an item of a list gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether the item failed, and the loop collects that: the run itself is finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// What a run responded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responded {
    /// The status.
    pub status: u16,
    /// The body: of JSON its value, or else its text; null = there is none.
    pub body: Value,
}

/// A run that another one waits for.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// Its number.
    pub number: i16,
    /// How it stands.
    pub state: State,
    /// Why it failed, or what its `stop` said.
    pub message: Option<Message>,
    /// What it left.
    pub result: RunResult,
}

/// The runs that a step started, and the bytes of what they left.
#[derive(Debug)]
pub struct OfStep {
    /// In the order of their items. If their results are too much together, these are empty.
    pub runs: Vec<Awaited>,
    /// The bytes of all results.
    pub bytes: usize,
}

/// Keeps what a run leaves.
pub async fn put(transaction: &Transaction<'_>, run: RunKey, result: &RunResult) -> Result<(), StoreError> {
    if *result == RunResult::default() {
        return Ok(());
    }
    // What came from JSON can be written as JSON.
    let document = serde_json::to_string(result).unwrap_or_default();
    transaction.execute(PUT, &[&run.receipt.uuid(), &run.number, &document]).await?;
    Ok(())
}

/// The runs that a step of a run started, with results of at most so many bytes.
pub async fn of_step(
    transaction: &Transaction<'_>,
    parent: RunKey,
    step: i32,
    most: usize,
) -> Result<OfStep, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = transaction.query(OF_STEP, &[&parent.receipt.uuid(), &parent.number, &step, &most]).await?;
    let bytes = rows.first().and_then(|row| row.get::<_, Option<i64>>(3)).unwrap_or(0);
    let runs = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(OfStep { runs, bytes: usize::try_from(bytes).unwrap_or(0) })
}

/// Removes what the runs of a step left: it was read.
pub async fn remove(transaction: &Transaction<'_>, parent: RunKey, step: i32) -> Result<(), StoreError> {
    transaction.execute(REMOVE, &[&parent.receipt.uuid(), &parent.number, &step]).await?;
    Ok(())
}

/// Removes what nobody will read.
pub async fn forget(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[&KEEP_DAYS]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Awaited, StoreError> {
    let state = State::from_word(row.get(1));
    Ok(Awaited {
        number: row.get(0),
        state: state.ok_or_else(|| StoreError::Refused("a stored run has an unreadable state".into()))?,
        message: row.get::<_, Option<&str>>(2).map(Message::of_stored),
        result: row.get::<_, Option<&str>>(4).map(parsed).transpose()?.unwrap_or_default(),
    })
}
