//! The runs of one receipt: those that a person looks at first, and a word for all of them. A receipt may have thousands;
//! they are counted where they lie.

use std::collections::HashMap;

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{Run, State, read};
use crate::id::{ReceiptId, WorkflowId};
use crate::store::StoreError;

/// The most urgent first: in the order of the type, not of the words.
const SHOWN: &str = "-- of_receipt::shown
SELECT receipt, number, workflow, version, state::text, steps_taken, record, message, started_at, ended_at,
    parent, parent_step, item, replays, replaced_by, connected, handled_by, dismissed_by
FROM runs WHERE receipt = $1 ORDER BY runs.state, number LIMIT $2";

/// Of a run and its replays the last one counts; a failure that was handled counts as finished.
const STATES: &str = "-- of_receipt::states
SELECT CASE WHEN handled_by IS NULL THEN state::text ELSE 'finished' END, count(*),
    count(*) FILTER (WHERE replaced_by IS NULL)
FROM runs WHERE receipt = $1 GROUP BY 1";

const WORKFLOWS: &str = "-- of_receipt::workflows
SELECT number, workflow FROM runs WHERE receipt = $1 AND number = ANY ($2)";

/// The runs of a receipt.
#[derive(Debug)]
pub struct OfReceipt {
    /// Those that are shown, in the order in which the receipt started them: all, or of many those that most need
    /// someone's eye.
    pub shown: Vec<Run>,
    /// How many are not.
    pub left_out: i64,
    /// The word for a receipt with these runs; without any run it is unmatched. Of a run and its replays the last one
    /// counts.
    pub word: &'static str,
    /// The workflows of the runs that started those that are shown.
    starters: HashMap<i16, WorkflowId>,
}

impl OfReceipt {
    /// The workflow of the run that started this one.
    pub fn starter(&self, run: &Run) -> Option<WorkflowId> {
        self.starters.get(&run.parent?.run).copied()
    }
}

/// The runs of a receipt, of which at most `most` are shown.
pub async fn of(connection: &Object, receipt: ReceiptId, most: usize) -> Result<OfReceipt, StoreError> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let statement = connection.prepare_cached(SHOWN).await?;
    let rows = connection.query(&statement, &[&receipt.uuid(), &limit]).await?;
    let mut shown = rows.iter().map(read).collect::<Result<Vec<Run>, _>>()?;
    let are_all = shown.len() <= most;
    shown.truncate(most);
    shown.sort_by_key(|run| run.number);
    let starters = starters(connection, receipt, &shown).await?;
    if are_all {
        let last = shown.iter().filter(|run| run.replaced_by.is_none()).map(Run::counts_as);
        return Ok(OfReceipt { left_out: 0, word: word(State::of_all(last)), shown, starters });
    }
    let states = connection.query(STATES, &[&receipt.uuid()]).await?;
    let count: i64 = states.iter().map(|row| row.get::<_, i64>(1)).sum();
    let left_out = count.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX)).max(0);
    let last = states.iter().filter(|row| row.get::<_, i64>(2) > 0).filter_map(|row| State::from_word(row.get(0)));
    Ok(OfReceipt { shown, left_out, word: word(State::of_all(last)), starters })
}

async fn starters(
    connection: &Object,
    receipt: ReceiptId,
    shown: &[Run],
) -> Result<HashMap<i16, WorkflowId>, StoreError> {
    let numbers: Vec<i16> = shown.iter().filter_map(|run| Some(run.parent?.run)).collect();
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = connection.prepare_cached(WORKFLOWS).await?;
    let rows = connection.query(&statement, &[&receipt.uuid(), &numbers]).await?;
    let starter = |row: &Row| Some((row.get(0), row.get::<_, i64>(1).try_into().ok()?));
    Ok(rows.iter().filter_map(starter).collect())
}

fn word(state: Option<State>) -> &'static str {
    state.map_or("unmatched", State::word)
}
