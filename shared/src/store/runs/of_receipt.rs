//! The runs of one receipt: those that a person looks at first, and a word for all of them. A receipt may have thousands;
//! they are counted where they lie.

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{Run, State, read};
use crate::id::ReceiptId;
use crate::origin;
use crate::store::StoreError;

const SHOWN: &str = "-- of_receipt::shown
SELECT receipt, workflow, version, place, state, steps, record, message, started_at, ended_at, origin
FROM runs WHERE receipt = $1
ORDER BY array_position($2::text[], state), place, workflow, length(origin), origin LIMIT $3";

const STATES: &str = "-- of_receipt::states
SELECT state, count(*), bool_or(origin ~ '(^|~)[0-9]+$') FROM runs WHERE receipt = $1 GROUP BY state";

/// Of a run and its replays the last one counts; [`origin::first`] in SQL.
const LAST_STATES: &str = "-- of_receipt::last_states
SELECT DISTINCT state FROM (
    SELECT DISTINCT ON (workflow, first) state
    FROM (
        SELECT workflow, origin, state,
            CASE WHEN origin ~ '^[0-9]+$' THEN '' ELSE regexp_replace(origin, '~[0-9]+$', '') END AS first
        FROM runs WHERE receipt = $1
    ) AS named
    ORDER BY workflow, first, length(origin) DESC, origin DESC
) AS last";

/// The state that most needs someone's eye or patience first: it is that of the receipt.
const OF_RECEIPT: [State; 6] =
    [State::NeedsAttention, State::Running, State::Waiting, State::Held, State::Failed, State::Finished];

/// The state whose runs are shown first.
const SHOWN_FIRST: [State; 6] =
    [State::NeedsAttention, State::Failed, State::Running, State::Waiting, State::Held, State::Finished];

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
}

/// The runs of a receipt, of which at most `most` are shown.
pub async fn of(connection: &Object, receipt: ReceiptId, most: usize) -> Result<OfReceipt, StoreError> {
    let order = SHOWN_FIRST.map(State::word);
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let statement = connection.prepare_cached(SHOWN).await?;
    let rows = connection.query(&statement, &[&receipt.uuid(), &&order[..], &limit]).await?;
    let mut shown = rows.iter().map(read).collect::<Result<Vec<Run>, _>>()?;
    let are_all = shown.len() <= most;
    shown.truncate(most);
    shown.sort_by(|one, other| key(one).cmp(&key(other)));
    if are_all {
        let word = word(&last_states(&shown));
        return Ok(OfReceipt { shown, left_out: 0, word });
    }
    let states = connection.query(STATES, &[&receipt.uuid()]).await?;
    let count: i64 = states.iter().map(|row| row.get::<_, i64>(1)).sum();
    let left_out = count.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX)).max(0);
    let has_replays = states.iter().any(|row| row.get(2));
    let states = if has_replays { connection.query(LAST_STATES, &[&receipt.uuid()]).await? } else { states };
    let state = |row: &Row| State::from_word(row.get(0));
    Ok(OfReceipt { shown, left_out, word: word(&states.iter().filter_map(state).collect::<Vec<_>>()) })
}

/// In which order a receipt started its runs, with replays behind the run that they replay.
fn key(run: &Run) -> (i32, i64, usize, &str) {
    (run.place, run.workflow.get(), run.origin.len(), &run.origin)
}

/// The states of runs in their order, without those that were replayed.
fn last_states(runs: &[Run]) -> Vec<State> {
    let name = |run: &Run| (run.workflow, origin::first(&run.origin).to_owned());
    let is_last = |at: usize| runs.get(at + 1).is_none_or(|next| name(next) != name(&runs[at]));
    (0..runs.len()).filter(|at| is_last(*at)).map(|at| runs[at].state).collect()
}

fn word(states: &[State]) -> &'static str {
    OF_RECEIPT.into_iter().find(|state| states.contains(state)).map_or("unmatched", State::word)
}
