//! The accounts of the control panel. Whatever is changed here is noted in the audit log in the same transaction.

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};

use super::audit_log::{self, Change};
use super::{StoreError, set_up_keys};

/// How many accounts of the control panel there may be: the list is one page.
pub const MAX_ACCOUNTS: i64 = 200;

const COUNT: &str = "-- accounts::count
SELECT count(*) FROM accounts";

const LIST: &str = "-- accounts::list
SELECT id, name, role, created_at FROM accounts ORDER BY name";

const BY_NAME: &str = "-- accounts::by_name
SELECT id, name, password FROM accounts WHERE name = $1";

/// Nobody who comes second becomes the first, and the last admin stays: the lock makes the look and the change one.
const LOCK: &str = "-- accounts::lock
SELECT pg_advisory_xact_lock(hashtext('postern_first_account'))";

const FIRST: &str = "-- accounts::first
INSERT INTO accounts (name, password) SELECT $1, $2 WHERE NOT EXISTS (TABLE accounts)";

const ADD: &str = "-- accounts::add
INSERT INTO accounts (name, password, role) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";

const SET_PASSWORD: &str = "-- accounts::set_password
UPDATE accounts SET password = $2 WHERE name = $1";

const SET_ROLE: &str = "-- accounts::set_role
UPDATE accounts SET role = $2 WHERE name = $1";

const DELETE: &str = "-- accounts::delete
DELETE FROM accounts WHERE name = $1";

const OTHER_ADMINS: &str = "-- accounts::other_admins
SELECT count(*) FROM accounts WHERE role = 'admin' AND name <> $1";

const END_SESSIONS: &str = "-- accounts::end_sessions
DELETE FROM sessions WHERE account = (SELECT id FROM accounts WHERE name = $1)";

/// A log-in with the old password begins no session any more.
const END_PENDING: &str = "-- accounts::end_pending
DELETE FROM pending_log_ins WHERE account = (SELECT id FROM accounts WHERE name = $1)";

/// What an account or a token may do; each role may do what the roles before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look at everything but accounts and tokens; of values only at their shapes.
    Viewer,
    /// See values, change settings, and decide about runs and submissions.
    Editor,
    /// Everything: also accounts and tokens.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The word that the store, forms and the API use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role of a word; an unknown word may only look.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|role| role.word() == word).unwrap_or(Self::Viewer)
    }
}

/// Someone who may use the panel, and how it is known that it is them.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: i64,
    /// The name to log in with.
    pub name: String,
    /// The argon2id hash of its password, in PHC form.
    pub password: String,
}

/// Someone who may use the panel, in the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: i64,
    /// The name to log in with.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: SystemTime,
}

/// How many there are.
pub async fn count(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(COUNT, &[]).await?.get(0))
}

/// All, by name.
pub async fn list(connection: &Object) -> Result<Vec<Listed>, StoreError> {
    let listed = |row: &tokio_postgres::Row| Listed {
        id: row.get(0),
        name: row.get(1),
        role: Role::from_word(row.get(2)),
        created_at: row.get(3),
    };
    Ok(connection.query(LIST, &[]).await?.iter().map(listed).collect())
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
    /// Somebody was faster: there is an account already, or the link was used.
    Late,
}

/// Who may create the first account.
#[derive(Debug, Clone, Copy)]
pub enum Right<'k> {
    /// The settings name its password.
    Setting,
    /// Somebody has a link with the key of this hash.
    Link(&'k set_up_keys::Hash),
}

/// Creates the first account, an admin, and takes all links to make one out of force; does nothing if there is any.
pub async fn first(connection: &mut Object, name: &str, password: &str, right: Right<'_>) -> Result<First, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    if let Right::Link(hash) = right
        && !set_up_keys::has(&transaction, hash).await?
    {
        return Ok(First::Late);
    }
    let created = transaction.execute(FIRST, &[&name, &password]).await?;
    set_up_keys::forget_all(&transaction).await?;
    transaction.commit().await?;
    Ok(if created > 0 { First::Created } else { First::Late })
}

/// Holds off others that add or remove accounts, or links to make one, until the transaction ends.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(LOCK, &[]).await?;
    Ok(())
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force.
    Done,
    /// There is no such account.
    Unknown,
    /// Another account has this name.
    NameTaken,
    /// There are [`MAX_ACCOUNTS`] already.
    TooMany,
    /// Nobody would be left who may change anything.
    LastAdmin,
}

/// Adds one; `password` is its hash in PHC form, `by` who does it.
pub async fn add(
    connection: &mut Object,
    by: &str,
    name: &str,
    password: &str,
    role: Role,
) -> Result<Outcome, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    if transaction.query_one(COUNT, &[]).await?.get::<_, i64>(0) >= MAX_ACCOUNTS {
        return Ok(Outcome::TooMany);
    }
    if transaction.execute(ADD, &[&name, &password, &role.word()]).await? == 0 {
        return Ok(Outcome::NameTaken);
    }
    noted(transaction, by, "create", name).await
}

/// Gives one another password, in PHC form, and ends its sessions and the log-ins that owe a code.
pub async fn set_password(
    connection: &mut Object,
    by: &str,
    name: &str,
    password: &str,
) -> Result<Outcome, StoreError> {
    let transaction = connection.transaction().await?;
    if transaction.execute(SET_PASSWORD, &[&name, &password]).await? == 0 {
        return Ok(Outcome::Unknown);
    }
    transaction.execute(END_SESSIONS, &[&name]).await?;
    transaction.execute(END_PENDING, &[&name]).await?;
    noted(transaction, by, "password", name).await
}

/// Gives one another role; the last admin stays one.
pub async fn set_role(connection: &mut Object, by: &str, name: &str, role: Role) -> Result<Outcome, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    if role != Role::Admin && is_last_admin(&transaction, name).await? {
        return Ok(Outcome::LastAdmin);
    }
    if transaction.execute(SET_ROLE, &[&name, &role.word()]).await? == 0 {
        return Ok(Outcome::Unknown);
    }
    noted(transaction, by, role.word(), name).await
}

/// Removes one with its sessions and its drafts; the last admin stays.
pub async fn delete(connection: &mut Object, by: &str, name: &str) -> Result<Outcome, StoreError> {
    let transaction = connection.transaction().await?;
    lock(&transaction).await?;
    if is_last_admin(&transaction, name).await? {
        return Ok(Outcome::LastAdmin);
    }
    if transaction.execute(DELETE, &[&name]).await? == 0 {
        return Ok(Outcome::Unknown);
    }
    noted(transaction, by, "delete", name).await
}

async fn is_last_admin(transaction: &Transaction<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(transaction.query_one(OTHER_ADMINS, &[&name]).await?.get::<_, i64>(0) == 0)
}

async fn noted(transaction: Transaction<'_>, by: &str, action: &str, name: &str) -> Result<Outcome, StoreError> {
    let change = Change { account: by, action, kind: "account", key: name, document: None };
    audit_log::put(&transaction, &change).await?;
    transaction.commit().await?;
    Ok(Outcome::Done)
}
