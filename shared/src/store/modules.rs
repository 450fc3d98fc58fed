//! The modules, as the documents that were applied. The value of a module's unique field is the unique key of its
//! records, so declaring one gives the records that are there already their keys.

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::settings::Versioned;
use super::{StoreError, documents, parsed};
use crate::id::ModuleName;
use crate::module::Module;
use crate::module::field::FieldType;

const LOAD: &str = "-- modules::load
SELECT s.version, m.document::text FROM settings s LEFT JOIN modules m ON true ORDER BY m.name";

const STORED: &str = "-- modules::stored
SELECT document::text FROM modules WHERE name = $1";

const PUT: &str = "-- modules::put
INSERT INTO modules (name, document) VALUES ($1, $2::text::json)
ON CONFLICT (name) DO UPDATE SET document = excluded.document, changed_at = now()
WHERE modules.document::text <> excluded.document::text";

const DELETE: &str = "-- modules::delete
DELETE FROM modules WHERE name = $1";

/// It reads all records of a module, once.
const PATIENCE: &str = "-- modules::patience
SET LOCAL statement_timeout = '10min'";

/// Bundles lock records in the order of their ids, this does not: it lets them end, and they wait until it has ended.
const LOCK: &str = "-- modules::lock
LOCK TABLE records IN EXCLUSIVE MODE";

/// First all without a key: two records might change places.
const CLEAR_KEYS: &str = "-- modules::clear_keys
UPDATE records SET unique_key = NULL WHERE module = $1 AND unique_key IS NOT NULL";

/// As `Field::key_text` and `UniqueKey::of` make them. Of records that share a value the oldest holds it.
const SET_KEYS: &str = "-- modules::set_keys
UPDATE records SET unique_key = sha256(convert_to(first.value, 'UTF8'))
FROM (SELECT DISTINCT ON (value) value, id FROM (
    SELECT id, CASE WHEN $3 THEN lower(text COLLATE \"C\") ELSE text END AS value FROM (
        SELECT id, btrim(fields ->> $2, E' \\t\\r\\n') AS text FROM records WHERE module = $1) t) v
    WHERE value <> '' ORDER BY value, id) first
WHERE records.id = first.id";

/// All modules, in the order of their names, with the version of the settings they belong to.
pub async fn load(connection: &Object) -> Result<Versioned<Vec<Value>>, StoreError> {
    documents(connection.query(LOAD, &[]).await?)
}

/// Writes one; true if that changed anything. Records that share a value of a field that becomes unique keep it; no
/// other record can get it.
pub async fn put(transaction: &Transaction<'_>, module: &Module, document: &Value) -> Result<bool, StoreError> {
    let name = module.name.as_str();
    let stored: Option<Value> =
        transaction.query_opt(STORED, &[&name]).await?.map(|row| parsed(row.get(0))).transpose()?;
    if transaction.execute(PUT, &[&name, &document.to_string()]).await? == 0 {
        return Ok(false);
    }
    let key = |module: &Module| module.unique().map(|field| (field.name.clone(), field.kind == FieldType::Email));
    let before = stored.and_then(|stored| Module::from_document(&stored).ok()).as_ref().and_then(key);
    if let Some((field, is_email)) = key(module)
        && before.as_ref() != Some(&(field.clone(), is_email))
    {
        transaction.batch_execute(PATIENCE).await?;
        transaction.batch_execute(LOCK).await?;
        transaction.execute(CLEAR_KEYS, &[&name]).await?;
        transaction.execute(SET_KEYS, &[&name, &field, &is_email]).await?;
    }
    Ok(true)
}

/// Removes one; true if it was there. Its records stay, with their keys.
pub async fn delete(transaction: &Transaction<'_>, name: &ModuleName) -> Result<bool, StoreError> {
    Ok(transaction.execute(DELETE, &[&name.as_str()]).await? > 0)
}
