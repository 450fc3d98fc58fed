//! The accounts of the control panel.

use deadpool_postgres::Object;

use super::StoreError;

const COUNT: &str = "-- accounts::count
SELECT count(*) FROM accounts";

const BY_NAME: &str = "-- accounts::by_name
SELECT id, name, password FROM accounts WHERE name = $1";

/// Nobody who comes second becomes the first: the lock makes the look and the insertion one.
const FIRST_LOCK: &str = "-- accounts::first_lock
SELECT pg_advisory_xact_lock(hashtext('postern_first_account'))";

const FIRST: &str = "-- accounts::first
INSERT INTO accounts (name, password) SELECT $1, $2 WHERE NOT EXISTS (TABLE accounts)";

/// Someone who may use the panel.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: i64,
    /// The name to log in with.
    pub name: String,
    /// The argon2id hash of its password, in PHC form.
    pub password: String,
}

/// How many there are.
pub async fn count(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[]).await?.get(0))
}

/// The account of a name.
pub async fn by_name(connection: &Object, name: &str) -> Result<Option<Account>, StoreError> {
    let row = connection.query_opt(BY_NAME, &[&name]).await?;
    Ok(row.map(|row| Account { id: row.get(0), name: row.get(1), password: row.get(2) }))
}

/// What became of a request for the very first account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// It was created.
    Created,
    /// Somebody was faster: there is an account already.
    Late,
}

/// Creates the first account; does nothing if there is any.
pub async fn first(connection: &mut Object, name: &str, password: &str) -> Result<First, StoreError> {
    let transaction = connection.transaction().await?;
    transaction.execute(FIRST_LOCK, &[]).await?;
    let created = transaction.execute(FIRST, &[&name, &password]).await?;
    transaction.commit().await?;
    Ok(if created > 0 { First::Created } else { First::Late })
}
