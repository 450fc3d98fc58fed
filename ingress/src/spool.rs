//! The way round a broker that cannot take a submission: into PostgreSQL, from where a worker's relay brings it back.
//! What waits is written together, as one row and one commit; an answer is given only when that has committed.

use std::time::{Duration, Instant};

use postern_shared::store::{self, Store, StoreError, spool};
use postern_shared::submission::{SUBMISSIONS_V1, bundle};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Submissions that are written together at most, as many as a message from the broker holds.
const MAX_BATCH: usize = 64;

/// How long a caller waits for the commit before it is told that nothing was accepted.
const COMMIT_LIMIT: Duration = Duration::from_secs(5);

/// How often the rows are counted while submissions come in: counting reads the whole index.
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
}

#[derive(Debug)]
struct Waiting {
    encoded: Vec<u8>,
    answer: oneshot::Sender<Result<(), NotSpooled>>,
}

impl Spool {
    /// Starts the task that writes. From `max_rows` messages in the spool on, nothing more is taken.
    pub fn start(store: Store, max_rows: i64) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_BATCH);
        tokio::spawn(Writer { store, max_rows, counted: None }.run(receiver));
        Self { sender }
    }

    /// Hands over one encoded submission and waits until it is committed.
    pub async fn put(&self, encoded: Vec<u8>) -> Result<(), NotSpooled> {
        let (answer, answered) = oneshot::channel();
        let handed_over = async {
            self.sender.send(Waiting { encoded, answer }).await.map_err(|_| NotSpooled)?;
            answered.await.unwrap_or(Err(NotSpooled))
        };
        timeout(COMMIT_LIMIT, handed_over).await.unwrap_or(Err(NotSpooled))
    }
}

struct Writer {
    store: Store,
    max_rows: i64,
    /// When the rows were counted last, and how many there were.
    counted: Option<(Instant, i64)>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut waiting = Vec::with_capacity(MAX_BATCH);
        while receiver.recv_many(&mut waiting, MAX_BATCH).await > 0 {
            // Whoever gave up waiting was told that nothing was accepted.
            waiting.retain(|one| !one.answer.is_closed());
            if waiting.is_empty() {
                continue;
            }
            let result = match self.write(&waiting).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    tracing::error!(%error, submissions = waiting.len(), "neither the broker nor the spool took them");
                    Err(NotSpooled)
                }
            };
            for one in waiting.drain(..) {
                let _ = one.answer.send(result);
            }
        }
    }

    async fn write(&mut self, waiting: &[Waiting]) -> Result<(), StoreError> {
        let mut connection = self.store.connection().await?;
        let rows = match self.counted {
            Some((at, rows)) if at.elapsed() < COUNT_EVERY => rows,
            _ => spool::count(&connection).await?,
        };
        self.counted = Some((Instant::now(), rows + 1));
        if rows >= self.max_rows {
            return Err(StoreError::Refused(format!("the spool is full: it holds {rows} messages")));
        }
        let body = bundle(waiting.iter().map(|one| one.encoded.as_slice()));
        let transaction = store::begin(&mut connection).await?;
        spool::put(&transaction, SUBMISSIONS_V1, &[body], 0, Duration::ZERO).await?;
        store::commit(transaction).await
    }
}
