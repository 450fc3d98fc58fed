//! The jobs: work on many runs that a person asked for, each with a row of its own that tells how far it has come. A worker
//! does them in turn; see [`batch`].

mod batch;
mod started;

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use deadpool_postgres::Object;
use serde_json::json;
use tokio_postgres::Row;

use super::audit_log::{self, Change};
use super::runs::{self, Filter};
use super::{StoreError, parsed};

pub use batch::{Batch, Care, batch};
pub use started::Started;

/// The runs that there are when the job is created.
const COUNT: &str = "-- jobs::count
SELECT count(*) FROM runs WHERE $FILTER AND runs.receipt < postern_uuid_floor(now())";

const CREATE: &str = "-- jobs::create
INSERT INTO jobs (kind, filter, rate, account, total) VALUES ($1, $2::text::json, $3, $4, $5) RETURNING id";

const LIST: &str = "-- jobs::list
SELECT id, kind, filter::text, rate, state, account, total, done, failed, obstacle, created_at, started_at, ended_at
FROM jobs WHERE ($1::bigint IS NULL OR id < $1) ORDER BY id DESC LIMIT $2";

const FIND: &str = "-- jobs::find
SELECT id, kind, filter::text, rate, state, account, total, done, failed, obstacle, created_at, started_at, ended_at
FROM jobs WHERE id = $1";

/// Waits for the batch that is under way.
const STOP: &str = "-- jobs::stop
UPDATE jobs SET state = 'stopped', ended_at = clock_timestamp() WHERE id = $1 AND state = 'running'";

/// What is done with each run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A failed run goes on at its failed step, by the newest version.
    GoOn,
    /// A run that has ended runs again from the start, by the newest version.
    RunAgain,
    /// A run that has not ended is cancelled.
    Cancel,
    /// A failed run is dismissed: nothing more is to be done about it.
    Dismiss,
    /// A run that waits for a time goes on at once.
    Wake,
}

impl Kind {
    /// All, with the word that the store and the API use.
    pub const ALL: [(Self, &str); 5] = [
        (Self::GoOn, "go_on"),
        (Self::RunAgain, "run_again"),
        (Self::Cancel, "cancel"),
        (Self::Dismiss, "dismiss"),
        (Self::Wake, "wake"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// Whether runs in this state are work for it.
    pub fn takes(self, state: runs::State) -> bool {
        match self {
            Self::GoOn | Self::Dismiss => state == runs::State::Failed,
            Self::RunAgain => state.is_end(),
            Self::Cancel => !state.is_end(),
            Self::Wake => state == runs::State::Waiting,
        }
    }

    /// Whether it starts a run in the place of each run that it takes.
    pub fn starts_runs(self) -> bool {
        matches!(self, Self::GoOn | Self::RunAgain)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(kind, _)| *kind).ok_or("must be one of go_on, run_again, cancel, dismiss, wake")
    }
}

/// A job to create. The filter names a state that its kind takes.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What is done with each run.
    pub kind: Kind,
    /// Which runs.
    pub filter: Filter,
    /// Runs per second.
    pub rate: f64,
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What is done with each run.
    pub kind: Kind,
    /// Which runs.
    pub filter: Filter,
    /// Runs per second.
    pub rate: f64,
    /// `running`, `done` or `stopped`.
    pub state: String,
    /// The name of who asked for it.
    pub account: String,
    /// The runs that there were when it was created.
    pub total: i64,
    /// The runs for which it was done: of a kind that starts runs, those in whose place it has started one.
    pub done: i64,
    /// The runs for which it could not be done.
    pub failed: i64,
    /// The word for what was in the way of the last of those.
    pub obstacle: Option<String>,
    /// What became of the runs that it has started; none = its kind starts none.
    pub started: Option<Started>,
    /// When it was created.
    pub created_at: SystemTime,
    /// When a worker began it.
    pub started_at: Option<SystemTime>,
    /// When it ended.
    pub ended_at: Option<SystemTime>,
}

impl Job {
    /// The runs at which nobody has looked yet.
    pub fn left(&self) -> i64 {
        if self.state == "done" { 0 } else { (self.total - self.done - self.failed).max(0) }
    }
}

/// Creates a job, unless there is no such run.
pub async fn create(connection: &mut Object, account: &str, new: &NewJob) -> Result<Option<Job>, StoreError> {
    let transaction = connection.transaction().await?;
    let parameters = new.filter.parameters();
    let total: i64 = transaction.query_one(&new.filter.in_statement(COUNT), &parameters.and(&[])).await?.get(0);
    if total == 0 {
        return Ok(None);
    }
    let filter = serde_json::to_value(&new.filter).map_err(|error| StoreError::Refused(error.to_string()))?;
    let kind = new.kind.word();
    let row = transaction.query_one(CREATE, &[&kind, &filter.to_string(), &new.rate, &account, &total]).await?;
    let id: i64 = row.get(0);
    let document = json!({"kind": kind, "filter": filter, "rate": new.rate, "runs": total});
    let (action, key) = ("create", id.to_string());
    let change = Change { account, action, kind: "job", key: &key, document: Some(&document) };
    audit_log::put(&transaction, &change).await?;
    transaction.commit().await?;
    find(connection, id).await
}

/// The latest jobs, older than another, newest first, at most `last`.
pub async fn list(connection: &Object, before: Option<i64>, last: i64) -> Result<Vec<Job>, StoreError> {
    let rows = connection.query(LIST, &[&before, &last]).await?;
    with_started(connection, rows.iter().map(read).collect::<Result<_, _>>()?).await
}

/// One job.
pub async fn find(connection: &Object, id: i64) -> Result<Option<Job>, StoreError> {
    let job = connection.query_opt(FIND, &[&id]).await?.as_ref().map(read).transpose()?;
    Ok(with_started(connection, job.into_iter().collect()).await?.pop())
}

async fn with_started(connection: &Object, mut jobs: Vec<Job>) -> Result<Vec<Job>, StoreError> {
    let ids: Vec<i64> = jobs.iter().filter(|job| job.kind.starts_runs()).map(|job| job.id).collect();
    let started = started::of_jobs(connection, &ids).await?;
    for job in jobs.iter_mut().filter(|job| job.kind.starts_runs()) {
        job.started = Some(started.get(&job.id).copied().unwrap_or_default());
    }
    Ok(jobs)
}

/// Stops a job; nothing if there is none. One that has ended stays as it is.
pub async fn stop(connection: &mut Object, account: &str, id: i64) -> Result<Option<Job>, StoreError> {
    let transaction = connection.transaction().await?;
    if transaction.execute(STOP, &[&id]).await? == 1 {
        let key = id.to_string();
        let change = Change { account, action: "stop", kind: "job", key: &key, document: None };
        audit_log::put(&transaction, &change).await?;
    }
    transaction.commit().await?;
    find(connection, id).await
}

fn read(row: &Row) -> Result<Job, StoreError> {
    let kind = row.get::<_, &str>(1).parse();
    Ok(Job {
        id: row.get(0),
        kind: kind.map_err(|error| StoreError::Refused(format!("a stored job: {error}")))?,
        filter: parsed(row.get(2))?,
        rate: row.get(3),
        state: row.get(4),
        account: row.get(5),
        total: row.get(6),
        done: row.get(7),
        failed: row.get(8),
        obstacle: row.get(9),
        started: None,
        created_at: row.get(10),
        started_at: row.get(11),
        ended_at: row.get(12),
    })
}
