//! The session with RabbitMQ: connect, consume, declare what is missing; notice within seconds when the consumer is gone, and
//! begin anew. What a lost session had handed out may still be running: it keeps its slot, and its late
//! acknowledgement fails silently.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, SelectAll};
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection};
use postern_shared::backoff::Backoff;
use postern_shared::broker::connection::{self, BrokerUrl, ConnectError};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::delivery::{self, End, Source, Terms};
use super::health::Health;
use super::message::{Message, Settlement};
use super::slots::Slots;

/// How long a delivery may stay unsettled, waiting for PostgreSQL for instance, before its channel is closed so
/// that the messages go back. Well below RabbitMQ's consumer time-out (30 minutes, looked at once a minute),
/// and not shorter than it must be: each time counts as a delivery of everything prefetched.
pub const HOLD_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The first and the longest wait before connecting again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Declaring and consuming: a few round trips, and a leader election when the broker has just started.
const SETUP_LIMIT: Duration = Duration::from_secs(10);

/// Saying good-bye to a broker that may not listen.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Between two looks at a session that delivers nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Dead letters handed out at the same time: they are rare, and must not take the slots of the lanes.
const DEAD_PREFETCH: u16 = 4;

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
    A: Fn() -> G + Send + 'static,
    G: Future<Output = ()> + Send,
{
    let slots = Slots::new(options.concurrency.max(1), options.kept_slots);
    let resuming = Slots::new(usize::from(options.resuming.max(1)), 0);
    let mut consuming =
        Consuming { options, handler, shutdown, health, slots, resuming, running: JoinSet::new(), session: 0 };
    let mut backoff = Backoff::new(RECONNECT.0, RECONNECT.1);
    while !consuming.shutdown.is_triggered() {
        tokio::select! {
            () = consuming.shutdown.wait() => break,
            () = able() => {}
        }
        if let Err(error) = consuming.live(&mut backoff).await {
            consuming.health.lost(error.to_string());
            tracing::warn!(%error, "the session with the broker for consuming ended; it will begin anew");
        }
        let delay = backoff.delay();
        tokio::select! {
            () = consuming.shutdown.wait() => {}
            () = sleep(delay) => {}
        }
    }
    consuming.running.shutdown().await;
}

struct Consuming<H> {
    options: Options,
    handler: H,
    shutdown: Shutdown,
    health: Health,
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
    #[error("the broker did not answer to declaring and consuming within {} s", SETUP_LIMIT.as_secs())]
    SetupTimedOut,
    #[error("the channel was closed: {0}")]
    Channel(lapin::Error),
    #[error("the connection was lost")]
    Lost,
    #[error("the broker cancelled the consumer; was its queue deleted?")]
    Cancelled,
    #[error("a message was held too long; all that is unsettled goes back to the queue")]
    Held,
}

/// What came from a consumer; none = it was cancelled.
type Came = (Source, Option<Result<Delivery, lapin::Error>>);

/// A channel with its consumers.
struct Consumers {
    channel: Channel,
    tags: Vec<ShortString>,
    deliveries: SelectAll<BoxStream<'static, Came>>,
}

impl<H, F> Consuming<H>
where
    H: Fn(Message) -> F + Clone + Send + 'static,
    F: Future<Output = Settlement> + Send + 'static,
{
    /// One connection. `Ok` = told to stop.
    async fn live(&mut self, backoff: &mut Backoff) -> Result<(), SessionError> {
        let name = self.options.connection_name.clone();
        let opening = open(&self.options, &name);
        let (connection, mut consumers) = tokio::select! {
            () = self.shutdown.wait() => return Ok(()),
            opened = opening => opened?,
        };
        self.session += 1;
        let began = Instant::now();
        let over = Shutdown::new();
        self.health.hearing();
        tracing::info!("consuming");
        let ended = self.consume(&mut consumers, &over).await;
        self.health.lost("stopping".into());
        over.trigger();
        if ended.is_ok() {
            self.drain(&consumers.channel, &consumers.tags).await;
        }
        // A session that ends as soon as it began has cost each message a delivery: not again at once.
        if began.elapsed() > RECONNECT.1 {
            backoff.reset();
        }
        // Closing the channel is what sends everything unsettled back to the queue.
        let _ = timeout(CLOSE_LIMIT, consumers.channel.close(200, "session over".into())).await;
        let _ = timeout(CLOSE_LIMIT, connection.close(200, "session over".into())).await;
        ended
    }

    /// Starts what is delivered, until the session is over.
    async fn consume(&mut self, consumers: &mut Consumers, over: &Shutdown) -> Result<(), SessionError> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.wait() => return Ok(()),
                Some((source, next)) = consumers.deliveries.next() => self.start(next, source, over)?,
                Some(joined) = self.running.join_next() => match joined {
                    Ok((session, End::Held)) if session == self.session => return Err(SessionError::Held),
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "a delivery was not settled"),
                },
                _ = look.tick() => if !consumers.channel.status().connected() {
                    return Err(SessionError::Lost);
                }
            }
        }
    }

    fn start(
        &mut self,
        next: Option<Result<Delivery, lapin::Error>>,
        source: Source,
        over: &Shutdown,
    ) -> Result<(), SessionError> {
        let delivery = next.ok_or(SessionError::Cancelled)?.map_err(SessionError::Channel)?;
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
        Ok(())
    }

    /// Takes nothing more and finishes what has begun.
    async fn drain(&mut self, channel: &Channel, tags: &[ShortString]) {
        let finish = async {
            for tag in tags {
                let _ = channel.basic_cancel(tag.clone(), BasicCancelOptions::default()).await;
            }
            while self.running.join_next().await.is_some() {}
        };
        if timeout(self.options.drain_limit, finish).await.is_err() {
            tracing::warn!(unfinished = self.running.len(), "stopping with unfinished messages; they go back");
        }
    }
}

async fn open(options: &Options, name: &str) -> Result<(Connection, Consumers), SessionError> {
    let connection = connection::connect(&options.url, name).await?;
    let setup = async {
        match consume(&connection, options).await {
            Err(error) if topology::is_missing(&error) => {
                let channel = connection.create_channel().await?;
                topology::declare(&channel).await?;
                channel.close(200, "declared".into()).await?;
                consume(&connection, options).await
            }
            consumers => consumers,
        }
    };
    let consumers = timeout(SETUP_LIMIT, setup).await.map_err(|_| SessionError::SetupTimedOut)?;
    Ok((connection, consumers.map_err(SessionError::Setup)?))
}

/// Fails if a queue is missing.
async fn consume(connection: &Connection, options: &Options) -> Result<Consumers, lapin::Error> {
    let channel = connection.create_channel().await?;
    let mut consumers = Consumers { channel, tags: Vec::new(), deliveries: SelectAll::new() };
    for lane in Lane::BROKERED {
        let Some(queue) = topology::queue(lane) else { continue };
        let prefetch = if lane == Lane::Resuming { options.resuming } else { options.prefetch };
        consumers.add(Source::Lane(lane), queue, prefetch.max(1)).await?;
    }
    consumers.add(Source::DeadLetters, topology::DEAD_QUEUE, DEAD_PREFETCH).await?;
    Ok(consumers)
}

impl Consumers {
    /// In RabbitMQ a prefetch that is not global holds for each consumer that is made after it.
    async fn add(&mut self, source: Source, queue: &str, prefetch: u16) -> Result<(), lapin::Error> {
        self.channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer = self.channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        self.tags.push(consumer.tag());
        // A stream that ends would leave the others in silence: its end is told.
        let told = consumer.map(Some).chain(stream::once(async { None }));
        self.deliveries.push(told.map(move |next| (source, next)).boxed());
        Ok(())
    }
}
