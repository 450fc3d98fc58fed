//! Joins messages that wait for a transaction into one, without a timer: one message when idle, many under load. A
//! commit syncs the disk and each statement is a round trip, whether for one submission or for hundreds. Messages
//! that fail together are tried one by one, so that none fails by the fault of another.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_shared::store::StoreError;
use postern_shared::store::spool::Lease;
use postern_shared::submission::Submission;
use tokio::sync::{Semaphore, oneshot};

/// Submissions of one transaction, unless a single message has more: above that the round trips count for little, and
/// what a conflict makes a worker do again grows.
pub const MAX_TOGETHER: usize = 256;

/// Bytes of the messages of one transaction, unless a single one has more: what was posted is in memory several times
/// until the commit.
pub const MAX_BYTES_TOGETHER: usize = 16 * 1024 * 1024;

/// What one message adds to a transaction.
#[derive(Debug, Clone)]
pub struct Part {
    pub submissions: Arc<[Submission]>,
    /// The length of its body.
    pub bytes: usize,
    /// The right to its spool row, which goes in the same transaction.
    pub lease: Option<Lease>,
}

/// What became of a part.
#[derive(Debug)]
pub enum Ended {
    /// It is committed.
    Done,
    /// It failed together with others, or whoever took it broke off.
    NotTogether,
    /// It failed, and it was alone.
    Failed(StoreError),
}

/// The messages that wait for a transaction, and how many transactions there may be.
#[derive(Debug)]
pub struct Batcher {
    waiting: Mutex<VecDeque<Waiting>>,
    transactions: Semaphore,
}

#[derive(Debug)]
struct Waiting {
    part: Part,
    answer: oneshot::Sender<Ended>,
}

impl Batcher {
    /// So many transactions at the same time; at least 1.
    pub fn new(transactions: usize) -> Self {
        Self { waiting: Mutex::default(), transactions: Semaphore::new(transactions.max(1)) }
    }

    /// Has a part executed by whoever is first to get a transaction, together with what waits beside it.
    pub async fn together(&self, part: Part, execute: impl AsyncFnOnce(&[Part]) -> Result<(), StoreError>) -> Ended {
        let (answer, mut answered) = oneshot::channel();
        self.lock().push_back(Waiting { part, answer });
        tokio::select! {
            biased;
            ended = &mut answered => return ended.unwrap_or(Ended::NotTogether),
            _permit = self.transactions.acquire() => {
                let taken = self.take();
                if !taken.is_empty() {
                    let (parts, answers): (Vec<_>, Vec<_>) = taken.into_iter().map(|one| (one.part, one.answer)).unzip();
                    tell(answers, execute(&parts).await);
                }
            }
        }
        // Its own part may have been taken by another one.
        answered.await.unwrap_or(Ended::NotTogether)
    }

    /// Has a part executed by itself.
    pub async fn alone<T>(&self, execute: impl Future<Output = T>) -> T {
        let _permit = self.transactions.acquire().await;
        execute.await
    }

    /// What goes into the next transaction, first come first served. Whoever has stopped waiting is left out.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        waiting.retain(|one| !one.answer.is_closed());
        let (mut taken, mut submissions, mut bytes) = (Vec::new(), 0, 0);
        while let Some(Waiting { part, .. }) = waiting.front()
            && (taken.is_empty()
                || submissions + part.submissions.len() <= MAX_TOGETHER && bytes + part.bytes <= MAX_BYTES_TOGETHER)
        {
            submissions += part.submissions.len();
            bytes += part.bytes;
            taken.extend(waiting.pop_front());
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(answers: Vec<oneshot::Sender<Ended>>, result: Result<(), StoreError>) {
    let alone = answers.len() == 1;
    let mut error = result.err();
    let failed = error.is_some();
    for answer in answers {
        let _ = answer.send(match error.take_if(|_| alone) {
            Some(error) => Ended::Failed(error),
            None if failed => Ended::NotTogether,
            None => Ended::Done,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postern_shared::id::ReceiptId;
    use postern_shared::submission::Target;
    use tokio::sync::Notify;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;

    fn part(submissions: usize) -> Part {
        part_of(submissions, submissions)
    }

    fn part_of(submissions: usize, bytes: usize) -> Part {
        let one = Submission {
            receipt: ReceiptId::new(),
            permission: "office".parse().unwrap(),
            target: Target::Trigger("web_lead".parse().unwrap()),
            record: None,
            env: Arc::default(),
            query: Arc::default(),
            request: Arc::default(),
            dedupe: None,
            read: Vec::new(),
            accepted_at_ms: 1,
            settings_version: 1,
            ticket: None,
            dropped_files: Vec::new(),
            waits: false,
            traceparent: None,
            tracestate: None,
        };
        Part { submissions: vec![one; submissions].into(), bytes, lease: None }
    }

    /// Gathers parts behind one that has the only transaction; each execution gives how many parts it had, and fails
    /// with `fails`. Returns the sizes in order, and how the parts ended that waited.
    async fn behind_a_first(sizes: &[usize], fails: bool) -> (Vec<usize>, Vec<Ended>) {
        let batcher = Arc::new(Batcher::new(1));
        let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = {
            let (batcher, begun, release) = (Arc::clone(&batcher), Arc::clone(&begun), Arc::clone(&release));
            tokio::spawn(async move {
                let hold = async |_: &[Part]| {
                    begun.notify_one();
                    release.notified().await;
                    Ok(())
                };
                batcher.together(part(1), hold).await
            })
        };
        begun.notified().await;
        let (executed, mut waiting) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
        for size in sizes {
            let (batcher, executed, part) = (Arc::clone(&batcher), Arc::clone(&executed), part(*size));
            waiting.spawn(async move {
                let execute = async |parts: &[Part]| {
                    executed.lock().unwrap().push(parts.len());
                    if fails { Err(StoreError::Refused("it is refused".into())) } else { Ok(()) }
                };
                batcher.together(part, execute).await
            });
            tokio::task::yield_now().await;
        }
        release.notify_one();
        assert!(matches!(first.await.unwrap(), Ended::Done));
        let ended = waiting.join_all().await;
        (Arc::into_inner(executed).unwrap().into_inner().unwrap(), ended)
    }

    #[tokio::test]
    async fn what_waits_is_executed_together_up_to_a_limit() {
        let (executed, ended) = behind_a_first(&[1, 1, 64], false).await;
        assert_eq!(executed, [3]);
        assert!(ended.iter().all(|one| matches!(one, Ended::Done)));
        assert_eq!(behind_a_first(&[MAX_TOGETHER - 1, 1, 1, MAX_TOGETHER + 1, 1], false).await.0, [2, 1, 1, 1]);
    }

    #[test]
    fn few_messages_go_together_that_are_long() {
        let batcher = Batcher::new(1);
        let mut kept = Vec::new();
        for bytes in [MAX_BYTES_TOGETHER / 2, MAX_BYTES_TOGETHER / 2, 1, 2 * MAX_BYTES_TOGETHER, 1] {
            let (answer, answered) = oneshot::channel();
            batcher.lock().push_back(Waiting { part: part_of(1, bytes), answer });
            kept.push(answered);
        }
        let taken: Vec<usize> = (0..4).map(|_| batcher.take().len()).collect();
        assert_eq!(taken, [2, 1, 1, 1]);
    }

    #[tokio::test]
    async fn what_failed_together_is_not_the_fault_of_any_and_what_failed_alone_is_its_own() {
        let (executed, ended) = behind_a_first(&[1, 1], true).await;
        assert_eq!(executed, [2]);
        assert!(ended.iter().all(|one| matches!(one, Ended::NotTogether)));
        let (_, ended) = behind_a_first(&[1], true).await;
        assert!(matches!(ended.as_slice(), [Ended::Failed(StoreError::Refused(_))]));
    }

    #[tokio::test]
    async fn whoever_breaks_off_leaves_the_others_to_themselves() {
        let batcher = Batcher::new(1);
        let stuck = async |_: &[Part]| std::future::pending().await;
        let never = async |_: &[Part]| unreachable!("the first one has taken it");
        let mut first = Box::pin(batcher.together(part(1), stuck));
        let mut second = Box::pin(batcher.together(part(1), never));
        let permit = batcher.transactions.acquire().await.unwrap();
        // Both wait in line, and the first of them takes both.
        assert!(timeout(Duration::ZERO, &mut first).await.is_err());
        assert!(timeout(Duration::ZERO, &mut second).await.is_err());
        drop(permit);
        assert!(timeout(Duration::from_millis(20), &mut first).await.is_err());
        drop(first);
        assert!(matches!(second.await, Ended::NotTogether));
        assert_eq!(batcher.transactions.available_permits(), 1);
    }
}
