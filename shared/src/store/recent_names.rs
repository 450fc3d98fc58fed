//! What was lately posted to a workflow, for those who pick a name instead of typing it.

use deadpool_postgres::Object;

use super::{StoreError, parsed};
use crate::env::Env;
use crate::id::WorkflowId;

/// How many of all submissions are looked at: the latest ones.
const LATEST: i64 = 500;

/// How many submissions of the workflow are enough.
const ENOUGH: i64 = 50;

const LOAD: &str = "-- recent_names::load
SELECT env::text FROM (SELECT workflow, trigger, env FROM receipts ORDER BY id DESC LIMIT $3) latest
WHERE env IS NOT NULL AND (workflow = $1 OR trigger = ANY ($2)) LIMIT $4";

/// The variables of the latest submissions that named a workflow or one of its triggers.
pub async fn load(connection: &Object, id: Option<WorkflowId>, triggers: &[String]) -> Result<Vec<Env>, StoreError> {
    let statement = connection.prepare_cached(LOAD).await?;
    let rows = connection.query(&statement, &[&id.map(WorkflowId::get), &triggers, &LATEST, &ENOUGH]).await?;
    rows.iter().map(|row| parsed(row.get(0))).collect()
}
