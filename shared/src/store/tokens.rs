//! The tokens of the API: their hashes, never themselves.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;

use super::accounts::Role;
use super::audit_log::{self, Change};
use super::{StoreError, workflow_drafts};

/// How many tokens of the API there may be: each request is compared with all of them.
pub const MAX_TOKENS: i64 = 100;

const LIST: &str = "-- tokens::list
SELECT id, name, role, created_at, last_used_at FROM tokens ORDER BY id";

const HASHES: &str = "-- tokens::hashes
SELECT id, name, role, hash FROM tokens";

const USED: &str = "-- tokens::used
UPDATE tokens SET last_used_at = now()
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')";

/// Holds off others that add one, so that neither the first nor the last comes twice.
const LOCK: &str = "-- tokens::lock
LOCK TABLE tokens IN SHARE ROW EXCLUSIVE MODE";

const COUNT: &str = "-- tokens::count
SELECT count(*) FROM tokens";

const ADD: &str = "-- tokens::add
INSERT INTO tokens (name, role, hash) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
RETURNING id, name, role, created_at, last_used_at";

const DELETE: &str = "-- tokens::delete
DELETE FROM tokens WHERE id = $1 RETURNING name";

/// The SHA-256 of a token.
pub type Hash = [u8; 32];

/// What a sent token is compared with.
#[derive(Debug)]
pub struct Known {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Its hash.
    pub hash: Hash,
}

/// What is known of a token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// For people: who uses it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last used, to the minute.
    pub last_used_at: Option<SystemTime>,
}

/// What became of a token to be added.
#[derive(Debug)]
pub enum Added {
    /// It is valid from now on.
    Token(Token),
    /// Another one has its name.
    NameTaken,
    /// There are [`MAX_TOKENS`] already.
    TooMany,
}

/// All tokens, the oldest first.
pub async fn list(connection: &Object) -> Result<Vec<Token>, StoreError> {
    Ok(connection.query(LIST, &[]).await?.iter().map(read).collect())
}

/// Every token with its hash.
pub async fn hashes(connection: &Object) -> Result<Vec<Known>, StoreError> {
    let statement = connection.prepare_cached(HASHES).await?;
    let rows = connection.query(&statement, &[]).await?;
    let known = |row: &Row| {
        let (role, hash) = (Role::from_word(row.get(2)), row.get::<_, &[u8]>(3).try_into().ok()?);
        Some(Known { id: row.get(0), name: row.get(1), role, hash })
    };
    Ok(rows.iter().filter_map(known).collect())
}

/// A token was used; written once a minute at most.
pub async fn used(connection: &Object, id: i64) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(USED).await?;
    connection.execute(&statement, &[&id]).await?;
    Ok(())
}

/// Adds the first token, of an admin; nothing happens, and the answer is false, if there is one already.
pub async fn add_first(connection: &mut Object, name: &str, hash: &Hash) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    let is_first = count(&transaction).await? == 0;
    if is_first {
        transaction.execute(ADD, &[&name, &Role::Admin.word(), &&hash[..]]).await?;
    }
    transaction.commit().await?;
    Ok(is_first)
}

/// Adds a token and notes who did it.
pub async fn add(
    connection: &mut Object,
    account: &str,
    name: &str,
    role: Role,
    hash: &Hash,
) -> Result<Added, StoreError> {
    let transaction = connection.transaction().await?;
    if count(&transaction).await? >= MAX_TOKENS {
        return Ok(Added::TooMany);
    }
    let row = transaction.query_opt(ADD, &[&name, &role.word(), &&hash[..]]).await?;
    let Some(row) = row else { return Ok(Added::NameTaken) };
    note(&transaction, account, "create", name).await?;
    transaction.commit().await?;
    Ok(Added::Token(read(&row)))
}

/// Under which name the audit log and drafts know a token.
pub fn account_of(name: &str) -> String {
    format!("token {name}")
}

/// Whether a name is one under which the audit log and drafts know a token, whichever there are.
pub fn is_account(name: &str) -> bool {
    name.starts_with(&account_of(""))
}

/// Removes one and notes who did it; true if it was there.
pub async fn delete(connection: &mut Object, account: &str, id: i64) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    let Some(row) = transaction.query_opt(DELETE, &[&id]).await? else { return Ok(false) };
    workflow_drafts::forget(&transaction, &account_of(row.get(0))).await?;
    note(&transaction, account, "delete", row.get(0)).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn note(transaction: &Transaction<'_>, account: &str, action: &str, key: &str) -> Result<(), StoreError> {
    audit_log::put(transaction, &Change { account, action, kind: "token", key, document: None }).await
}

/// How many there are, until the transaction ends.
async fn count(transaction: &Transaction<'_>) -> Result<i64, StoreError> {
    transaction.batch_execute(LOCK).await?;
    Ok(transaction.query_one(COUNT, &[]).await?.get(0))
}

fn read(row: &Row) -> Token {
    let role = Role::from_word(row.get(2));
    Token { id: row.get(0), name: row.get(1), role, created_at: row.get(3), last_used_at: row.get(4) }
}
