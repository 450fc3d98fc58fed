//! Lists of runs, the newest first.

use deadpool_postgres::Object;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Filter, Parent, Run, Settled, State};
use crate::id::WorkflowId;
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::resume::RunKey;
use crate::store::StoreError;

const PAGE: &str = "-- page::page
SELECT receipt, number, workflow, version, state::text, steps_taken, record, message, started_at, ended_at,
    parent, parent_step, item, replays, replaced_by, connected, handled_by, dismissed_by
FROM runs WHERE $FILTER AND ($10::uuid IS NULL OR receipt <= $10 AND (receipt < $10 OR number > $11))
ORDER BY receipt DESC, number LIMIT $12";

/// The latest runs, newest first, at most `last`; of one workflow or all, in one state or all.
pub async fn latest(
    connection: &Object,
    workflow: Option<WorkflowId>,
    state: Option<State>,
    last: i64,
) -> Result<Vec<Run>, StoreError> {
    page(connection, &Filter { workflow, state, ..Filter::default() }, None, last).await
}

/// The latest runs that come behind another in the list, newest first, at most `last`.
pub async fn page(
    connection: &Object,
    filter: &Filter,
    behind: Option<RunKey>,
    last: i64,
) -> Result<Vec<Run>, StoreError> {
    let (receipt, number) = (behind.map(|run| run.receipt.uuid()), behind.map(|run| run.number));
    let parameters = filter.parameters();
    // Not prepared: a plan for any filter would read much for some.
    let rows = connection.query(&filter.in_statement(PAGE), &parameters.and(&[&receipt, &number, &last])).await?;
    rows.iter().map(read).collect()
}

/// Reads the columns of [`PAGE`].
pub fn read(row: &Row) -> Result<Run, StoreError> {
    let unreadable = |what: &str| StoreError::Refused(format!("a stored run has an unreadable {what}"));
    let parent = |run| Some(Parent { run, step: row.get::<_, Option<i32>>(11)?, item: row.get::<_, Option<i32>>(12)? });
    Ok(Run {
        receipt: row.get::<_, Uuid>(0).into(),
        number: row.get(1),
        workflow: row.get::<_, i64>(2).try_into().map_err(|_| unreadable("workflow"))?,
        version: row.get(3),
        state: State::from_word(row.get(4)).ok_or_else(|| unreadable("state"))?,
        steps: row.get(5),
        record: RecordRef::of_columns(row.get(6), row.get(15)),
        message: row.get::<_, Option<&str>>(7).map(Message::of_stored),
        failed_at: None,
        started_at: row.get(8),
        ended_at: row.get(9),
        parent: row.get::<_, Option<i16>>(10).and_then(parent),
        replays: row.get(13),
        replaced_by: row.get(14),
        settled: Settled::of_columns(row, 16, 17),
    })
}
