//! Wrong passwords of the control panel, counted for all of its processes together. A guess is one short transaction
//! that holds off other guesses of its name; who may guess is decided by control. All times are those of the database's clock.

use std::net::IpAddr;
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;

/// Guesses of one name come one after the other, so that none is overlooked.
const LOCK: &str = "-- log_ins::lock
SELECT pg_advisory_xact_lock(hashtext('postern_log_in'), hashtext(encode($1, 'hex')))";

/// In a statement after the lock: its snapshot has what others committed before they let go.
const STANDING: &str = "-- log_ins::standing
SELECT coalesce(g.wrong, 0), extract(epoch FROM clock_timestamp() - g.last_at)::float8,
    extract(epoch FROM n.back_at - clock_timestamp())::float8, k.at IS NOT NULL
FROM (SELECT) one LEFT JOIN log_in_guesses g ON g.name = $1 AND g.caller = $2
    LEFT JOIN log_in_names n ON n.name = $1 LEFT JOIN log_in_callers k ON k.name = $1 AND k.caller = $2";

const COUNT: &str = "-- log_ins::count
WITH counted AS (
    INSERT INTO log_in_guesses (name, caller, wrong, last_at) VALUES ($1, $2, $3, clock_timestamp())
    ON CONFLICT (name, caller) DO UPDATE SET wrong = excluded.wrong, last_at = excluded.last_at
)
INSERT INTO log_in_names (name, back_at)
SELECT $1, clock_timestamp() + $4::float8 * interval '1 second' WHERE $4::float8 IS NOT NULL
ON CONFLICT (name) DO UPDATE SET back_at = excluded.back_at";

const PASS: &str = "-- log_ins::pass
WITH forgiven AS (
    DELETE FROM log_in_guesses WHERE name = $1 AND caller = $2
), given_back AS (
    UPDATE log_in_names SET back_at = back_at - $3::float8 * interval '1 second'
    WHERE name = $1 AND $3::float8 > 0
)
INSERT INTO log_in_callers (name, caller) VALUES ($1, $2) ON CONFLICT (name, caller) DO UPDATE SET at = excluded.at";

/// Those that mean least go: rows older than the longest wait, then those with the fewest wrong passwords. What a guess
/// holds at this moment is left alone.
const FORGET_GUESSES: &str = "-- log_ins::forget_guesses
DELETE FROM log_in_guesses WHERE ctid IN (
    SELECT ctid FROM log_in_guesses WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM log_in_guesses
        ORDER BY last_at < clock_timestamp() - $2::float8 * interval '1 second', wrong DESC, last_at DESC OFFSET $1
    )) FOR UPDATE SKIP LOCKED
)";

const FORGET_NAMES: &str = "-- log_ins::forget_names
DELETE FROM log_in_names WHERE ctid IN (
    SELECT ctid FROM log_in_names WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM log_in_names ORDER BY back_at DESC OFFSET $1
    )) FOR UPDATE SKIP LOCKED
)";

const FORGET_CALLERS: &str = "-- log_ins::forget_callers
DELETE FROM log_in_callers WHERE ctid IN (
    SELECT ctid FROM log_in_callers WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM log_in_callers ORDER BY at DESC OFFSET $1
    )) FOR UPDATE SKIP LOCKED
)";

const CALLERS: &str = "-- log_ins::callers
SELECT name, caller FROM log_in_callers";

/// Who guesses: the SHA-256 of the name that was typed, and the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The hash of the name.
    pub name: [u8; 32],
    /// The party of the caller.
    pub caller: IpAddr,
}

/// What is known of a pair before its guess.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    /// Wrong passwords of this pair.
    pub wrong: u32,
    /// How long ago the latest of them came.
    pub since_last: Duration,
    /// How long it takes until nothing is spent of the guesses of this name.
    pub name_back_in: Duration,
    /// Whether this caller knew the password of this name before.
    pub is_known: bool,
}

/// What stands after a guess that is let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// Wrong passwords of this pair.
    pub wrong: u32,
    /// How long it takes until nothing is spent of the guesses of this name; none = none of them was spent.
    pub name_back_in: Option<Duration>,
}

/// How many rows may stay.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pairs, and names.
    pub guesses: i64,
    /// Pairs that knew the password.
    pub callers: i64,
    /// The time after which a wrong password means nothing.
    pub longest_wait: Duration,
}

/// What is known of a pair. Nobody else guesses its name until the transaction ends.
pub async fn standing(transaction: &Transaction<'_>, pair: &Pair) -> Result<Standing, StoreError> {
    transaction.execute(&transaction.prepare_cached(LOCK).await?, &[&&pair.name[..]]).await?;
    let statement = transaction.prepare_cached(STANDING).await?;
    let row = transaction.query_one(&statement, &[&&pair.name[..], &pair.caller]).await?;
    Ok(Standing {
        wrong: u32::try_from(row.get::<_, i32>(0)).unwrap_or_default(),
        since_last: seconds(row.get(1)),
        name_back_in: seconds(row.get(2)),
        is_known: row.get(3),
    })
}

/// Counts a guess as wrong.
pub async fn count(transaction: &Transaction<'_>, pair: &Pair, counted: &Counted) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(COUNT).await?;
    let wrong = i32::try_from(counted.wrong).unwrap_or(i32::MAX);
    let back_in = counted.name_back_in.map(|back_in| back_in.as_secs_f64());
    transaction.execute(&statement, &[&&pair.name[..], &pair.caller, &wrong, &back_in]).await?;
    Ok(())
}

/// The password of a counted guess was right: forgets the wrong ones of its pair, gives `name_given_back` back to its name,
/// and remembers the caller.
pub async fn pass(connection: &mut Object, pair: &Pair, name_given_back: Duration) -> Result<(), StoreError> {
    let transaction = connection.transaction().await?;
    transaction.execute(&transaction.prepare_cached(LOCK).await?, &[&&pair.name[..]]).await?;
    let statement = transaction.prepare_cached(PASS).await?;
    transaction.execute(&statement, &[&&pair.name[..], &pair.caller, &name_given_back.as_secs_f64()]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Removes what is above the limits.
pub async fn forget(connection: &Object, limits: Limits) -> Result<(), StoreError> {
    connection.execute(FORGET_GUESSES, &[&limits.guesses, &limits.longest_wait.as_secs_f64()]).await?;
    connection.execute(FORGET_NAMES, &[&limits.guesses]).await?;
    connection.execute(FORGET_CALLERS, &[&limits.callers]).await?;
    Ok(())
}

/// All callers that knew the password of a name.
pub async fn callers(connection: &Object) -> Result<Vec<Pair>, StoreError> {
    let rows = connection.query(CALLERS, &[]).await?;
    let pair =
        |row: &tokio_postgres::Row| Some(Pair { name: row.get::<_, &[u8]>(0).try_into().ok()?, caller: row.get(1) });
    Ok(rows.iter().filter_map(pair).collect())
}

/// Nothing where there is no row, and where a clock was set back.
fn seconds(seconds: Option<f64>) -> Duration {
    Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default()
}
