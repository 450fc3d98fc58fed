//! The triggers, as the documents that were applied.

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::settings::Versioned;
use super::{StoreError, documents};
use crate::id::TriggerKey;

const LOAD: &str = "-- triggers::load
SELECT s.version, t.document::text FROM settings s LEFT JOIN triggers t ON true ORDER BY t.key";

const PUT: &str = "-- triggers::put
INSERT INTO triggers (key, document) VALUES ($1, $2::text::json)
ON CONFLICT (key) DO UPDATE SET document = excluded.document, changed_at = now()
WHERE triggers.document::text <> excluded.document::text";

const DELETE: &str = "-- triggers::delete
DELETE FROM triggers WHERE key = $1";

/// All triggers, in the order of their keys, with the version of the settings they belong to.
pub async fn load(connection: &Object) -> Result<Versioned<Vec<Value>>, StoreError> {
    documents(connection.query(LOAD, &[]).await?)
}

/// Writes one; true if that changed anything.
pub async fn put(transaction: &Transaction<'_>, key: &TriggerKey, document: &Value) -> Result<bool, StoreError> {
    Ok(transaction.execute(PUT, &[&key.as_str(), &document.to_string()]).await? > 0)
}

/// Removes one; true if it was there.
pub async fn delete(transaction: &Transaction<'_>, key: &TriggerKey) -> Result<bool, StoreError> {
    Ok(transaction.execute(DELETE, &[&key.as_str()]).await? > 0)
}
