//! The second factors of accounts, their recovery codes, and who owes a code. Whatever is changed here is noted in the
//! audit log in the same transaction.

use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use super::audit_log::{self, Change};

const EXISTS: &str = "-- second_factors::exists
SELECT EXISTS (SELECT FROM second_factors WHERE account = $1)";

/// Guesses of one account come one after the other.
const LOCKED: &str = "-- second_factors::locked
SELECT secret, last_step, wrong_codes, extract(epoch FROM clock_timestamp() - wrong_at)::float8
FROM second_factors WHERE account = $1 FOR UPDATE";

const STATUS: &str = "-- second_factors::status
SELECT a.id, f.made_at, a.needs_second_factor, (SELECT count(*) FROM recovery_codes r WHERE r.account = a.id)
FROM accounts a LEFT JOIN second_factors f ON f.account = a.id WHERE a.name = $1";

const SET: &str = "-- second_factors::set
INSERT INTO second_factors (account, secret, last_step) VALUES ($1, $2, $3) ON CONFLICT (account) DO NOTHING";

const REMOVE: &str = "-- second_factors::remove
DELETE FROM second_factors WHERE account = (SELECT id FROM accounts WHERE name = $1)";

const TAKE_STEP: &str = "-- second_factors::take_step
UPDATE second_factors SET last_step = $2, wrong_codes = 0 WHERE account = $1";

const COUNT_WRONG: &str = "-- second_factors::count_wrong
UPDATE second_factors SET wrong_codes = $2, wrong_at = clock_timestamp() WHERE account = $1";

const END_OTHERS: &str = "-- second_factors::end_others
DELETE FROM sessions WHERE account = $1 AND token <> $2";

const KEEP: &str = "-- second_factors::keep
UPDATE sessions SET with_code = true WHERE token = $1";

const FORGET_CODES: &str = "-- second_factors::forget_codes
DELETE FROM recovery_codes WHERE account = $1";

const ADD_CODES: &str = "-- second_factors::add_codes
INSERT INTO recovery_codes (account, hash) SELECT $1, unnest($2::bytea[])";

const TAKE_CODE: &str = "-- second_factors::take_code
WITH taken AS (DELETE FROM recovery_codes WHERE account = $1 AND hash = $2 RETURNING account)
UPDATE second_factors SET wrong_codes = 0 WHERE account = (SELECT account FROM taken)";

const REQUIRE: &str = "-- second_factors::require
UPDATE accounts SET needs_second_factor = $2 WHERE name = $1";

const FORGET_EXPIRED: &str = "-- second_factors::forget_expired
DELETE FROM pending_log_ins WHERE expires_at <= now()";

const BEGIN: &str = "-- second_factors::begin
INSERT INTO pending_log_ins (token, account, expires_at) VALUES ($1, $2, now() + $3::float8 * interval '1 s')";

const PENDING: &str = "-- second_factors::pending
SELECT a.id, a.name FROM pending_log_ins p JOIN accounts a ON a.id = p.account WHERE p.token = $1 AND p.expires_at > now()";

/// The SHA-256 of a token or of a recovery code.
pub type Hash = [u8; 32];

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// The secret of the app.
    pub secret: Vec<u8>,
    /// The number of the code that was taken last.
    pub last_step: i64,
}

/// What is known before a code of an app is looked at.
#[derive(Debug)]
pub struct Standing {
    /// The second factor.
    pub factor: Factor,
    /// Wrong codes since the last right one.
    pub wrong: u32,
    /// How long ago the latest of them came.
    pub since_last: Duration,
}

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub account: i64,
    /// Since when it has a second factor; none = it has none.
    pub made_at: Option<SystemTime>,
    /// Whether it must have one.
    pub is_needed: bool,
    /// How many recovery codes are left.
    pub codes_left: i64,
}

/// Whether an account has a second factor.
pub async fn exists(connection: &Object, account: i64) -> Result<bool, StoreError> {
    Ok(connection.query_one(EXISTS, &[&account]).await?.get(0))
}

/// What is known before a code is looked at; none = the account has no second factor. No other code of the account is
/// looked at until the transaction ends.
pub async fn standing(transaction: &Transaction<'_>, account: i64) -> Result<Option<Standing>, StoreError> {
    let row = transaction.query_opt(LOCKED, &[&account]).await?;
    Ok(row.map(|row| Standing {
        factor: Factor { secret: row.get(0), last_step: row.get(1) },
        wrong: u32::try_from(row.get::<_, i32>(2)).unwrap_or_default(),
        since_last: Duration::try_from_secs_f64(row.get::<_, Option<f64>>(3).unwrap_or_default()).unwrap_or_default(),
    }))
}

/// How an account stands; none = there is no such account.
pub async fn status(connection: &Object, name: &str) -> Result<Option<Status>, StoreError> {
    let row = connection.query_opt(STATUS, &[&name]).await?;
    Ok(row.map(|row| Status {
        account: row.get(0),
        made_at: row.get(1),
        is_needed: row.get(2),
        codes_left: row.get(3),
    }))
}

/// Gives an account a second factor, whose first code was that of a step, with recovery codes; false = it has one already.
/// Of its sessions the one that sent the code stays, `session`.
pub async fn set(
    connection: &mut Object,
    (account, name, session): (i64, &str, &Hash),
    factor: &Factor,
    codes: &[Hash],
) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    if transaction.execute(SET, &[&account, &factor.secret, &factor.last_step]).await? == 0 {
        return Ok(false);
    }
    transaction.execute(END_OTHERS, &[&account, &&session[..]]).await?;
    transaction.execute(KEEP, &[&&session[..]]).await?;
    put_codes(&transaction, account, codes).await?;
    noted(transaction, name, "second-factor-on", name).await?;
    Ok(true)
}

/// Gives an account other recovery codes.
pub async fn renew_codes(
    connection: &mut Object,
    (account, name): (i64, &str),
    codes: &[Hash],
) -> Result<(), StoreError> {
    let transaction = connection.transaction().await?;
    put_codes(&transaction, account, codes).await?;
    noted(transaction, name, "recovery-codes", name).await
}

/// Takes the second factor of an account away, with its recovery codes; false = it has none.
pub async fn remove(connection: &mut Object, by: &str, name: &str) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    if transaction.execute(REMOVE, &[&name]).await? == 0 {
        return Ok(false);
    }
    noted(transaction, by, "second-factor-off", name).await?;
    Ok(true)
}

/// Lets an account only in with a second factor, or without one too; false = there is no such account.
pub async fn require(connection: &mut Object, by: &str, name: &str, is_needed: bool) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    if transaction.execute(REQUIRE, &[&name, &is_needed]).await? == 0 {
        return Ok(false);
    }
    let action = if is_needed { "second-factor-needed" } else { "second-factor-optional" };
    noted(transaction, by, action, name).await?;
    Ok(true)
}

/// Takes the code of a step, and forgets the wrong ones.
pub async fn take_step(transaction: Transaction<'_>, account: i64, step: i64) -> Result<(), StoreError> {
    transaction.execute(TAKE_STEP, &[&account, &step]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Counts a wrong code; `wrong` with it. The last one that is looked at is noted in the audit log.
pub async fn count_wrong(
    transaction: Transaction<'_>,
    (account, name): (i64, &str),
    wrong: u32,
    is_last: bool,
) -> Result<(), StoreError> {
    transaction.execute(COUNT_WRONG, &[&account, &i32::try_from(wrong).unwrap_or(i32::MAX)]).await?;
    if is_last {
        return noted(transaction, name, "second-factor-locked", name).await;
    }
    transaction.commit().await?;
    Ok(())
}

/// Takes a recovery code, and forgets the wrong codes; false = there is no such code.
pub async fn take_code(connection: &Object, account: i64, hash: &Hash) -> Result<bool, StoreError> {
    Ok(connection.execute(TAKE_CODE, &[&account, &&hash[..]]).await? > 0)
}

/// Begins a log-in that owes its code; takes the opportunity to remove those that are over.
pub async fn begin(connection: &Object, token: &Hash, account: i64, length: Duration) -> Result<(), StoreError> {
    connection.execute(FORGET_EXPIRED, &[]).await?;
    connection.execute(BEGIN, &[&&token[..], &account, &length.as_secs_f64()]).await?;
    Ok(())
}

/// The id and the name of the account that owes a code.
pub async fn pending(connection: &Object, token: &Hash) -> Result<Option<(i64, String)>, StoreError> {
    Ok(connection.query_opt(PENDING, &[&&token[..]]).await?.map(|row| (row.get(0), row.get(1))))
}

async fn put_codes(transaction: &Transaction<'_>, account: i64, codes: &[Hash]) -> Result<(), StoreError> {
    transaction.execute(FORGET_CODES, &[&account]).await?;
    let codes: Vec<&[u8]> = codes.iter().map(|code| &code[..]).collect();
    transaction.execute(ADD_CODES, &[&account, &codes]).await?;
    Ok(())
}

async fn noted(transaction: Transaction<'_>, by: &str, action: &str, name: &str) -> Result<(), StoreError> {
    let change = Change { account: by, action, kind: "account", key: name, document: None };
    audit_log::put(&transaction, &change).await?;
    transaction.commit().await?;
    Ok(())
}
