//! Who is logged in. The store knows a session only by the hash of its token.

use std::time::Duration;

use deadpool_postgres::Object;

use super::StoreError;
use super::accounts::Role;

const BEGIN: &str = "-- sessions::begin
INSERT INTO sessions (token, account, expires_at) VALUES ($1, $2, now() + $3::float8 * interval '1 second')";

const FIND: &str = "-- sessions::find
SELECT a.name, a.role, a.needs_second_factor AND NOT EXISTS (SELECT FROM second_factors f WHERE f.account = a.id)
FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.token = $1 AND s.expires_at > now()";

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

/// Begins a session of an account that ends by itself; takes the opportunity to remove those that have ended.
pub async fn begin(connection: &Object, token: &[u8; 32], account: i64, length: Duration) -> Result<(), StoreError> {
    connection.execute(FORGET_EXPIRED, &[]).await?;
    connection.execute(BEGIN, &[&&token[..], &account, &length.as_secs_f64()]).await?;
    Ok(())
}

/// Whose session this is, unless it has ended.
pub async fn find(connection: &Object, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let row = connection.query_opt(FIND, &[&&token[..]]).await?;
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
