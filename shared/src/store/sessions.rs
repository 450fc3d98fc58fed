//! Who is logged in. The store knows a session only by the hash of its token.

use std::time::Duration;

use deadpool_postgres::Object;

use super::StoreError;
use super::accounts::Role;

const BEGIN: &str = "-- sessions::begin
INSERT INTO sessions (token, account, expires_at) VALUES ($1, $2, now() + $3::float8 * interval '1 second')";

const BEGIN_WITH_CODE: &str = "-- sessions::begin_with_code
WITH owed AS (DELETE FROM pending_log_ins WHERE token = $1 AND expires_at > now() RETURNING account)
INSERT INTO sessions (token, account, expires_at, with_code)
SELECT $2, account, now() + $3::float8 * interval '1 second', true FROM owed";

/// A session without a code counts only as long as its account has no second factor: another version may have begun it.
const FIND: &str = "-- sessions::find
SELECT a.name, a.role, a.needs_second_factor AND f.account IS NULL
FROM sessions s JOIN accounts a ON a.id = s.account LEFT JOIN second_factors f ON f.account = a.id
WHERE s.token = $1 AND s.expires_at > now() AND (s.with_code OR f.account IS NULL)";

const END: &str = "-- sessions::end
DELETE FROM sessions WHERE token = $1";

const FORGET_EXPIRED: &str = "-- sessions::forget_expired
DELETE FROM sessions WHERE expires_at <= now()";

/// Who is logged in.
#[derive(Debug)]
pub struct Session {
    /// The name of the account.
    pub account: String,
    /// Its role.
    pub role: Role,
    /// Whether it must have a second factor and has none yet.
    pub lacks_second_factor: bool,
}

/// Begins a session of an account without a second factor that ends by itself; takes the opportunity to remove those that have ended.
pub async fn begin(connection: &Object, token: &[u8; 32], account: i64, length: Duration) -> Result<(), StoreError> {
    connection.execute(FORGET_EXPIRED, &[]).await?;
    connection.execute(BEGIN, &[&&token[..], &account, &length.as_secs_f64()]).await?;
    Ok(())
}

/// What came of a log-in that owed its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Its session has begun.
    Session,
    /// Nothing: the log-in is over, or began a session already.
    Nothing,
}

/// Turns a log-in that owed its code into a session that ends by itself.
pub async fn begin_with_code(
    connection: &Object,
    owed: &[u8; 32],
    token: &[u8; 32],
    length: Duration,
) -> Result<Begun, StoreError> {
    connection.execute(FORGET_EXPIRED, &[]).await?;
    let begun = connection.execute(BEGIN_WITH_CODE, &[&&owed[..], &&token[..], &length.as_secs_f64()]).await?;
    Ok(if begun > 0 { Begun::Session } else { Begun::Nothing })
}

/// Whose session this is, unless it has ended.
pub async fn find(connection: &Object, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let statement = connection.prepare_cached(FIND).await?;
    let row = connection.query_opt(&statement, &[&&token[..]]).await?;
    Ok(row.map(|row| Session {
        account: row.get(0),
        role: Role::from_word(row.get(1)),
        lacks_second_factor: row.get(2),
    }))
}

/// Ends a session.
pub async fn end(connection: &Object, token: &[u8; 32]) -> Result<(), StoreError> {
    connection.execute(END, &[&&token[..]]).await?;
    Ok(())
}
