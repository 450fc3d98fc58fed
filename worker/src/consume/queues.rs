//! The queues of the broker that a worker consumes over one connection: each on a channel of its own, so that none waits
//! for another. While a node of a cluster hangs, a queue whose leader it had may answer only when the node does.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, SelectAll};
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;
use tokio::sync::OnceCell;

use super::delivery::Source;

/// Dead letters handed out at the same time: they are rare, and must not take the slots of the lanes.
const DEAD_PREFETCH: u16 = 4;

/// What came from a queue.
pub(super) enum Came {
    /// It is consumed from now on, on this channel.
    Begun(Channel),
    /// It cannot be declared or consumed.
    Refused(lapin::Error),
    Delivered(Source, Delivery),
    /// Its channel was closed.
    Closed(lapin::Error),
    /// The broker has cancelled its consumer.
    Cancelled,
}

/// Messages that are handed out before the first is acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefetch {
    /// Of each lane.
    pub(super) lane: u16,
    /// Of what an older version put into the queue of runs that go on.
    pub(super) resuming: u16,
}

/// The queues of a connection, and those that are consumed already.
pub(super) struct Queues {
    pub(super) came: SelectAll<BoxStream<'static, Came>>,
    consumed: Vec<Channel>,
    count: usize,
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
        let came: SelectAll<_> = all
            .map(|(source, queue, prefetch)| {
                let queue = Queue {
                    connection: Arc::clone(connection),
                    declared: Arc::clone(&declared),
                    name: queue,
                    prefetch,
                };
                queue.deliveries(source)
            })
            .collect();
        let count = came.len();
        Self { came, consumed: Vec::new(), count }
    }

    /// One more is consumed.
    pub(super) fn begun(&mut self, channel: Channel) {
        self.consumed.push(channel);
    }

    /// How many are consumed, and whether those are all.
    pub(super) fn consumed(&self) -> (usize, bool) {
        (self.consumed.len(), self.consumed.len() == self.count)
    }

    /// Nothing more is to come. The channels stay, for what is to be acknowledged: one that nobody holds is closed.
    pub(super) async fn cancel(&mut self) {
        for channel in &mut self.consumed {
            let _ = channel.basic_cancel(TAG.into(), BasicCancelOptions::default()).await;
        }
    }
}

/// The name of the consumer of a channel: it has no other.
const TAG: &str = "postern";

struct Queue {
    connection: Arc<Connection>,
    /// Whether everything was declared, once for all queues.
    declared: Arc<OnceCell<()>>,
    name: &'static str,
    prefetch: u16,
}

impl Queue {
    fn deliveries(self, source: Source) -> BoxStream<'static, Came> {
        let begun = async move { self.begin().await }.into_stream();
        let came = begun.flat_map(move |begun| match begun {
            Err(error) => stream::iter([Came::Refused(error)]).boxed(),
            Ok((channel, consumer)) => {
                let delivered =
                    consumer.map(move |next| next.map_or_else(Came::Closed, |next| Came::Delivered(source, next)));
                // A stream that ends would leave the others in silence: its end is told.
                stream::iter([Came::Begun(channel)]).chain(delivered).chain(stream::iter([Came::Cancelled])).boxed()
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
