//! How control asks a worker for a dry run, and gets the answer: by a row that lives for some seconds, and notifications
//! that make it quick. A worker takes one request at a time, with connections that it needs for nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio::time::{Instant, sleep, timeout};

use super::listen::Listening;
use super::servers::Servers;
use super::{Store, StoreError, parsed};
use crate::dry_run::{Answer, MAX_LOCK_WAIT, MAX_TIME, Request};

/// How long a request waits for a worker.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// How long control waits for the answer of a worker that has taken the request, beyond the time of the run.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// How often control looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a row stays whose control is gone, in seconds.
const KEEP_S: i32 = 60;

/// How often a worker looks that has heard of nothing, since a notification can get lost with its connection.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

const ASK: &str = "-- dry_runs::ask
INSERT INTO dry_runs (request) VALUES ($1) RETURNING id";

const NOTIFY: &str = "-- dry_runs::notify
SELECT pg_notify('postern_dry_runs', '')";

const LOOK: &str = "-- dry_runs::look
SELECT taken, answer FROM dry_runs WHERE id = $1";

const REMOVE: &str = "-- dry_runs::remove
DELETE FROM dry_runs WHERE id = $1";

const LISTEN: &str = "-- dry_runs::listen
LISTEN postern_dry_runs";

const TAKE: &str = "-- dry_runs::take
UPDATE dry_runs SET taken = true WHERE id = (SELECT id FROM dry_runs
    WHERE NOT taken AND asked_at > now() - $1 * interval '1 s' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, request";

const ANSWER: &str = "-- dry_runs::answer
UPDATE dry_runs SET answer = $2 WHERE id = $1";

const FORGET: &str = "-- dry_runs::forget
DELETE FROM dry_runs WHERE asked_at < now() - $1::int * interval '1 s'";

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    /// A worker has answered.
    Answered(Answer),
    /// No worker has taken the request.
    NoWorker,
    /// A worker has taken the request and did not answer in time.
    Late,
}

/// Asks a worker, and waits for its answer. Nothing is left of it.
pub async fn ask(store: &Store, request: &Request) -> Result<Asked, StoreError> {
    let text = serde_json::to_string(request).map_err(|error| StoreError::Refused(error.to_string()))?;
    let id: i64 = {
        let connection = store.connection().await?;
        let id = connection.query_one(ASK, &[&text]).await?.get(0);
        connection.execute(NOTIFY, &[]).await?;
        id
    };
    let asked = wait(store, id).await;
    store.connection().await?.execute(REMOVE, &[&id]).await?;
    asked
}

/// No connection is held between two looks.
async fn wait(store: &Store, id: i64) -> Result<Asked, StoreError> {
    let (mut until, mut was_taken) = (Instant::now() + TAKEN_WITHIN, false);
    loop {
        let row = store.connection().await?.query_opt(LOOK, &[&id]).await?;
        let Some(row) = row else { return Ok(Asked::Late) };
        if let Some(answer) = row.get::<_, Option<&str>>(1) {
            return parsed(answer).map(Asked::Answered);
        }
        if row.get::<_, bool>(0) && !was_taken {
            (was_taken, until) = (true, Instant::now() + MAX_TIME + ANSWERED_WITHIN);
        }
        if Instant::now() > until {
            return Ok(if was_taken { Asked::Late } else { Asked::NoWorker });
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Hears of requests, on a connection of its own.
pub async fn listen(store: &Store) -> Result<Listening, StoreError> {
    super::listen::listen(store, LISTEN).await
}

/// Waits for a request, or for the time to look again; nothing when the connection is lost.
pub async fn hear(listening: &mut Listening) -> Option<()> {
    match timeout(LOOK_AGAIN, listening.next()).await {
        Ok(heard) => heard.map(|_| ()),
        Err(_) => Some(()),
    }
}

/// Takes the oldest request that no worker has taken, and its number; removes those that nobody waits for any more. A
/// request that cannot be read is `None` beside its number.
pub async fn take(connection: &Object) -> Result<Option<(i64, Option<Request>)>, StoreError> {
    connection.execute(FORGET, &[&KEEP_S]).await?;
    let row = connection.query_opt(TAKE, &[&TAKEN_WITHIN.as_secs_f64()]).await?;
    Ok(row.map(|row| (row.get(0), serde_json::from_str(row.get(1)).ok())))
}

/// Gives an answer, if anybody still waits for it.
pub async fn answer(connection: &Object, id: i64, answer: &Answer) -> Result<(), StoreError> {
    let text = serde_json::to_string(answer).map_err(|error| StoreError::Refused(error.to_string()))?;
    connection.execute(ANSWER, &[&id, &text]).await?;
    Ok(())
}

/// Bounds what the statements of a transaction wait for and take.
pub async fn bound(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let statement = format!(
        "-- dry_runs::bound\nSET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}",
        MAX_LOCK_WAIT.as_millis(),
        MAX_TIME.as_millis()
    );
    Ok(transaction.batch_execute(&statement).await?)
}

/// What ends the statement that a connection is at: whoever gives the work up must not leave its locks behind.
pub struct Canceller(tokio_postgres::CancelToken, Arc<Servers>);

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller(…)")
    }
}

impl Canceller {
    /// Of this connection.
    pub fn of(store: &Store, connection: &Object) -> Self {
        Self(connection.cancel_token(), store.connector.servers())
    }

    /// Ends the statement, if there is one.
    pub async fn cancel(self) {
        if let Err(error) = self.1.cancel(self.0).await {
            tracing::debug!(%error, "the statement of a dry run could not be cancelled; its time-out ends it");
        }
    }
}
