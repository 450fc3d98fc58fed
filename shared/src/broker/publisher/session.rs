//! The life with the broker: connect, declare, probe, serve; after a failure probe again, or connect again.
//! The breaker is closed only while serving.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lapin::{Channel, Connection};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::confirm::{Failure, PUBLISH_LIMIT, open_channel, publish};
use super::{Options, PublishError, Shared};
use crate::backoff::Backoff;
use crate::broker::connection::{self, ConnectError};
use crate::broker::envelope::stamp;
use crate::broker::topology;
use crate::lane::Lane;
use crate::shutdown::Shutdown;
use crate::submission;

/// Between two probes, and between two looks at an idle connection: how long an outage may last unnoticed,
/// and how long nothing is published after it is over.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// The first and the longest wait before connecting again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Declaring and opening channels: a few round trips, and a leader election when the broker has just started.
const SETUP_LIMIT: Duration = Duration::from_secs(10);

/// Confirming what still waits when the process stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Saying good-bye to a broker that may not listen.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Until `shutdown`.
pub(super) async fn run(shared: Arc<Shared>, options: Options, shutdown: Shutdown) {
    let session = Session { shared, options, shutdown };
    let mut backoff = Backoff::new(RECONNECT.0, RECONNECT.1);
    while !session.shutdown.is_triggered() {
        if let Err(error) = session.live(&mut backoff).await {
            tracing::warn!(%error, "the session with the broker for publishing ended; it will begin anew");
        }
        // Nothing is known of a broker without a connection.
        session.shared.metrics.blocked.set(0);
        session.shared.open_breaker();
        let delay = backoff.delay();
        session.unless_stopped(sleep(delay)).await;
    }
    session.shared.open_breaker();
}

struct Session {
    shared: Arc<Shared>,
    options: Options,
    shutdown: Shutdown,
}

/// Why a session ended without being told to.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the connection was lost")]
    Lost,
}

impl Session {
    /// One connection. `Ok` = told to stop.
    async fn live(&self, backoff: &mut Backoff) -> Result<(), SessionError> {
        let connecting = connection::connect(&self.options.url, &self.options.connection_name);
        let Some(connected) = self.unless_stopped(connecting).await else { return Ok(()) };
        let connection = connected?;
        while let Some(probed) = self.unless_stopped(self.until_a_probe_succeeds(&connection)).await {
            let channels = probed?;
            backoff.reset();
            tracing::info!("the broker takes messages");
            self.serve(&connection, channels).await;
            if self.unless_stopped(sleep(PROBE_EVERY)).await.is_none() {
                break;
            }
        }
        let _ = timeout(CLOSE_LIMIT, connection.close(200, "stopping".into())).await;
        Ok(())
    }

    /// Ends with the channels to serve with, or with an error once the connection is gone.
    async fn until_a_probe_succeeds(&self, connection: &Connection) -> Result<Vec<Channel>, SessionError> {
        let mut failed_before = false;
        loop {
            if !connection.status().connected() {
                return Err(SessionError::Lost);
            }
            // While the broker blocks the connection, everything sent would only pile up in this process.
            if !self.is_blocked(connection) {
                match self.probe(connection).await {
                    Ok(channels) => return Ok(channels),
                    Err(failure) if failed_before => tracing::debug!(%failure, "a probe of the broker failed"),
                    Err(failure) => tracing::warn!(%failure, "a probe of the broker failed; it will be repeated"),
                }
                failed_before = true;
            }
            sleep(PROBE_EVERY).await;
        }
    }

    /// An empty bundle, all the way, on fresh channels. Declares first: a queue that somebody deleted is there
    /// again after the first probe.
    async fn probe(&self, connection: &Connection) -> Result<Vec<Channel>, Failure> {
        let setup = async {
            let first = open_channel(connection).await?;
            topology::declare(&first).await?;
            let mut channels = vec![first];
            while channels.len() < self.options.channels {
                channels.push(open_channel(connection).await?);
            }
            Ok::<_, lapin::Error>(channels)
        };
        let channels = timeout(SETUP_LIMIT, setup).await.map_err(|_| Failure::TimedOut)??;
        if let Some(first) = channels.first() {
            let stamp = stamp(submission::SUBMISSIONS_V1, 0);
            publish(first, Lane::Default, stamp, &submission::bundle([])).await?;
        }
        Ok(channels)
    }

    /// Publishes what comes, until the first failure, which has then opened the breaker, or until told to stop.
    async fn serve(&self, connection: &Connection, opened: Vec<Channel>) {
        self.shared.close_breaker();
        let mut channels = JoinSet::new();
        for channel in opened {
            channels.spawn(serve_channel(Arc::clone(&self.shared), channel));
        }
        let mut look = interval(PROBE_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.wait() => {
                    self.shared.queue.drain();
                    let drained = timeout(DRAIN_LIMIT, channels.join_all()).await;
                    if drained.is_err() {
                        tracing::warn!("not everything was confirmed before stopping");
                    }
                    return;
                }
                _ = channels.join_next() => break,
                _ = look.tick() => {
                    self.is_blocked(connection);
                    if !connection.status().connected() {
                        break;
                    }
                }
            }
        }
        if self.shared.open_breaker() {
            tracing::warn!("the connection to the broker was lost");
        }
        // The bundles in flight have their answer; with the breaker open the channels then end by themselves.
        let _ = timeout(PUBLISH_LIMIT * 2, channels.join_all()).await;
    }

    /// Whether the broker blocks the connection, which the metrics show.
    fn is_blocked(&self, connection: &Connection) -> bool {
        let is_blocked = connection.status().blocked();
        self.shared.metrics.blocked.set(i64::from(is_blocked));
        is_blocked
    }

    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            () = self.shutdown.wait() => None,
            done = work => Some(done),
        }
    }
}

/// One bundle after the other, until a failure or until nothing more comes. A lane that is full is no failure, since
/// the others go on: except the default lane, through which the probes go.
async fn serve_channel(shared: Arc<Shared>, channel: Channel) {
    while let Some(bundle) = shared.queue.take().await {
        let started = Instant::now();
        let lane = bundle.lane();
        let (kind, attempt, body) = bundle.message();
        let result = publish(&channel, lane, stamp(kind, attempt), &body).await;
        shared.metrics.observe(lane, bundle.len(), started.elapsed(), &result);
        match result {
            Ok(()) => bundle.answer(Ok(())),
            Err(Failure::Refused) if lane != Lane::Default => {
                if shared.queue.rest(lane) {
                    tracing::warn!(
                        queue = topology::queue(lane).unwrap_or_default(),
                        "a lane is full: what comes there goes into the spool"
                    );
                }
                bundle.answer(Err(PublishError::Unavailable));
            }
            Err(failure) => {
                report(&shared, &failure);
                bundle.answer(Err(PublishError::Unavailable));
                return;
            }
        }
    }
}

/// Opens the breaker; logs only the failure that did so, not its echoes.
fn report(shared: &Shared, failure: &Failure) {
    if shared.open_breaker() {
        tracing::warn!(%failure, "publishing failed; nothing is published until a probe succeeds");
    }
}
