//! The secrets, encrypted: neither this table nor a copy of it tells a value.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;

use super::audit_log::{self, Change};
use super::{StoreError, settings};
use crate::id::SecretName;
use crate::secret::MAX_SECRETS;
use crate::secret::key::{Keys, Sealed};

const LOAD: &str = "-- secrets::load
SELECT name, key, value FROM secrets";

const LIST: &str = "-- secrets::list
SELECT name, key, changed_at FROM secrets ORDER BY name";

const COUNT: &str = "-- secrets::count
SELECT count(*) FROM secrets WHERE name <> $1";

const PUT: &str = "-- secrets::put
INSERT INTO secrets (name, key, value) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET key = excluded.key, value = excluded.value, changed_at = now()";

const RESEAL: &str = "-- secrets::reseal
UPDATE secrets SET key = $2, value = $3 WHERE name = $1";

const DELETE: &str = "-- secrets::delete
DELETE FROM secrets WHERE name = $1";

/// What is known of a secret; never its value.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: SecretName,
    /// By which its key is known.
    pub key: Vec<u8>,
    /// When its value was set.
    pub changed_at: SystemTime,
}

/// What became of the secrets when the key was changed.
#[derive(Debug, Default)]
pub struct Rotated {
    /// Now under the first key.
    pub resealed: usize,
    /// Under a key that this process does not have, by their names.
    pub left: Vec<SecretName>,
}

/// All secrets, encrypted.
pub async fn load(connection: &Object) -> Result<Vec<(SecretName, Sealed)>, StoreError> {
    connection.query(LOAD, &[]).await?.iter().map(sealed).collect()
}

/// All secrets in the order of their names, without their values.
pub async fn list(connection: &Object) -> Result<Vec<Listed>, StoreError> {
    let listed = |row: &Row| Ok(Listed { name: name(row)?, key: row.get(1), changed_at: row.get(2) });
    connection.query(LIST, &[]).await?.iter().map(listed).collect()
}

/// Sets one, raises the version of the settings, and notes who did it; false if there are [`MAX_SECRETS`] others.
pub async fn put(
    connection: &mut Object,
    account: &str,
    name: &SecretName,
    Sealed { key, value }: &Sealed,
) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    if transaction.query_one(COUNT, &[&name.as_str()]).await?.get::<_, i64>(0) >= MAX_SECRETS {
        return Ok(false);
    }
    transaction.execute(PUT, &[&name.as_str(), key, value]).await?;
    note(&transaction, account, "save", name).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Removes one, raises the version of the settings, and notes who did it; true if it was there.
pub async fn delete(connection: &mut Object, account: &str, name: &SecretName) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    if transaction.execute(DELETE, &[&name.as_str()]).await? == 0 {
        return Ok(false);
    }
    note(&transaction, account, "delete", name).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Encrypts all under the first key, and notes who did it.
pub async fn rotate(connection: &mut Object, account: &str, keys: &Keys) -> Result<Rotated, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    let mut rotated = Rotated::default();
    for row in transaction.query(LOAD, &[]).await? {
        let (name, old) = sealed(&row)?;
        if keys.is_newest(&old) {
            continue;
        }
        let new = keys.open(&name, &old).ok().and_then(|value| keys.seal(&name, &value));
        let Some(Sealed { key, value }) = new else {
            rotated.left.push(name);
            continue;
        };
        transaction.execute(RESEAL, &[&name.as_str(), &key, &value]).await?;
        note(&transaction, account, "rotate", &name).await?;
        rotated.resealed += 1;
    }
    transaction.commit().await?;
    Ok(rotated)
}

async fn note(transaction: &Transaction<'_>, account: &str, action: &str, name: &SecretName) -> Result<(), StoreError> {
    audit_log::put(transaction, &Change { account, action, kind: "secret", key: name.as_str(), document: None }).await
}

fn sealed(row: &Row) -> Result<(SecretName, Sealed), StoreError> {
    Ok((name(row)?, Sealed { key: row.get(1), value: row.get(2) }))
}

fn name(row: &Row) -> Result<SecretName, StoreError> {
    row.get::<_, &str>(0).parse().map_err(|error| StoreError::Refused(format!("a stored {error}")))
}
