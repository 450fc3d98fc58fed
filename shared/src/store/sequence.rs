//! The numbers of submissions: `answered` holds those that an ingress answered with 202, `arrived` those that a worker has
//! claimed or put with the dead letters. A number that was answered, has not arrived and is not in the spool is on its
//! way, or lost. Numbers stand in ranges: a row for each bundle, folded into one for each ingress.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use crate::submission::Ticket;

/// How long a submission may be nowhere to be seen, beside the longest that others have been on their way lately: above
/// the time for which a worker holds a message that it cannot finish.
pub const GRACE: Duration = Duration::from_secs(15 * 60);

/// How long the numbers of submissions are kept, in days: far above the time in which somebody looks for a loss.
const KEEP_DAYS: i32 = 30;

const TELL: &str = "-- sequence::tell
INSERT INTO answered (instance, hour, numbers)
SELECT $1, hour, range_agg(int8range(first, last, '[]'))
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS t (hour, first, last) GROUP BY hour";

const ARRIVE: &str = "-- sequence::arrive
INSERT INTO arrived (instance, numbers, lag)
SELECT instance, range_agg(int8range(number, number, '[]')), coalesce(now() - min(accepted_at), interval '0')
FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS t (instance, number, accepted_at) GROUP BY instance";

/// Of the hours that have passed.
const FOLD_ANSWERED: &str = "-- sequence::fold_answered
WITH many AS (
    SELECT instance, hour FROM answered WHERE hour < floor(extract(epoch FROM now()) / 3600) - 1
    GROUP BY instance, hour HAVING count(*) > 1
), taken AS (
    DELETE FROM answered a USING many WHERE (a.instance, a.hour) = (many.instance, many.hour) RETURNING a.*
)
INSERT INTO answered (instance, hour, numbers, at)
SELECT instance, hour, range_agg(numbers), max(at) FROM taken GROUP BY instance, hour";

/// Of the time whose lag nobody asks for any more.
const FOLD_ARRIVED: &str = "-- sequence::fold_arrived
WITH many AS (
    SELECT instance FROM arrived WHERE at < now() - $1::float8 * interval '1 second'
    GROUP BY instance HAVING count(*) > 1
), taken AS (
    DELETE FROM arrived a USING many WHERE a.instance = many.instance AND at < now() - $1::float8 * interval '1 second'
    RETURNING a.*
)
INSERT INTO arrived (instance, numbers, lag, at)
SELECT instance, range_agg(numbers), max(lag), max(at) FROM taken GROUP BY instance";

const FORGET: &str = "-- sequence::forget
WITH told AS (DELETE FROM answered WHERE at < now() - make_interval(days => $1))
DELETE FROM arrived a WHERE at < now() - make_interval(days => $1)
    AND NOT EXISTS (SELECT FROM answered t WHERE t.instance = a.instance AND t.at >= now() - make_interval(days => $1))";

const LAG: &str = "-- sequence::lag
SELECT extract(epoch FROM max(lag))::float8 FROM arrived WHERE at > now() - $1::float8 * interval '1 second'";

const LAST: &str = "-- sequence::last
SELECT extract(epoch FROM now() - max(at) + coalesce(max(lag), '0'))::float8 FROM arrived";

const COUNT: &str = "-- sequence::count
SELECT hour, sum(upper(r) - lower(r))::bigint
FROM (SELECT hour, unnest(range_agg(numbers)) AS r FROM answered WHERE hour >= $1 GROUP BY instance, hour) t
GROUP BY hour";

/// Without $2 none of them is late.
const MISSING: &str = "-- sequence::missing
SELECT t.instance, t.hour, lower(g.gap), upper(g.gap) - 1, g.late
FROM (
    SELECT instance, hour, range_agg(numbers) AS told,
        coalesce(range_agg(numbers) FILTER (WHERE at < now() - $2::float8 * interval '1 second'), '{}') AS late
    FROM answered WHERE hour >= $1 GROUP BY instance, hour
) t LEFT JOIN (SELECT instance, range_agg(numbers) AS numbers FROM arrived GROUP BY instance) a USING (instance),
LATERAL (
    SELECT unnest(t.late - coalesce(a.numbers, '{}')) AS gap, true AS late
    UNION ALL SELECT unnest(t.told - t.late - coalesce(a.numbers, '{}')), false
) g
ORDER BY t.hour, t.instance, 3";

/// Numbers of an ingress that were answered with 202 and have not arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The ingress.
    pub instance: i64,
    /// Hours since 1970 (UTC), by the receipts.
    pub hour: i64,
    /// The first of them.
    pub first: i64,
    /// The last of them.
    pub last: i64,
    /// Whether they should have arrived by now.
    pub late: bool,
}

/// Notes which numbers an ingress has answered with 202, by the hours of their receipts.
pub async fn tell(
    connection: &Object,
    instance: i64,
    answered: &[(i64, RangeInclusive<i64>)],
) -> Result<(), StoreError> {
    let column = |pick: fn(&(i64, RangeInclusive<i64>)) -> i64| answered.iter().map(pick).collect::<Vec<_>>();
    let (hours, firsts, lasts) = (column(|one| one.0), column(|one| *one.1.start()), column(|one| *one.1.end()));
    let statement = connection.prepare_cached(TELL).await?;
    connection.execute(&statement, &[&instance, &hours, &firsts, &lasts]).await?;
    Ok(())
}

/// Notes that submissions have come to where they are not lost any more: with the times at which they were accepted, if
/// how long they were on their way is to count. More than once does no harm.
pub async fn arrive(transaction: &Transaction<'_>, tickets: &[(Ticket, Option<SystemTime>)]) -> Result<(), StoreError> {
    if tickets.is_empty() {
        return Ok(());
    }
    let instances: Vec<i64> = tickets.iter().map(|(ticket, _)| ticket.instance).collect();
    let numbers: Vec<i64> = tickets.iter().map(|(ticket, _)| ticket.number).collect();
    let times: Vec<Option<SystemTime>> = tickets.iter().map(|(_, accepted_at)| *accepted_at).collect();
    let statement = transaction.prepare_cached(ARRIVE).await?;
    transaction.execute(&statement, &[&instances, &numbers, &times]).await?;
    Ok(())
}

/// Makes few rows of many. Any number of callers.
pub async fn fold(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FOLD_ANSWERED, &[]).await?;
    connection.execute(FOLD_ARRIVED, &[&GRACE.as_secs_f64()]).await?;
    Ok(())
}

/// Removes numbers that are older than anybody asks for.
pub async fn forget(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[&KEEP_DAYS]).await?;
    Ok(())
}

/// How many submissions each hour had that were answered with 202, from an hour on.
pub(super) async fn count(transaction: &Transaction<'_>, from: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = transaction.query(COUNT, &[&from]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// From when on a number is late, in seconds since it was answered; nothing if nothing has arrived lately: then
/// nobody knows how long the way is.
pub(super) async fn late_after(transaction: &Transaction<'_>) -> Result<Option<f64>, StoreError> {
    let lag: Option<f64> = transaction.query_one(LAG, &[&GRACE.as_secs_f64()]).await?.get(0);
    Ok(lag.map(|lag| GRACE.as_secs_f64() + lag.max(0.0)))
}

/// From when on a number was late already by the last arrival; nothing if nothing has ever arrived.
pub(super) async fn late_by_last_arrival(transaction: &Transaction<'_>) -> Result<Option<f64>, StoreError> {
    let seconds: Option<f64> = transaction.query_one(LAST, &[]).await?.get(0);
    Ok(seconds.map(|seconds| GRACE.as_secs_f64() + seconds.max(0.0)))
}

/// The numbers from an hour on that have not arrived.
pub(super) async fn missing(
    transaction: &Transaction<'_>,
    from: i64,
    late_after: Option<f64>,
) -> Result<Vec<Gap>, StoreError> {
    let rows = transaction.query(MISSING, &[&from, &late_after]).await?;
    let read = |row: &tokio_postgres::Row| Gap {
        instance: row.get(0),
        hour: row.get(1),
        first: row.get(2),
        last: row.get(3),
        late: row.get(4),
    };
    Ok(rows.iter().map(read).collect())
}
