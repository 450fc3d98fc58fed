//! Hands submissions to the broker, and says so only when the broker has them for good: persistent, mandatory,
//! confirmed. What waits is joined into bundles, without a timer: one submission when idle, many under load.
//! After one failure the breaker is open and everything is refused at once, until a probe has gone all the way.
//! A refused submission may still arrive (its confirm may have been lost), which claims make harmless.

mod bundle;
mod confirm;
mod metrics;
mod queue;
mod session;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::bundle::{Load, Waiting};
use self::metrics::Metrics;
pub use self::queue::MAX_WAITING_BYTES;
use self::queue::Queue;
use super::connection::BrokerUrl;
use crate::lane::Lane;
use crate::shutdown::Shutdown;

/// Channels unless told otherwise, which is also how many bundles are in flight. A quorum queue syncs the disk
/// for all of them together, so a few fill it, and each more makes the bundles smaller.
pub const DEFAULT_CHANNELS: usize = 4;

/// What a publisher needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the broker is.
    pub url: BrokerUrl,
    /// What RabbitMQ shows for the connection, such as `postern-ingress`.
    pub connection_name: String,
    /// Who publishes, as the metrics name it: `ingress` or `worker`.
    pub component: &'static str,
    /// Channels with one bundle in flight each; at least one.
    pub channels: usize,
}

/// The way to the broker; clones share it.
#[derive(Debug, Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
}

/// Why a submission was not handed over. Either way it belongs into the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Too much waits already in its lane.
    #[error("too many submissions wait for the broker")]
    Busy,
    /// The broker did not confirm it, or is known to be away.
    #[error("the broker cannot take messages")]
    Unavailable,
}

/// Whether the broker takes messages, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// It does.
    Closed,
    /// It failed, or was never reached, and no probe has succeeded since.
    Open,
}

impl Publisher {
    /// Starts the session with the broker, which need not be there yet. The breaker is open until it is.
    /// After `shutdown`, which is to be triggered when nobody publishes any more, the task confirms what waits
    /// and ends. Fails when `registry` has these metrics already.
    pub fn start(
        options: Options,
        registry: &prometheus::Registry,
        shutdown: Shutdown,
    ) -> Result<(Self, JoinHandle<()>), prometheus::Error> {
        let metrics = Metrics::register(registry, options.component)?;
        let shared = Arc::new(Shared { queue: Queue::new(), metrics });
        let task = tokio::spawn(session::run(Arc::clone(&shared), options, shutdown));
        Ok((Self { shared }, task))
    }

    /// Hands over one encoded submission, in a bundle with others of its lane and kind, and waits for the confirm of
    /// that bundle. Dropping the future does not take the submission back.
    pub async fn publish(&self, lane: Lane, kind: &'static str, encoded: Vec<u8>) -> Result<(), PublishError> {
        self.hand_in(lane, Load::Submission { kind, encoded }).await
    }

    /// Publishes a whole message, such as a row of the spool, with its attempt, and waits for the confirm.
    pub async fn publish_raw(&self, lane: Lane, kind: &str, body: Vec<u8>, attempt: u32) -> Result<(), PublishError> {
        self.hand_in(lane, Load::Message { kind: kind.to_owned(), body, attempt }).await
    }

    /// Whether the broker takes messages.
    pub fn state(&self) -> Breaker {
        self.shared.queue.breaker()
    }

    /// Whether the breaker is open: nothing goes to the broker.
    pub fn is_open(&self) -> bool {
        self.state() == Breaker::Open
    }

    /// Whether a lane takes messages: one that the broker says is full rests for a while.
    pub fn takes(&self, lane: Lane) -> bool {
        lane.is_brokered() && self.shared.queue.takes(lane)
    }

    async fn hand_in(&self, lane: Lane, load: Load) -> Result<(), PublishError> {
        if !lane.is_brokered() {
            return Err(PublishError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        self.shared.queue.push(Waiting::new(lane, load, answer))?;
        answered.await.unwrap_or(Err(PublishError::Unavailable))
    }
}

/// What the callers and the session have in common.
#[derive(Debug)]
struct Shared {
    queue: Queue,
    metrics: Metrics,
}

impl Shared {
    fn close_breaker(&self) {
        self.queue.admit();
        self.metrics.breaker_open.set(0);
    }

    /// Fails all that waits. Says whether it was this call that opened it.
    fn open_breaker(&self) -> bool {
        self.metrics.breaker_open.set(1);
        self.queue.refuse()
    }
}
