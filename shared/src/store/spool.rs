//! The spool: every message that is not in the broker. Taking a row is a lease by the database's clock, and
//! its count is the fence: only who took it last can finish it.

mod alarm;
pub mod pairs;

use std::time::Duration;

use deadpool_postgres::{GenericClient, Object, Transaction};

pub use self::alarm::{Alarm, Way, target};
pub use self::pairs::Pair;
use super::StoreError;
use crate::lane::Lane;
use crate::resume::{RESUME_V1, Resume};

const PUT: &str = "-- spool::put
INSERT INTO spool (lane, kind, body, attempt, due_at)
SELECT lane, $1, body, $4, now() + $5::float8 * interval '1 second'
FROM unnest($2::smallint[], $3::bytea[]) AS m (lane, body)";

const SCHEDULE: &str = "-- spool::schedule
INSERT INTO spool (lane, kind, body, attempt, due_at, target, workflow)
SELECT lane, $1, body, 0, now() + delay * interval '1 second', target, workflow
FROM unnest($2::smallint[], $3::bytea[], $4::float8[], $5::text[], $6::bigint[])
    AS m (lane, body, delay, target, workflow)";

/// Whatever else stands in the row stays as it is.
const AGAIN: &str = "-- spool::again
INSERT INTO spool (lane, kind, body, attempt, due_at, target, workflow)
SELECT lane, kind, body, $3, now() + $4::float8 * interval '1 second', target, workflow FROM spool
WHERE id = $1 AND lease = $2";

/// From the front of each lane, so that however much is due in one costs the others nothing.
const TAKE: &str = "-- spool::take
UPDATE spool SET due_at = now() + $3::float8 * interval '1 second', lease = lease + 1
WHERE id = ANY (ARRAY(SELECT front.id FROM unnest($1::smallint[], $2::bigint[]) AS wanted (lane, room), LATERAL (
    SELECT id FROM spool WHERE spool.lane = wanted.lane AND due_at <= now()
    ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED) AS front))
RETURNING id, lease, lane, kind, body, attempt, workflow, target";

const RENEW: &str = "-- spool::renew
UPDATE spool SET due_at = now() + $3::float8 * interval '1 second'
FROM unnest($1::bigint[], $2::int[]) AS held (id, lease)
WHERE spool.id = held.id AND spool.lease = held.lease";

/// What was not begun does not count as taken: a row that often went back has broken off no worker.
const GIVE_BACK: &str = "-- spool::give_back
UPDATE spool SET due_at = now(), lease = spool.lease - 1
FROM unnest($1::bigint[], $2::int[]) AS held (id, lease)
WHERE spool.id = held.id AND spool.lease = held.lease";

const FINISH: &str = "-- spool::finish
DELETE FROM spool WHERE (id, lease) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))";

const COUNT: &str = "-- spool::count
SELECT lane, count(*) FILTER (WHERE due_at <= now()), count(*) FILTER (WHERE due_at > now()),
    extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now()))::float8
FROM spool GROUP BY lane";

/// Of the lanes of runs alone. The rows of a workflow stand together in two of them; those of slow runs are few.
const WITHDRAW: &str = "-- spool::withdraw
DELETE FROM spool WHERE (lane IN (1, 6) AND workflow = $1 OR lane = 7) AND body = $2";

/// Reads the index from the front of each lane, and nothing of the other lanes, however much waits there.
const COUNT_SUBMISSIONS: &str = "-- spool::count_submissions
SELECT count(*) FROM unnest($1::smallint[]) AS wanted (lane),
    LATERAL (SELECT FROM spool WHERE spool.lane = wanted.lane ORDER BY due_at LIMIT $2) AS found";

const TRY: &str = "-- spool::try
SELECT postern_try_spool($1)";

/// Without an interval a submission is due within minutes of when it is written or taken, as is a call or a slow run; so
/// what is due later than that was written while the clock of the database was ahead.
const CALL_BACK: &str = "-- spool::call_back
UPDATE spool SET due_at = now() WHERE lane = ANY ($1) AND due_at > now() + $2::float8 * interval '1 second'";

/// How far ahead a submission, a call or a slow run can be due: far above the longest wait between two tries, which is a
/// minute, and above the time after which a call at most once counts as unknown, which is some minutes.
const LATEST_DUE: Duration = Duration::from_secs(2 * 3600);

/// How far ahead a dead letter can be due that is replayed with an interval: above 10,000 letters 100 s apart.
const LATEST_REPLAY: Duration = Duration::from_secs(12 * 24 * 3600);

/// The right to a row, until its time is over and another takes the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The row.
    pub id: i64,
    /// How often the row has been taken without being given back, this time included: the fence. Only who holds the row
    /// gives it back, so no two who hold a row have one number.
    pub number: i32,
}

/// A row that this process holds until its lease ends.
#[derive(Debug)]
pub struct Taken {
    /// The right to it.
    pub lease: Lease,
    /// Where it stood.
    pub lane: Lane,
    /// The AMQP `type` of the message.
    pub kind: String,
    /// Its body.
    pub body: Vec<u8>,
    /// How often what it carries has been tried.
    pub attempt: i32,
    /// The pair by which it was taken, in a lane that is taken from by pair.
    pub pair: Option<Pair>,
    /// Whether it has waited for too long: it is taken although its target rests.
    pub is_overdue: bool,
}

/// Puts messages of one kind into lanes of the spool, due after a delay. `attempt` is how often they have been tried.
pub async fn put(
    client: &impl GenericClient,
    kind: &str,
    messages: &[(Lane, Vec<u8>)],
    attempt: i32,
    delay: Duration,
) -> Result<(), StoreError> {
    let lanes: Vec<i16> = messages.iter().map(|(lane, _)| lane.number()).collect();
    let bodies: Vec<&[u8]> = messages.iter().map(|(_, body)| body.as_slice()).collect();
    let statement = client.prepare_cached(PUT).await?;
    client.execute(&statement, &[&kind, &lanes, &bodies, &attempt, &delay.as_secs_f64()]).await?;
    Ok(())
}

/// Puts a message that came from the spool there once more, due after a delay. `attempt` is how often it was tried.
pub async fn again(
    transaction: &Transaction<'_>,
    lease: Lease,
    attempt: i32,
    delay: Duration,
) -> Result<(), StoreError> {
    transaction.execute(AGAIN, &[&lease.id, &lease.number, &attempt, &delay.as_secs_f64()]).await?;
    Ok(())
}

/// Puts what wakes runs into the spool.
pub async fn schedule(transaction: &Transaction<'_>, alarms: &[Alarm]) -> Result<(), StoreError> {
    let lanes: Vec<i16> = alarms.iter().map(|one| one.lane().number()).collect();
    let bodies: Vec<Vec<u8>> = alarms.iter().map(|one| one.resume.encode()).collect();
    let delays: Vec<f64> = alarms.iter().map(|one| one.delay.as_secs_f64()).collect();
    let targets: Vec<Option<&str>> = alarms.iter().map(|one| one.way.target()).collect();
    let workflows: Vec<Option<i64>> =
        alarms.iter().map(|one| one.way.target().map(|_| one.resume.workflow.get())).collect();
    let statement = transaction.prepare_cached(SCHEDULE).await?;
    transaction.execute(&statement, &[&RESUME_V1, &lanes, &bodies, &delays, &targets, &workflows]).await?;
    Ok(())
}

/// Removes what would wake a run that is found in this state.
pub async fn withdraw(transaction: &Transaction<'_>, resume: &Resume) -> Result<(), StoreError> {
    transaction.execute(WITHDRAW, &[&resume.workflow.get(), &resume.encode()]).await?;
    Ok(())
}

/// Takes rows that are due, of each lane as many as there is room for, the oldest first; committed at once, so a lease
/// is all that is held while they travel.
pub async fn take(connection: &Object, wanted: &[(Lane, usize)], lease: Duration) -> Result<Vec<Taken>, StoreError> {
    let lanes: Vec<i16> = wanted.iter().map(|(lane, _)| lane.number()).collect();
    let room: Vec<i64> = wanted.iter().map(|(_, room)| i64::try_from(*room).unwrap_or(i64::MAX)).collect();
    let statement = connection.prepare_cached(TAKE).await?;
    let rows = connection.query(&statement, &[&lanes, &room, &lease.as_secs_f64()]).await?;
    Ok(rows.iter().map(taken).collect())
}

/// Holds rows for another `lease` from now on; those that another has taken stay with it. With no time at all they are
/// due at once.
pub async fn renew(connection: &Object, held: &[Lease], lease: Duration) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(RENEW).await?;
    let (ids, numbers) = columns(held);
    connection.execute(&statement, &[&ids, &numbers, &lease.as_secs_f64()]).await?;
    Ok(())
}

/// Gives rows back whose work has not begun, as if they had not been taken: due at once. Those that another has taken stay
/// with it.
pub async fn give_back(connection: &Object, held: &[Lease]) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(GIVE_BACK).await?;
    let (ids, numbers) = columns(held);
    connection.execute(&statement, &[&ids, &numbers]).await?;
    Ok(())
}

/// Removes rows together with the work that they asked for. If another has taken one the work must not be committed.
pub async fn finish_with(transaction: &Transaction<'_>, leases: &[Lease]) -> Result<(), StoreError> {
    if leases.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(FINISH).await?;
    let (ids, numbers) = columns(leases);
    let removed = transaction.execute(&statement, &[&ids, &numbers]).await?;
    if removed == leases.len() as u64 { Ok(()) } else { Err(StoreError::LeaseLost) }
}

/// Removes rows that have reached the broker. Nothing happens to one whose lease ended and that another has taken.
pub async fn finish(connection: &Object, leases: &[Lease]) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(FINISH).await?;
    let (ids, numbers) = columns(leases);
    connection.execute(&statement, &[&ids, &numbers]).await?;
    Ok(())
}

/// What waits in one lane of the spool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    /// The lane.
    pub lane: Lane,
    /// Messages that are due and that nobody has taken.
    pub due: i64,
    /// Messages that are due later, or that somebody has taken.
    pub parked: i64,
    /// For how long the oldest of those is due that are due.
    pub oldest_due_s: f64,
}

/// What waits in each lane that is not empty. Reads the whole index.
pub async fn count(connection: &Object) -> Result<Vec<Count>, StoreError> {
    let rows = connection.query(COUNT, &[]).await?;
    let count = |row: &tokio_postgres::Row| Count {
        lane: Lane::from_number(row.get(0)),
        due: row.get(1),
        parked: row.get(2),
        oldest_due_s: row.get::<_, Option<f64>>(3).unwrap_or_default(),
    };
    Ok(rows.iter().map(count).collect())
}

/// How many messages with submissions wait here, up to `most` in each lane. Costs nothing for all the others.
pub async fn count_submissions(connection: &Object, most: i64) -> Result<i64, StoreError> {
    let statement = connection.prepare_cached(COUNT_SUBMISSIONS).await?;
    Ok(connection.query_one(&statement, &[&lanes_of_submissions(), &most]).await?.get(0))
}

/// Commits a row as long as a submission, which nobody ever sees: that proves what a connection does not, that the disk
/// has room and the database takes writes.
pub async fn try_writing(connection: &Object) -> Result<(), StoreError> {
    connection.execute(TRY, &[&Lane::Default.number()]).await?;
    Ok(())
}

/// Makes submissions, calls and slow runs due that are due later than any of them can be: they were written while the clock
/// of the database was ahead. Returns how many. Runs that wait for a time are not among them.
pub async fn call_back(connection: &Object) -> Result<u64, StoreError> {
    let mut called = 0;
    // A group of dead letters is replayed in the first lane of bursts, with an interval.
    let soon = Lane::SUBMISSIONS.into_iter().filter(|lane| *lane != Lane::bulk(0));
    let soon: Vec<_> = soon.chain([Lane::Calling, Lane::Slow]).collect();
    for (lanes, limit) in [(soon, LATEST_DUE), (vec![Lane::bulk(0)], LATEST_REPLAY)] {
        let lanes: Vec<i16> = lanes.into_iter().map(Lane::number).collect();
        called += connection.execute(CALL_BACK, &[&lanes, &limit.as_secs_f64()]).await?;
    }
    Ok(called)
}

fn lanes_of_submissions() -> Vec<i16> {
    Lane::SUBMISSIONS.into_iter().map(Lane::number).collect()
}

fn taken(row: &tokio_postgres::Row) -> Taken {
    let lease = Lease { id: row.get(0), number: row.get(1) };
    let lane = Lane::from_number(row.get(2));
    let pair = row.get::<_, Option<i64>>(6).zip(row.get(7)).map(|(workflow, target)| Pair { workflow, target });
    let pair = pair.filter(|_| matches!(lane, Lane::Resuming | Lane::Calling));
    Taken { lease, lane, kind: row.get(3), body: row.get(4), attempt: row.get(5), pair, is_overdue: false }
}

fn columns(leases: &[Lease]) -> (Vec<i64>, Vec<i32>) {
    leases.iter().map(|lease| (lease.id, lease.number)).unzip()
}
