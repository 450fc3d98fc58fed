//! The way into PostgreSQL, where there is no broker or when it cannot take a submission: a worker takes it from there,
//! or its relay brings it back. What waits is written together, as one row of each lane and one commit; an answer is given
//! only when that has committed.

mod fitness;

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::lane::Lane;
use postern_shared::log_limit::LogLimit;
use postern_shared::store::{self, Connection, Store, spool};
use postern_shared::submission::{SUBMISSIONS_V1, bundle};
use postern_shared::wakeup::Wakeup;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use fitness::Fitness;
pub use fitness::Unfit;

/// Submissions that are written together at most, as many as a message from the broker holds.
const MAX_BATCH: usize = 64;

/// Bytes of submissions from which on a batch takes no other one in, as in a message from the broker.
const FULL_BATCH_BYTES: usize = 256 * 1024;

/// Batches that are written at the same time: PostgreSQL syncs the disk for all of them together, so a few fill it,
/// and each more makes the batches smaller.
const WRITERS: usize = 3;

/// How long a caller waits for the commit. Then the answer is that nothing was accepted.
const COMMIT_LIMIT: Duration = Duration::from_secs(5);

/// How often the rows are counted while submissions come in: counting reads the index of all that wait.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Why a submission is not in the spool. It may still be, if only the answer of PostgreSQL was lost; claims make
/// that harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the spool could not take it")]
pub struct NotSpooled;

/// The way into the spool.
#[derive(Debug)]
pub struct Spool {
    sender: mpsc::Sender<Waiting>,
    fitness: Arc<Fitness>,
}

#[derive(Debug)]
struct Waiting {
    lane: Lane,
    encoded: Vec<u8>,
    answer: oneshot::Sender<Result<(), NotSpooled>>,
}

impl Spool {
    /// Starts the tasks that write, and ring when they have. From `max_rows` messages with submissions in the spool on,
    /// nothing more is taken.
    pub fn start(store: Store, max_rows: i64, wakeup: Wakeup) -> Self {
        let (sender, receiver) = mpsc::channel(WRITERS * MAX_BATCH);
        let fitness = Arc::new(Fitness::new(store.clone(), max_rows));
        let writer = Writer {
            store,
            wakeup,
            receiver: Mutex::new(receiver),
            max_rows,
            counted: Mutex::default(),
            fitness: Arc::clone(&fitness),
            failures: LogLimit::default(),
        };
        let writer = Arc::new(writer);
        for _ in 0..WRITERS {
            tokio::spawn(Arc::clone(&writer).run());
        }
        Self { sender, fitness }
    }

    /// Hands over one encoded submission for a lane and waits until it is committed.
    pub async fn put(&self, lane: Lane, encoded: Vec<u8>) -> Result<(), NotSpooled> {
        let (answer, answered) = oneshot::channel();
        let handed_over = async {
            self.sender.send(Waiting { lane, encoded, answer }).await.map_err(|_| NotSpooled)?;
            answered.await.unwrap_or(Err(NotSpooled))
        };
        timeout(COMMIT_LIMIT, handed_over).await.unwrap_or(Err(NotSpooled))
    }

    /// Why it would take nothing now; nothing if it would. Found out by what it took last, or else by trying.
    pub async fn unfit(&self) -> Option<Unfit> {
        self.fitness.unfit().await
    }
}

/// What the writing tasks have in common.
struct Writer {
    store: Store,
    wakeup: Wakeup,
    receiver: Mutex<mpsc::Receiver<Waiting>>,
    max_rows: i64,
    /// When the rows were counted last, and how many there are by now.
    counted: Mutex<Option<(Instant, i64)>>,
    fitness: Arc<Fitness>,
    failures: LogLimit,
}

impl Writer {
    async fn run(self: Arc<Self>) {
        while let Some(mut waiting) = self.next_batch().await {
            // A caller that gave up waiting has got another answer.
            waiting.retain(|one| !one.answer.is_closed());
            if waiting.is_empty() {
                continue;
            }
            let written = self.write(&waiting).await;
            self.log(&written, waiting.len());
            let result = written.clone().map_err(|_| NotSpooled);
            self.fitness.tell(written);
            self.wakeup.wake();
            for one in waiting {
                let _ = one.answer.send(result);
            }
        }
    }

    /// The first failure, then how many submissions were refused since, and the end of it.
    fn log(&self, written: &Result<(), Unfit>, submissions: usize) {
        match written {
            Ok(()) => {
                if let Some(refused) = self.failures.worked() {
                    tracing::info!(refused, "the spool takes submissions again");
                }
            }
            Err(error) => {
                if let Some(refused) = self.failures.failed(u64::try_from(submissions).unwrap_or(u64::MAX)) {
                    tracing::error!(%error, refused, "the spool cannot take submissions");
                }
            }
        }
    }

    /// What waits, up to the size of a batch; nothing when nobody can hand in any more.
    async fn next_batch(&self) -> Option<Vec<Waiting>> {
        let mut receiver = self.receiver.lock().await;
        let first = receiver.recv().await?;
        let mut bytes = first.encoded.len();
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH && bytes < FULL_BATCH_BYTES {
            let Ok(next) = receiver.try_recv() else { break };
            bytes += next.encoded.len();
            batch.push(next);
        }
        Some(batch)
    }

    async fn write(&self, waiting: &[Waiting]) -> Result<(), Unfit> {
        let connection = self.store.connection().await?;
        let bundles = bundles(waiting);
        self.count_more(&connection, bundles.len()).await?;
        spool::put(&connection, SUBMISSIONS_V1, &bundles, 0, Duration::ZERO).await?;
        store::give_back(connection, bundles.iter().map(|(_, bundle)| bundle.len()).sum());
        Ok(())
    }

    /// Counts about how many rows there are, with those that are to be written if there is room for them.
    async fn count_more(&self, connection: &Connection, more: usize) -> Result<(), Unfit> {
        let mut counted = self.counted.lock().await;
        let (at, rows) = match *counted {
            Some((at, rows)) if at.elapsed() < COUNT_EVERY => (at, rows),
            _ => (Instant::now(), spool::count_submissions(connection, self.max_rows).await?),
        };
        let is_room = rows < self.max_rows;
        let more = if is_room { i64::try_from(more).unwrap_or(i64::MAX) } else { 0 };
        *counted = Some((at, rows + more));
        if is_room { Ok(()) } else { Err(Unfit::Full { most: self.max_rows }) }
    }
}

/// A message for each lane in which something waits.
fn bundles(waiting: &[Waiting]) -> Vec<(Lane, Vec<u8>)> {
    let of = |lane: Lane| waiting.iter().filter(move |one| one.lane == lane).map(|one| one.encoded.as_slice());
    let used = Lane::SUBMISSIONS.into_iter().filter(|lane| of(*lane).next().is_some());
    used.map(|lane| (lane, bundle(of(lane)))).collect()
}
