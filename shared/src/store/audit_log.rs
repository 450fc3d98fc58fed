//! Who changed what: written in the transaction of the change, so that no change is without its row.

use deadpool_postgres::Transaction;
use serde_json::Value;

use super::StoreError;

const PUT: &str = "-- audit_log::put
INSERT INTO audit_log (account, action, kind, key, document) VALUES ($1, $2, $3, $4, $5::text::json)";

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

/// Notes a change.
pub async fn put(transaction: &Transaction<'_>, change: &Change<'_>) -> Result<(), StoreError> {
    let document = change.document.map(Value::to_string);
    transaction.execute(PUT, &[&change.account, &change.action, &change.kind, &change.key, &document]).await?;
    Ok(())
}
