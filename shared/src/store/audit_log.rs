//! Who changed what: written in the transaction of the change, so that no change is without its row.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;
use tokio_postgres::Row;

use super::{StoreError, parsed};

const PUT: &str = "-- audit_log::put
INSERT INTO audit_log (account, action, kind, key, document) VALUES ($1, $2, $3, $4, $5::text::json)";

const PAGE: &str = "-- audit_log::page
SELECT id, at, account, action, kind, key, document::text FROM audit_log
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR key = $2) AND ($3::bigint IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4";

const FIND: &str = "-- audit_log::find
SELECT id, at, account, action, kind, key, document::text FROM audit_log WHERE id = $1";

const BEFORE: &str = "-- audit_log::before
SELECT document::text FROM audit_log WHERE kind = $1 AND key = $2 AND id < $3 ORDER BY id DESC LIMIT 1";

/// One change.
#[derive(Debug)]
pub struct Change<'a> {
    /// The name of who did it.
    pub account: &'a str,
    /// What was done, a verb: `save`, `delete`.
    pub action: &'a str,
    /// What kind of thing was changed.
    pub kind: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its new form, if it has one.
    pub document: Option<&'a Value>,
}

/// A change as it was noted.
#[derive(Debug)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// By the clock of the database.
    pub at: SystemTime,
    /// The name of who did it: of an account, or `token` and the name of a token.
    pub account: String,
    /// What was done, a verb.
    pub action: String,
    /// What kind of thing was changed.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Its new form, if it has one.
    pub document: Option<Value>,
}

/// Notes a change.
pub async fn put(transaction: &Transaction<'_>, change: &Change<'_>) -> Result<(), StoreError> {
    let document = change.document.map(Value::to_string);
    transaction.execute(PUT, &[&change.account, &change.action, &change.kind, &change.key, &document]).await?;
    Ok(())
}

/// The latest changes, of one kind of thing or all, of one key or all, older than another, newest first, at most
/// `last`.
pub async fn page(
    connection: &Object,
    kind: Option<&str>,
    key: Option<&str>,
    before: Option<i64>,
    last: i64,
) -> Result<Vec<Entry>, StoreError> {
    connection.query(PAGE, &[&kind, &key, &before, &last]).await?.iter().map(read).collect()
}

/// One change.
pub async fn find(connection: &Object, id: i64) -> Result<Option<Entry>, StoreError> {
    connection.query_opt(FIND, &[&id]).await?.as_ref().map(read).transpose()
}

/// What the thing of a change was before, if that was noted.
pub async fn before(connection: &Object, change: &Entry) -> Result<Option<Value>, StoreError> {
    let row = connection.query_opt(BEFORE, &[&change.kind, &change.key, &change.id]).await?;
    let text = row.and_then(|row| row.get::<_, Option<String>>(0));
    text.map(|text| parsed(&text)).transpose()
}

fn read(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.get(0),
        at: row.get(1),
        account: row.get(2),
        action: row.get(3),
        kind: row.get(4),
        key: row.get(5),
        document: row.get::<_, Option<&str>>(6).map(parsed).transpose()?,
    })
}
