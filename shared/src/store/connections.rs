//! The connections to other systems, as the documents that were applied.

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::settings::Versioned;
use super::{StoreError, documents};
use crate::id::ConnectionName;

const LOAD: &str = "-- connections::load
SELECT s.version, c.document::text FROM settings s LEFT JOIN connections c ON true ORDER BY c.name";

const PUT: &str = "-- connections::put
INSERT INTO connections (name, document) VALUES ($1, $2::text::json)
ON CONFLICT (name) DO UPDATE SET document = excluded.document, changed_at = now()
WHERE connections.document::text <> excluded.document::text";

const DELETE: &str = "-- connections::delete
DELETE FROM connections WHERE name = $1";

/// All connections, in the order of their names, with the version of the settings they belong to.
pub async fn load(connection: &Object) -> Result<Versioned<Vec<Value>>, StoreError> {
    documents(connection.query(LOAD, &[]).await?)
}

/// Writes one; true if that changed anything.
pub async fn put(transaction: &Transaction<'_>, name: &ConnectionName, document: &Value) -> Result<bool, StoreError> {
    Ok(transaction.execute(PUT, &[&name.as_str(), &document.to_string()]).await? > 0)
}

/// Removes one; true if it was there.
pub async fn delete(transaction: &Transaction<'_>, name: &ConnectionName) -> Result<bool, StoreError> {
    Ok(transaction.execute(DELETE, &[&name.as_str()]).await? > 0)
}
