//! The texts of documents as people wrote them. A document whose text is the form that Postern writes itself has none
//! here.

use std::collections::HashMap;

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::StoreError;
use crate::document::Kind;
use crate::id::WorkflowId;
use crate::yaml;

const MODULES: &str = "-- texts::modules
SELECT name, text FROM modules WHERE text IS NOT NULL AND ($1::text IS NULL OR name = $1)";

const CONNECTIONS: &str = "-- texts::connections
SELECT name, text FROM connections WHERE text IS NOT NULL AND ($1::text IS NULL OR name = $1)";

const TRIGGERS: &str = "-- texts::triggers
SELECT key, text FROM triggers WHERE text IS NOT NULL AND ($1::text IS NULL OR key = $1)";

const PERMISSIONS: &str = "-- texts::permissions
SELECT key, text FROM permissions WHERE text IS NOT NULL AND ($1::text IS NULL OR key = $1)";

const WORKFLOWS: &str = "-- texts::workflows
SELECT w.id::text, v.text FROM workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version
WHERE v.text IS NOT NULL AND ($1::text IS NULL OR w.id = $1::bigint)";

const OF_VERSION: &str = "-- texts::of_version
SELECT text FROM workflow_versions WHERE workflow = $1 AND version = $2";

const PUT_MODULE: &str = "-- texts::put_module
UPDATE modules SET text = $2 WHERE name = $1 AND text IS DISTINCT FROM $2";

const PUT_CONNECTION: &str = "-- texts::put_connection
UPDATE connections SET text = $2 WHERE name = $1 AND text IS DISTINCT FROM $2";

const PUT_TRIGGER: &str = "-- texts::put_trigger
UPDATE triggers SET text = $2 WHERE key = $1 AND text IS DISTINCT FROM $2";

const PUT_PERMISSION: &str = "-- texts::put_permission
UPDATE permissions SET text = $2 WHERE key = $1 AND text IS DISTINCT FROM $2";

const PUT_WORKFLOW: &str = "-- texts::put_workflow
UPDATE workflow_versions v SET text = $2 FROM workflows w
WHERE w.id = $1::text::bigint AND v.workflow = w.id AND v.version = w.version AND v.text IS DISTINCT FROM $2";

/// The texts of all documents of a kind, by number or key.
pub async fn load(connection: &Object, kind: Kind) -> Result<HashMap<String, String>, StoreError> {
    let rows = connection.query(of(kind), &[&None::<&str>]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The text of one document.
pub async fn find(connection: &Object, kind: Kind, key: &str) -> Result<Option<String>, StoreError> {
    let row = connection.query_opt(of(kind), &[&Some(key)]).await?;
    Ok(row.map(|row| row.get(1)))
}

/// The text of one version of a workflow.
pub async fn of_version(connection: &Object, id: WorkflowId, version: i32) -> Result<Option<String>, StoreError> {
    let row = connection.query_opt(OF_VERSION, &[&id.get(), &version]).await?;
    Ok(row.and_then(|row| row.get(0)))
}

/// The text that a document gets: the one that it was sent with, else the one that it has, changed in the lines that
/// must change. The document must not be written yet.
pub(super) async fn next(
    transaction: &Transaction<'_>,
    (kind, key): (Kind, &str),
    value: &Value,
    sent: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let text = match sent {
        Some(text) => Some(text.to_owned()),
        None => {
            let row = transaction.query_opt(of(kind), &[&Some(key)]).await?;
            row.map(|row| yaml::edit(row.get(1), value))
        }
    };
    Ok(text.filter(|text| *text != yaml::write(value)))
}

/// Writes the text of a document; true if that changed it.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    (kind, key): (Kind, &str),
    text: Option<&str>,
) -> Result<bool, StoreError> {
    let statement = match kind {
        Kind::Connection => PUT_CONNECTION,
        Kind::Module => PUT_MODULE,
        Kind::Trigger => PUT_TRIGGER,
        Kind::Workflow => PUT_WORKFLOW,
        Kind::Permission => PUT_PERMISSION,
    };
    Ok(transaction.execute(statement, &[&key, &text]).await? > 0)
}

fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::Connection => CONNECTIONS,
        Kind::Module => MODULES,
        Kind::Trigger => TRIGGERS,
        Kind::Workflow => WORKFLOWS,
        Kind::Permission => PERMISSIONS,
    }
}
