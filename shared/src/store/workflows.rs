//! The workflows. Saving a changed document makes a new version; a run is pinned to the one it started with.

use deadpool_postgres::{Object, Transaction};
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

const POINT: &str = "-- workflows::point
INSERT INTO workflows (id, version) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET version = excluded.version";

const ADD: &str = "-- workflows::add
INSERT INTO workflow_versions (workflow, version, document) VALUES ($1, $2, $3::text::json)";

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
    let newest = match transaction.query_opt(CURRENT, &[&id.get()]).await? {
        Some(row) if row.get::<_, &str>(1) == text => return Ok(false),
        Some(row) => row.get::<_, i32>(0),
        None => 0,
    };
    transaction.execute(POINT, &[&id.get(), &(newest + 1)]).await?;
    transaction.execute(ADD, &[&id.get(), &(newest + 1), &text]).await?;
    Ok(true)
}
