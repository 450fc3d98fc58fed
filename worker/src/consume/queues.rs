//! The queues of the broker that a worker consumes over one connection: each on a channel of its own, so that none waits
//! for another. While a node of a cluster hangs, a queue whose leader it had may answer only when the node does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::pending;
use futures_util::stream::{self, BoxStream, FuturesUnordered, SelectAll};
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::delivery::Source;

/// Dead letters handed out at the same time: they are rare, and must not take the slots of the lanes.
const DEAD_PREFETCH: u16 = 4;

/// Before a queue that the broker refused is consumed again, while others are consumed.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The name of the consumer of a channel, which has no other.
const TAG: &str = "postern";

/// What came from a queue.
#[expect(clippy::large_enum_variant, reason = "nearly all are deliveries")]
pub(super) enum Came {
    /// It is consumed from now on, on this channel.
    Begun(&'static str, Channel),
    /// It cannot be declared or consumed.
    Refused(Queue, lapin::Error),
    Delivered(Source, Delivery),
    /// Its channel was closed.
    Closed(&'static str, lapin::Error),
    /// The broker has cancelled its consumer.
    Cancelled(&'static str),
}

/// Messages that are handed out before the first is acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefetch {
    /// Of each lane.
    pub(super) lane: u16,
    /// Of what an older version put into the queue of runs that go on.
    pub(super) resuming: u16,
}

/// The queues of a connection.
pub(super) struct Queues {
    pub(super) came: SelectAll<BoxStream<'static, Came>>,
    /// Of those that are consumed. A channel that nobody holds is closed.
    channels: Vec<Channel>,
    /// The names of the others.
    missing: BTreeSet<&'static str>,
    /// When the first was consumed.
    pub(super) since: Option<Instant>,
    /// How often one was refused.
    refused: usize,
}

impl Queues {
    /// Begins to consume all.
    pub(super) fn of(connection: &Arc<Connection>, prefetch: Prefetch) -> Self {
        let declared = Arc::default();
        let lanes = Lane::BROKERED.into_iter().filter_map(|lane| {
            let prefetch = if lane == Lane::Resuming { prefetch.resuming } else { prefetch.lane };
            Some((Source::Lane(lane), topology::queue(lane)?, prefetch.max(1)))
        });
        let all = lanes.chain([(Source::DeadLetters, topology::DEAD_QUEUE, DEAD_PREFETCH)]);
        let all = all.map(|(source, name, prefetch)| Queue {
            connection: Arc::clone(connection),
            declared: Arc::clone(&declared),
            source,
            name,
            prefetch,
        });
        let all: Vec<Queue> = all.collect();
        let missing = all.iter().map(|queue| queue.name).collect();
        let came = all.into_iter().map(Queue::deliveries).collect();
        Self { came, channels: Vec::new(), missing, since: None, refused: 0 }
    }

    /// One more is consumed.
    pub(super) fn begun(&mut self, name: &str, channel: Channel) {
        self.missing.remove(name);
        self.since.get_or_insert_with(Instant::now);
        self.channels.push(channel);
    }

    /// The names of those that are not consumed; none = all are.
    pub(super) fn missing(&self) -> Option<String> {
        let names: Vec<&str> = self.missing.iter().copied().collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Whether none is consumed and all were refused.
    pub(super) fn are_all_refused(&self) -> bool {
        self.since.is_none() && self.refused >= self.missing.len()
    }

    /// Consumes one again that was refused.
    pub(super) fn begin_again(&mut self, queue: Queue) {
        self.refused += 1;
        let again = sleep(AGAIN_AFTER).into_stream().flat_map(move |()| queue.clone().deliveries());
        self.came.push(again.boxed());
    }

    /// Lets nothing more come, from those neither that begin only now. What comes all the same goes back with the connection.
    /// It never returns: a queue that hangs does not answer.
    pub(super) async fn cancel(&mut self) {
        let cancel = |channel: Channel| async move {
            let _ = channel.basic_cancel(TAG.into(), BasicCancelOptions::default()).await;
        };
        let mut cancelling: FuturesUnordered<_> = self.channels.iter().cloned().map(cancel).collect();
        loop {
            tokio::select! {
                Some(came) = self.came.next() => if let Came::Begun(_, channel) = came {
                    cancelling.push(cancel(channel.clone()));
                    self.channels.push(channel);
                },
                Some(()) = cancelling.next() => {}
                else => pending().await,
            }
        }
    }
}

/// How one queue is consumed.
#[derive(Clone)]
pub(super) struct Queue {
    connection: Arc<Connection>,
    /// Whether everything was declared, once for all queues.
    declared: Arc<OnceCell<()>>,
    source: Source,
    pub(super) name: &'static str,
    prefetch: u16,
}

impl Queue {
    fn deliveries(self) -> BoxStream<'static, Came> {
        let begun = async move { (self.begin().await, self) }.into_stream();
        let came = begun.flat_map(|(begun, queue)| match begun {
            Err(error) => stream::iter([Came::Refused(queue, error)]).boxed(),
            Ok((channel, consumer)) => {
                let Self { source, name, .. } = queue;
                let delivered = consumer.map(move |next| match next {
                    Ok(delivery) => Came::Delivered(source, delivery),
                    Err(error) => Came::Closed(name, error),
                });
                // Nobody notices that one stream of several has ended: the last item tells it.
                stream::iter([Came::Begun(name, channel)])
                    .chain(delivered)
                    .chain(stream::iter([Came::Cancelled(name)]))
                    .boxed()
            }
        });
        came.boxed()
    }

    /// Consumes; declares first what is missing.
    async fn begin(&self) -> Result<(Channel, Consumer), lapin::Error> {
        match self.consume().await {
            Err(error) if topology::is_missing(&error) => {
                self.declared.get_or_try_init(|| declare(&self.connection)).await?;
                self.consume().await
            }
            begun => begun,
        }
    }

    async fn consume(&self) -> Result<(Channel, Consumer), lapin::Error> {
        let channel = self.connection.create_channel().await?;
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(self.name.into(), TAG.into(), options, FieldTable::default()).await?;
        Ok((channel, consumer))
    }
}

async fn declare(connection: &Connection) -> Result<(), lapin::Error> {
    let channel = connection.create_channel().await?;
    topology::declare(&channel).await?;
    channel.close(200, "declared".into()).await
}
