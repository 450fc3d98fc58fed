//! The variables of the installation.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use serde_json::{Value, json};
use tokio_postgres::Row;

use super::audit_log::{self, Change};
use super::{StoreError, settings};
use crate::id::VariableName;
use crate::variable::{MAX_VARIABLES, Variables};

const LIST: &str = "-- variables::list
SELECT name, value, changed_at FROM variables ORDER BY name";

const LOAD: &str = "-- variables::load
SELECT name, value FROM variables";

const COUNT: &str = "-- variables::count
SELECT count(*) FROM variables WHERE name <> $1";

const PUT: &str = "-- variables::put
INSERT INTO variables (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now()";

const DELETE: &str = "-- variables::delete
DELETE FROM variables WHERE name = $1";

/// A stored variable.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: VariableName,
    /// Its value.
    pub value: String,
    /// When its value was set.
    pub changed_at: SystemTime,
}

/// All variables.
pub async fn load(connection: &Object) -> Result<Variables, StoreError> {
    connection.query(LOAD, &[]).await?.iter().map(|row| Ok((name(row)?, row.get(1)))).collect()
}

/// All variables in the order of their names.
pub async fn list(connection: &Object) -> Result<Vec<Listed>, StoreError> {
    let listed = |row: &Row| Ok(Listed { name: name(row)?, value: row.get(1), changed_at: row.get(2) });
    connection.query(LIST, &[]).await?.iter().map(listed).collect()
}

/// Sets one, raises the version of the settings, and notes who did it; false if there are [`MAX_VARIABLES`] others.
pub async fn put(connection: &mut Object, account: &str, name: &VariableName, value: &str) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    if transaction.query_one(COUNT, &[&name.as_str()]).await?.get::<_, i64>(0) >= MAX_VARIABLES {
        return Ok(false);
    }
    transaction.execute(PUT, &[&name.as_str(), &value]).await?;
    note(&transaction, account, "save", name, Some(&json!({"variable": name, "value": value}))).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Removes one, raises the version of the settings, and notes who did it; true if it was there.
pub async fn delete(connection: &mut Object, account: &str, name: &VariableName) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    if transaction.execute(DELETE, &[&name.as_str()]).await? == 0 {
        return Ok(false);
    }
    note(&transaction, account, "delete", name, None).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn note(
    transaction: &Transaction<'_>,
    account: &str,
    action: &str,
    name: &VariableName,
    document: Option<&Value>,
) -> Result<(), StoreError> {
    audit_log::put(transaction, &Change { account, action, kind: "variable", key: name.as_str(), document }).await
}

fn name(row: &Row) -> Result<VariableName, StoreError> {
    row.get::<_, &str>(0).parse().map_err(|error| StoreError::Refused(format!("a stored {error}")))
}
