//! The sessions with RabbitMQ: connect and consume; notice within seconds when a consumer is gone, and begin anew. What a
//! lost session had handed out may still be running: it keeps its slot, and its late acknowledgement fails silently.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use lapin::Connection;
use lapin::message::Delivery;
use postern_shared::backoff::Backoff;
use postern_shared::broker::connection::{self, BrokerUrl, ConnectError};
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::delivery::{self, End, Source, Terms};
use super::health::Health;
use super::message::{Message, Settlement};
use super::nodes::{Nodes, SESSIONS};
use super::queues::{Came, Prefetch, Queues};
use super::slots::Slots;

/// How long a delivery may stay unsettled, waiting for PostgreSQL for instance, before the connection is closed
/// so that the messages go back. Well below RabbitMQ's consumer time-out (30 minutes, looked at once a minute),
/// and not shorter than it must be: each time counts as a delivery of everything prefetched.
pub const HOLD_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The first and the longest wait before connecting again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Until the first queue is consumed: a few round trips, and a leader election when the broker has just started.
const FIRST_LIMIT: Duration = Duration::from_secs(10);

/// Saying good-bye to a broker that may not listen.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Between two looks at a session that delivers nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two looks whether a session can go to a node where no other is.
const MOVE_EVERY: Duration = Duration::from_secs(3);

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
    /// Messages of the default lane handled beside those; see [`KEPT_SLOTS`](super::slots::KEPT_SLOTS).
    pub kept_slots: usize,
    /// The same for what an older version put into the queue of runs that go on, which has slots of its own.
    pub resuming: u16,
    /// See [`HOLD_LIMIT`].
    pub hold_limit: Duration,
    /// How long a stopping worker finishes what it has begun.
    pub drain_limit: Duration,
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
    A: Fn() -> G + Send + Sync + 'static,
    G: Future<Output = ()> + Send,
{
    let slots = Slots::new(options.concurrency.max(1), options.kept_slots);
    let resuming = Slots::new(usize::from(options.resuming.max(1)), 0);
    let (sessions, nodes) = (if options.url.count() > 1 { SESSIONS } else { 1 }, Nodes::default());
    // Together they have in hand what one would have.
    let each = |prefetch: u16| prefetch.div_ceil(sessions.into());
    let options = Options { prefetch: each(options.prefetch), resuming: each(options.resuming), ..options };
    let consuming = |number| Consuming {
        options: options.clone(),
        handler: handler.clone(),
        shutdown: shutdown.clone(),
        health: health.of_session(number),
        number,
        nodes: nodes.clone(),
        slots: slots.clone(),
        resuming: resuming.clone(),
        running: JoinSet::new(),
        session: 0,
    };
    let all: Vec<Consuming<H>> = (0..sessions).map(consuming).collect();
    join_all(all.into_iter().map(|one| one.run(&able))).await;
}

struct Consuming<H> {
    options: Options,
    handler: H,
    shutdown: Shutdown,
    health: Health,
    /// Among those of this worker.
    number: u8,
    nodes: Nodes,
    slots: Slots,
    resuming: Slots,
    /// Deliveries that are waiting for a slot or being handled, each with the number of its session.
    running: JoinSet<(u64, End)>,
    session: u64,
}

/// Why a session ended without being told to.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the queues cannot be declared or consumed: {0}")]
    Setup(lapin::Error),
    #[error("the broker did not answer to consuming within {} s", FIRST_LIMIT.as_secs())]
    SetupTimedOut,
    #[error("the channel of {0} was closed: {1}")]
    Channel(&'static str, lapin::Error),
    #[error("the connection was lost")]
    Lost,
    #[error("the broker cancelled the consumer of {0}; was the queue deleted?")]
    Cancelled(&'static str),
    #[error("a message was held too long; all that is unsettled goes back to the queue")]
    Held,
}

impl<H, F> Consuming<H>
where
    H: Fn(Message) -> F + Clone + Send + 'static,
    F: Future<Output = Settlement> + Send + 'static,
{
    async fn run<A: Fn() -> G, G: Future<Output = ()>>(mut self, able: &A) {
        let mut backoff = Backoff::new(RECONNECT.0, RECONNECT.1);
        while !self.shutdown.is_triggered() {
            tokio::select! {
                () = self.shutdown.wait() => break,
                () = able() => {}
            }
            if let Err(error) = self.live(&mut backoff).await {
                self.health.lost(error.to_string());
                tracing::warn!(%error, "the session with the broker for consuming ended; it will begin anew");
            }
            self.nodes.is_at(self.number, None);
            let delay = backoff.delay();
            tokio::select! {
                () = self.shutdown.wait() => {}
                () = sleep(delay) => {}
            }
        }
        self.running.shutdown().await;
    }

    /// One connection. `Ok` = told to stop, or to go to another node.
    async fn live(&mut self, backoff: &mut Backoff) -> Result<(), SessionError> {
        let (Options { url, connection_name, .. }, taken) = (&self.options, self.nodes.of_other(self.number));
        let (connection, node) = tokio::select! {
            () = self.shutdown.wait() => return Ok(()),
            opened = connection::connect_apart(url, connection_name, taken.as_deref()) => opened?,
        };
        let connection = Arc::new(connection);
        self.nodes.is_at(self.number, Some(node));
        let prefetch = Prefetch { lane: self.options.prefetch, resuming: self.options.resuming };
        let mut queues = Queues::of(&connection, prefetch);
        self.session += 1;
        let over = Shutdown::new();
        let ended = self.consume(&connection, &mut queues, &over).await;
        self.health.lost("stopping".into());
        over.trigger();
        if ended.is_ok() {
            self.drain(&mut queues).await;
        }
        // A session that ends as soon as it began has cost each message a delivery: not again at once.
        if queues.since.is_some_and(|since| since.elapsed() > RECONNECT.1) {
            backoff.reset();
        }
        // Closing the connection is what sends everything unsettled back to the queues.
        let _ = timeout(CLOSE_LIMIT, connection.close(200, "session over".into())).await;
        ended
    }

    /// Starts what is delivered, until the session is over.
    async fn consume(
        &mut self,
        connection: &Connection,
        queues: &mut Queues,
        over: &Shutdown,
    ) -> Result<(), SessionError> {
        let began = Instant::now();
        let mut moves = pin!(moves(self.options.clone(), self.nodes.clone(), self.number));
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.wait() => return Ok(()),
                () = &mut moves => {
                    tracing::info!("a session with the broker for consuming goes to another node");
                    return Ok(());
                }
                Some(came) = queues.came.next() => match came {
                    Came::Begun(name, channel) => {
                        queues.begun(name, channel);
                        if queues.missing().is_none() {
                            self.health.hearing();
                            tracing::info!("consuming");
                        }
                    }
                    Came::Delivered(source, delivery) => self.start(delivery, source, over),
                    Came::Refused(queue, error) => {
                        let name = queue.name;
                        queues.begin_again(queue);
                        if queues.are_all_refused() {
                            return Err(SessionError::Setup(error));
                        }
                        tracing::warn!(queue = name, %error, "a queue cannot be consumed; it is tried again");
                        self.health.lost(format!("{name} cannot be consumed: {error}"));
                    }
                    Came::Closed(queue, error) => return Err(SessionError::Channel(queue, error)),
                    Came::Cancelled(queue) => return Err(SessionError::Cancelled(queue)),
                },
                Some(joined) = self.running.join_next() => match joined {
                    Ok((session, End::Held)) if session == self.session => return Err(SessionError::Held),
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "a delivery was not settled"),
                },
                _ = look.tick() => {
                    if !connection.status().connected() {
                        return Err(SessionError::Lost);
                    }
                    if began.elapsed() > FIRST_LIMIT && let Some(missing) = queues.missing() {
                        if queues.since.is_none() {
                            return Err(SessionError::SetupTimedOut);
                        }
                        self.health.lost(format!("these queues are not consumed: {missing}"));
                    }
                }
            }
        }
    }

    fn start(&mut self, delivery: Delivery, source: Source, over: &Shutdown) {
        let terms = Terms {
            source,
            slots: match source {
                Source::Lane(Lane::Resuming) => self.resuming.clone(),
                Source::Lane(_) | Source::DeadLetters => self.slots.clone(),
            },
            session_over: over.clone(),
            hold_limit: self.options.hold_limit,
        };
        let (session, handled) = (self.session, delivery::handle(delivery, self.handler.clone(), terms));
        self.running.spawn(async move { (session, handled.await) });
    }

    /// Takes nothing more and finishes what has begun.
    async fn drain(&mut self, queues: &mut Queues) {
        let finish = async {
            tokio::select! {
                () = queues.cancel() => {}
                () = async { while self.running.join_next().await.is_some() {} } => {}
            }
        };
        if timeout(self.options.drain_limit, finish).await.is_err() {
            tracing::warn!(unfinished = self.running.len(), "stopping with unfinished messages; they go back");
        }
    }
}

/// Ends when a session should go to another node: all are at one, and another lets one connect.
async fn moves(Options { url, connection_name, .. }: Options, nodes: Nodes, number: u8) {
    if number == 0 {
        return pending().await;
    }
    loop {
        sleep(MOVE_EVERY).await;
        if let Some(node) = nodes.of_both()
            && connection::can_connect_apart(&url, &connection_name, &node).await
        {
            return;
        }
    }
}
