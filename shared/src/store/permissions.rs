//! The permissions, as the documents that were applied.

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::settings::Versioned;
use super::{StoreError, documents};
use crate::id::PermissionKey;

const LOAD: &str = "-- permissions::load
SELECT s.version, p.document::text FROM settings s LEFT JOIN permissions p ON true ORDER BY p.key";

const PUT: &str = "-- permissions::put
INSERT INTO permissions (key, document) VALUES ($1, $2::text::json)
ON CONFLICT (key) DO UPDATE SET document = excluded.document, changed_at = now()
WHERE permissions.document::text <> excluded.document::text";

const DELETE: &str = "-- permissions::delete
DELETE FROM permissions WHERE key = $1";

/// All permissions, in the order of their keys, with the version of the settings they belong to.
pub async fn load(connection: &Object) -> Result<Versioned<Vec<Value>>, StoreError> {
    documents(connection.query(LOAD, &[]).await?)
}

/// Writes one; true if that changed anything.
pub async fn put(transaction: &Transaction<'_>, key: &PermissionKey, document: &Value) -> Result<bool, StoreError> {
    Ok(transaction.execute(PUT, &[&key.as_str(), &document.to_string()]).await? > 0)
}

/// Removes one; true if it was there.
pub async fn delete(transaction: &Transaction<'_>, key: &PermissionKey) -> Result<bool, StoreError> {
    Ok(transaction.execute(DELETE, &[&key.as_str()]).await? > 0)
}
