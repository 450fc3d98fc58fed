//! The next runs of the jobs that are not done, which have their turns one after another: the work and the row of a job are
//! one transaction, so that a run is taken once, whatever is killed. One process at a time does it. The rate is kept by the
//! row, whoever goes on with the job. A job that has to wait holds up no other.

use std::time::Duration;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Kind;
use crate::resume::RunKey;
use crate::store::run_actions::{self, How, Mark, Obstacle, Rescued, Version};
use crate::store::runs::Filter;
use crate::store::spool::{self, Way};
use crate::store::{StoreError, parsed};

/// Until the end of the transaction no other process works on a job.
const ALONE: &str = "-- batch::alone
SELECT pg_try_advisory_xact_lock(hashtext('postern_jobs'))";

/// First the job that has not had its turn for longest.
const RUNNING: &str = "-- batch::running
SELECT id, kind, filter::text, rate, receipt, number, extract(epoch FROM created_at)::float8,
    extract(epoch FROM clock_timestamp() - paced_at)::float8, account
FROM jobs WHERE state = 'running' ORDER BY paced_at, id LIMIT $1 FOR UPDATE";

/// Only runs that there were when the job was created: neither its own replays nor what failed since then.
const RUNS: &str = "-- batch::runs
SELECT runs.receipt, runs.number, runs.workflow FROM runs
WHERE $FILTER AND runs.receipt >= $10 AND (runs.receipt > $10 OR runs.number > $11)
    AND runs.receipt < postern_uuid_floor(to_timestamp($12::float8))
    AND (runs.replays IS NULL OR runs.started_at < to_timestamp($12::float8))
ORDER BY runs.receipt, runs.number LIMIT $13";

/// A rate that was not used is lost after a second.
const MOVE: &str = "-- batch::move
UPDATE jobs SET done = done + $2, failed = failed + $3, obstacle = coalesce($4, obstacle), receipt = $5, number = $6,
    started_at = coalesce(started_at, clock_timestamp()),
    paced_at = greatest(paced_at + $7::float8 / rate * interval '1 second', clock_timestamp() - interval '1 second')
WHERE id = $1";

const END: &str = "-- batch::end
UPDATE jobs SET state = 'done', started_at = coalesce(started_at, clock_timestamp()), ended_at = clock_timestamp()
WHERE id = $1";

/// The most runs of one transaction: their family locks are held until its commit.
const MAX_TOGETHER: i64 = 100;

/// The most jobs among which the next is chosen: a person asks for each.
const MAX_RUNNING: i64 = 1_000;

/// The most runs of a workflow that a job has started and that no worker has taken yet. While there are more the job rests,
/// whatever its rate: what it starts must not pile up.
const MAX_WAITING: i64 = 500;

/// How long a job rests when so many wait.
const REST: Duration = Duration::from_millis(200);

/// What came of a batch. To be committed, unless it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// There is no job, or another process works on it.
    Nothing,
    /// No job has anything to do before this time is over.
    Waits(Duration),
    /// Something was done for this many runs.
    Moved(i64),
}

/// A job as it stands.
struct Standing {
    id: i64,
    kind: Kind,
    filter: Filter,
    rate: f64,
    receipt: Uuid,
    number: i16,
    created_s: f64,
    unused_s: f64,
    account: String,
}

/// The job whose work was refused: its next runs are tried one by one, and a run that is refused alone is left out.
#[derive(Debug, Default)]
pub struct Care {
    /// The job of the last batch.
    at: Option<i64>,
    refused: Option<i64>,
    /// Whether its next run counts as a run for which the work cannot be done.
    skips: bool,
}

impl Care {
    /// The batch is committed.
    pub fn moved(&mut self) {
        if self.at == self.refused {
            *self = Self::default();
        }
    }

    /// The batch was refused.
    pub fn refused(&mut self) {
        self.skips = self.at == self.refused;
        self.refused = self.at;
    }

    /// How many runs of a job are taken together, and whether they are left out.
    fn of(&mut self, job: i64) -> (i64, bool) {
        self.at = Some(job);
        if self.at == self.refused { (1, self.skips) } else { (MAX_TOGETHER, false) }
    }
}

/// Does some work of the first job that need not wait, in the caller's transaction.
pub async fn batch(transaction: &Transaction<'_>, care: &mut Care) -> Result<Batch, StoreError> {
    if !transaction.query_one(ALONE, &[]).await?.get::<_, bool>(0) {
        return Ok(Batch::Nothing);
    }
    let mut rest = None;
    for row in transaction.query(RUNNING, &[&MAX_RUNNING]).await? {
        match take_turn(transaction, &read(&row)?, care).await? {
            Batch::Waits(wait) => rest = Some(rest.map_or(wait, |rest: Duration| rest.min(wait))),
            done => return Ok(done),
        }
    }
    Ok(rest.map_or(Batch::Nothing, Batch::Waits))
}

/// Does some work of a job, unless it has to wait.
async fn take_turn(transaction: &Transaction<'_>, job: &Standing, care: &mut Care) -> Result<Batch, StoreError> {
    let (most, skips) = care.of(job.id);
    let room = room(job.rate, job.unused_s, most);
    if room == 0 {
        return Ok(Batch::Waits(Duration::from_secs_f64((1.0 / job.rate - job.unused_s).clamp(0.01, 1.0))));
    }
    let parameters = job.filter.parameters();
    let more = parameters.and(&[&job.receipt, &job.number, &job.created_s, &room]);
    let rows = transaction.query(&job.filter.in_statement(RUNS), &more).await?;
    let Some(last) = rows.last() else {
        transaction.execute(END, &[&job.id]).await?;
        return Ok(Batch::Moved(0));
    };
    let workflows: Vec<i64> = rows.iter().map(|row| row.get(2)).collect();
    if job.kind.starts_runs() && spool::pairs::count_again(transaction, &workflows, MAX_WAITING).await? >= MAX_WAITING {
        return Ok(Batch::Waits(REST));
    }
    let runs = rows.iter().map(|row| RunKey { receipt: row.get::<_, Uuid>(0).into(), number: row.get(1) });
    let runs: Vec<RunKey> = runs.collect();
    let obstacles = if skips { vec![Some("refused"); runs.len()] } else { work(transaction, job, &runs).await? };
    let looked = i64::try_from(runs.len()).unwrap_or(i64::MAX);
    let failed = i64::try_from(obstacles.iter().flatten().count()).unwrap_or(i64::MAX);
    let obstacle = obstacles.into_iter().flatten().next_back();
    let (receipt, number): (Uuid, i16) = (last.get(0), last.get(1));
    #[expect(clippy::cast_precision_loss, reason = "a hundred")]
    let used = looked as f64;
    let done = looked - failed;
    transaction.execute(MOVE, &[&job.id, &done, &failed, &obstacle, &receipt, &number, &used]).await?;
    Ok(Batch::Moved(looked))
}

/// How many runs may be taken now.
#[expect(clippy::cast_possible_truncation, reason = "at most `most`")]
#[expect(clippy::cast_precision_loss, reason = "a hundred")]
fn room(rate: f64, unused_s: f64, most: i64) -> i64 {
    (rate * unused_s.max(0.0)).min(rate.max(1.0)).min(most as f64) as i64
}

/// Does it; of each run for which it could not be done what was in the way.
async fn work(
    transaction: &Transaction<'_>,
    job: &Standing,
    runs: &[RunKey],
) -> Result<Vec<Option<&'static str>>, StoreError> {
    let how = match job.kind {
        Kind::GoOn => How::GoOn(Version::Newest),
        Kind::RunAgain => How::FromStart(None),
        Kind::Cancel => return Ok(left_out(run_actions::mark_all(transaction, runs, Mark::Cancel).await?)),
        Kind::Wake => return Ok(left_out(run_actions::mark_all(transaction, runs, Mark::Wake).await?)),
        Kind::Dismiss => return Ok(left_out(run_actions::dismiss_all(transaction, &job.account, runs).await?)),
    };
    Ok(left_out(run_actions::start_all(transaction, runs, &how, &Way::Again, Some(job.id)).await?))
}

/// Of each run what was in the way, if anything was.
fn left_out(done: Vec<(RunKey, Rescued)>) -> Vec<Option<&'static str>> {
    done.into_iter().map(|(_, done)| done.err().map(Obstacle::word)).collect()
}

fn read(row: &Row) -> Result<Standing, StoreError> {
    let kind = row.get::<_, &str>(1).parse();
    Ok(Standing {
        id: row.get(0),
        kind: kind.map_err(|error| StoreError::Refused(format!("a stored job: {error}")))?,
        filter: parsed(row.get(2))?,
        rate: row.get(3),
        receipt: row.get(4),
        number: row.get(5),
        created_s: row.get(6),
        unused_s: row.get(7),
        account: row.get(8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_leaves_room_by_the_time_that_was_not_used() {
        for (rate, unused_s, expected) in
            [(200.0, 0.1, 20), (200.0, 5.0, 100), (50.0, 5.0, 50), (0.1, 5.0, 0), (0.1, 10.0, 1), (10.0, -1.0, 0)]
        {
            assert_eq!(room(rate, unused_s, MAX_TOGETHER), expected, "{rate} {unused_s}");
        }
    }

    #[test]
    fn runs_of_a_job_that_was_refused_are_tried_alone_and_then_left_out() {
        let mut care = Care::default();
        for (is_refused, job, expected) in [
            (true, 1, (MAX_TOGETHER, false)),
            (false, 2, (MAX_TOGETHER, false)),
            (true, 1, (1, false)),
            (false, 1, (1, true)),
            (true, 1, (MAX_TOGETHER, false)),
            (true, 2, (MAX_TOGETHER, false)),
            (false, 2, (1, false)),
            (false, 2, (MAX_TOGETHER, false)),
        ] {
            assert_eq!(care.of(job), expected, "{job}");
            if is_refused { care.refused() } else { care.moved() }
        }
    }
}
