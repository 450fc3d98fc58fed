//! Takes messages and settles them: work first, acknowledgement last. Only this file and its folder settle a
//! delivery, and AMQP types stop here. A late acknowledgement may be lost, so the work must be safe to repeat.
//! A message comes from the broker, or from the spool: all messages where there is no broker, what wakes runs
//! everywhere, and submissions while the broker takes nothing.

mod rabbitmq;
mod slots;
pub mod spool;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postern_shared::broker::connection::BrokerUrl;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::spool::{Lease, Pair, finish_with};
use postern_shared::store::{StoreError, Transaction};

/// How long a delivery may stay unsettled, waiting for PostgreSQL for instance, before its channel is closed so
/// that the messages go back. Well below RabbitMQ's consumer time-out (30 minutes, looked at once a minute),
/// and not shorter than it must be: each time counts as a delivery of everything prefetched.
pub const HOLD_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Messages of the default lane that are handled beside those that take turns: what comes as usual finds a slot at once,
/// however long the bundles of bursts take.
pub const KEPT_SLOTS: usize = 1;

/// What a consumer needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the broker is.
    pub url: BrokerUrl,
    /// What RabbitMQ shows for the connection, such as `postern-worker`.
    pub connection_name: String,
    /// Messages of each lane that RabbitMQ hands out before the first is acknowledged; at least 1, since 0 would
    /// mean all of them. A crash counts a delivery for each.
    pub prefetch: u16,
    /// Messages handled at the same time, the lanes in turn; at least 1.
    pub concurrency: usize,
    /// Messages of the default lane handled beside those; see [`KEPT_SLOTS`].
    pub kept_slots: usize,
    /// The same for what an older version put into the queue of runs that go on, which has slots of its own.
    pub resuming: u16,
    /// See [`HOLD_LIMIT`].
    pub hold_limit: Duration,
    /// How long a stopping worker finishes what it has begun.
    pub drain_limit: Duration,
}

/// One delivery, without its AMQP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the body is, such as `submissions.v1`; empty when the publisher did not say.
    pub kind: String,
    /// The payload.
    pub body: Vec<u8>,
    /// The publisher's name for the message, for logs.
    pub message_id: String,
    /// How often the content was taken up before, by the count of the spool.
    pub attempt: u32,
    /// How often the queue has delivered it before: 0 the first time.
    pub delivery_count: u32,
    /// Where it came from.
    pub origin: Origin,
    /// The lane in which it came; that of a dead letter is no longer known, and counts as the default.
    pub lane: Lane,
    /// The right to its row, if it came from the spool.
    pub lease: Option<Lease>,
    /// The pair by which its row was taken, in a lane that is taken from by pair.
    pub pair: Option<Pair>,
    /// Whether it was taken although its target rests, since it has waited for too long.
    pub is_overdue: bool,
}

impl Message {
    /// To be called last in the transaction with the work: a row of the spool goes with its commit, and a lease that was
    /// lost forbids it. A delivery of the broker is acknowledged after it instead.
    pub async fn settle_with(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        finish_with(transaction, self.lease.as_slice()).await
    }
}

/// Where a message came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A lane: to be worked on.
    Lane,
    /// The broker gave up on it: to be put into `dead_letters`.
    DeadLetter {
        /// RabbitMQ's word for it, such as `delivery_limit` or `rejected`.
        reason: String,
    },
}

/// What is to become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// All that it asked for is committed: acknowledge it.
    Done,
    /// It cannot be worked on now, through no fault of its own. Everything unsettled goes back to the queue and
    /// the session begins anew. A handler does better to wait for PostgreSQL itself, up to [`HOLD_LIMIT`].
    Hold,
}

/// Whether deliveries can reach this worker; clones share it. A worker that is alive but deaf is not ready.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Hearing>);

#[derive(Debug, Default)]
struct Hearing {
    hears: AtomicBool,
    deaf: Mutex<Deaf>,
}

#[derive(Debug, Default)]
struct Deaf {
    /// None = it has never heard.
    since: Option<Instant>,
    /// Why; empty = it is starting or stopping.
    reason: String,
}

impl Health {
    /// Deaf until a consumer is up.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a live consumer is on the queue.
    pub fn hears(&self) -> bool {
        self.0.hears.load(Ordering::Relaxed)
    }

    /// Why deliveries cannot reach this worker, or nothing.
    pub fn deaf(&self) -> Option<String> {
        (!self.hears()).then(|| self.lock().reason.clone())
    }

    /// The same, if it has been so for this long, or from the start.
    pub fn deaf_for(&self, time: Duration) -> Option<String> {
        let reason = self.deaf()?;
        self.lock().since.is_none_or(|since| since.elapsed() >= time).then_some(reason)
    }

    /// Deliveries reach it.
    pub(crate) fn hearing(&self) {
        self.0.hears.store(true, Ordering::Relaxed);
    }

    /// Deliveries cannot reach it, for a reason.
    pub(crate) fn lost(&self, reason: String) {
        let mut deaf = self.lock();
        if self.0.hears.swap(false, Ordering::Relaxed) {
            deaf.since = Some(Instant::now());
        }
        deaf.reason = reason;
    }

    fn lock(&self) -> MutexGuard<'_, Deaf> {
        self.0.deaf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Consumes the lanes and the dead letters, connecting again after every failure, until `shutdown`; then takes
/// nothing more, finishes what has begun, and returns. A handler that panics costs its message a delivery.
/// A handler may be dropped at any `await` (time limit, end of the drain), as by a crash.
/// Before each session it waits until `able` returns: what cannot be worked on is not taken, since each time that
/// a message goes back counts as a delivery.
pub async fn run<H, F, A, G>(options: Options, handler: H, able: A, shutdown: Shutdown, health: Health)
where
    H: Fn(Message) -> F + Clone + Send + 'static,
    F: Future<Output = Settlement> + Send + 'static,
    A: Fn() -> G + Send + 'static,
    G: Future<Output = ()> + Send,
{
    rabbitmq::run(options, handler, able, shutdown, health).await;
}
