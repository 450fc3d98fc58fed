//! The workflows. Saving a changed document makes a new version; a run is pinned to the one it started with.

use std::collections::HashSet;
use std::time::SystemTime;

use deadpool_postgres::{GenericClient, Object, Transaction};
use serde_json::Value;

use super::settings::Versioned;
use super::{StoreError, parsed};
use crate::id::WorkflowId;

const LOAD: &str = "-- workflows::load
SELECT s.version, v.version, v.document::text
FROM settings s LEFT JOIN (workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version) ON true
ORDER BY w.id";

const CURRENT: &str = "-- workflows::current
SELECT w.version, v.document::text
FROM workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version WHERE w.id = $1";

const CURRENT_VERSION: &str = "-- workflows::current_version
SELECT coalesce((SELECT version FROM workflows WHERE id = $1), 0)";

const POINT: &str = "-- workflows::point
INSERT INTO workflows (id, version) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET version = excluded.version";

const ADD: &str = "-- workflows::add
INSERT INTO workflow_versions (workflow, version, document) VALUES ($1, $2, $3::text::json)";

const NEWEST: &str = "-- workflows::newest
SELECT coalesce(max(version), 0) FROM workflow_versions WHERE workflow = $1";

const DELETE: &str = "-- workflows::delete
DELETE FROM workflows WHERE id = $1";

const NUMBERS: &str = "-- workflows::numbers
SELECT id FROM workflows";

const VERSIONS: &str = "-- workflows::versions
SELECT version, created_at FROM workflow_versions WHERE workflow = $1 ORDER BY version DESC LIMIT $2";

const OF_VERSION: &str = "-- workflows::of_version
SELECT document::text FROM workflow_versions WHERE workflow = $1 AND version = $2";

/// The place in the list, and the setting: of no document more than that.
const STOP_MESSAGES: &str = "-- workflows::stop_messages
SELECT s.place, message
FROM unnest($1::bigint[], $2::int[], $3::text[]) WITH ORDINALITY AS s (workflow, version, step, place)
CROSS JOIN LATERAL postern_stop_message(s.workflow, s.version, s.step) AS message
WHERE message IS NOT NULL";

/// A stored workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The number of its newest version, from 1.
    pub version: i32,
    /// The document.
    pub document: Value,
}

/// The newest version of all workflows, by id, with the version of the settings they belong to.
pub async fn load(connection: &Object) -> Result<Versioned<Vec<Stored>>, StoreError> {
    let mut loaded = Versioned { version: 0, value: Vec::new() };
    for row in connection.query(LOAD, &[]).await? {
        loaded.version = row.get(0);
        if let (Some(version), Some(text)) = (row.get::<_, Option<i32>>(1), row.get::<_, Option<&str>>(2)) {
            loaded.value.push(Stored { version, document: parsed(text)? });
        }
    }
    Ok(loaded)
}

/// Writes one under the lock of [`super::settings::raise`]; a new version if the document differs from the
/// newest one, otherwise nothing.
pub async fn put(transaction: &Transaction<'_>, id: WorkflowId, document: &Value) -> Result<bool, StoreError> {
    let text = document.to_string();
    if let Some(row) = transaction.query_opt(CURRENT, &[&id.get()]).await?
        && row.get::<_, &str>(1) == text
    {
        return Ok(false);
    }
    // Of a workflow that was deleted the versions are still there.
    let newest: i32 = transaction.query_one(NEWEST, &[&id.get()]).await?.get(0);
    transaction.execute(POINT, &[&id.get(), &(newest + 1)]).await?;
    transaction.execute(ADD, &[&id.get(), &(newest + 1), &text]).await?;
    Ok(true)
}

/// The number of the version in force; 0 = there is no such workflow.
pub async fn current_version(client: &impl GenericClient, id: WorkflowId) -> Result<i32, StoreError> {
    Ok(client.query_one(CURRENT_VERSION, &[&id.get()]).await?.get(0))
}

/// The version in force of one workflow.
pub async fn find(connection: &Object, id: WorkflowId) -> Result<Option<Stored>, StoreError> {
    let row = connection.query_opt(CURRENT, &[&id.get()]).await?;
    row.map(|row| Ok(Stored { version: row.get(0), document: parsed(row.get(1))? })).transpose()
}

/// Removes one; true if it was there. Its versions stay for the runs that are pinned to them.
pub async fn delete(transaction: &Transaction<'_>, id: WorkflowId) -> Result<bool, StoreError> {
    Ok(transaction.execute(DELETE, &[&id.get()]).await? > 0)
}

/// The numbers of all workflows.
pub async fn numbers(connection: &Object) -> Result<HashSet<WorkflowId>, StoreError> {
    let rows = connection.query(NUMBERS, &[]).await?;
    Ok(rows.iter().filter_map(|row| row.get::<_, i64>(0).try_into().ok()).collect())
}

/// The numbers of the latest versions and when each was saved, the newest first, at most `last`.
pub async fn versions(connection: &Object, id: WorkflowId, last: i64) -> Result<Vec<(i32, SystemTime)>, StoreError> {
    let rows = connection.query(VERSIONS, &[&id.get(), &last]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The document of one version.
pub async fn of_version(connection: &Object, id: WorkflowId, version: i32) -> Result<Option<Value>, StoreError> {
    let row = connection.query_opt(OF_VERSION, &[&id.get(), &version]).await?;
    row.map(|row| parsed(row.get(0))).transpose()
}

/// A step of one version of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepOf {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its version.
    pub version: i32,
    /// The name of the step.
    pub step: String,
}

/// The messages of `stop` steps; those without one are not among the answers.
pub async fn stop_messages(connection: &Object, steps: &[StepOf]) -> Result<Vec<(StepOf, Value)>, StoreError> {
    let workflows: Vec<i64> = steps.iter().map(|one| one.workflow.get()).collect();
    let versions: Vec<i32> = steps.iter().map(|one| one.version).collect();
    let names: Vec<&str> = steps.iter().map(|one| one.step.as_str()).collect();
    let statement = connection.prepare_cached(STOP_MESSAGES).await?;
    let rows = connection.query(&statement, &[&workflows, &versions, &names]).await?;
    let setting = |row: &tokio_postgres::Row| {
        let place = usize::try_from(row.get::<_, i64>(0) - 1).ok();
        let step = place.and_then(|place| steps.get(place))?;
        Some(parsed(row.get(1)).map(|value| (step.clone(), value)))
    };
    rows.iter().filter_map(setting).collect()
}
