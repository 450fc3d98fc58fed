//! Takes messages from the spool: what wakes runs, and submissions where there is no broker or while it
//! takes nothing. Takes what is due while there is room, and holds it by a lease
//! that is renewed until its work is committed. What a killed worker held is due again when its lease has ended.
//! Renewing comes before taking: after a pause nothing that is still being worked on looks free to this process.

mod fair_share;
pub mod held;
pub mod own_lanes;
mod pairs;
pub mod stranded;
pub mod submission_lanes;
pub mod supply;

use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::log_limit::LogLimit;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::spool::{self, Lease, Taken};
use postern_shared::store::{self, Store, StoreError};
use postern_shared::wakeup::Wakeup;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use self::held::{Held, HeldRow};
use self::supply::Supply;
use super::health::Health;
use super::message::{Message, Origin, Settlement};

/// How long a row is ours unless it is renewed, and so how long what a killed worker held lies idle.
const LEASE: Duration = Duration::from_secs(10);

/// How often leases are renewed: twice may fail.
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// How often the spool is looked at when no wakeup comes: for what was delayed, and what another process has put there.
const POLL: Duration = Duration::from_millis(250);

/// Between two tries while PostgreSQL is away.
const AWAY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// What a consumer of the spool needs to know.
#[derive(Debug)]
pub struct Options<S> {
    /// Where the spool is.
    pub store: Store,
    /// Wakes when something was put there by this process.
    pub wakeup: Wakeup,
    /// What it takes.
    pub supply: S,
    /// How long a stopping worker finishes what it has begun.
    pub drain_limit: Duration,
}

/// Until `shutdown`; then takes nothing more, finishes what has begun, gives the rest back, and returns.
pub async fn run<S, H, F>(options: Options<S>, handler: H, shutdown: Shutdown, health: Health)
where
    S: Supply,
    H: Fn(Message) -> F,
    F: Future<Output = Settlement> + Send + 'static,
{
    let _watched = Watched(health.clone());
    let mut consuming = Consuming {
        options,
        handler,
        shutdown,
        running: JoinSet::new(),
        held: Held::default(),
        unbegun: Vec::new(),
        renewed: Instant::now(),
    };
    let (mut away, failures) = (AWAY, LogLimit::default());
    while !consuming.shutdown.is_triggered() {
        let passed = consuming.pass().await;
        match passed {
            Ok(()) => {
                health.hearing();
                failures.worked();
                away.reset();
                consuming.wait(POLL).await;
            }
            Err(error) => {
                if let Some(times) = failures.failed(1) {
                    tracing::warn!(%error, times, "the spool cannot be taken from");
                }
                health.lost(error.to_string());
                consuming.wait(away.delay()).await;
            }
        }
    }
    health.lost("stopping".into());
    consuming.drain().await;
}

/// Tells that a consumer has ended, even by a panic.
struct Watched(Health);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.lost("it has ended".into());
    }
}

struct Consuming<S, H> {
    options: Options<S>,
    handler: H,
    shutdown: Shutdown,
    /// Each ends with the lease of its row if its work has not begun.
    running: JoinSet<Option<Lease>>,
    held: Held,
    /// What goes back: its work has not begun, and will not.
    unbegun: Vec<Lease>,
    /// Since when none of them was renewed.
    renewed: Instant,
}

impl<S, H, F> Consuming<S, H>
where
    S: Supply,
    H: Fn(Message) -> F,
    F: Future<Output = Settlement> + Send + 'static,
{
    /// Renews what is held if it is time, and takes as much as there is room for.
    async fn pass(&mut self) -> Result<(), StoreError> {
        let must_renew = !self.held.is_empty() && self.renewed.elapsed() >= RENEW_EVERY;
        let has_room = self.options.supply.has_room(&self.held);
        if !must_renew && !has_room {
            return Ok(());
        }
        let connection = self.options.store.connection().await?;
        let now = Instant::now();
        if must_renew {
            spool::renew(&connection, &self.held.leases(), LEASE).await?;
        }
        if must_renew || self.held.is_empty() {
            self.renewed = now;
        }
        if has_room {
            let taken = self.options.supply.take(&connection, &self.held, LEASE).await?;
            if !taken.is_empty() && self.options.supply.looks_again() {
                self.options.wakeup.wake();
            }
            store::give_back(connection, taken.iter().map(|taken| taken.body.len()).sum());
            taken.into_iter().for_each(|taken| self.start(taken));
        }
        Ok(())
    }

    fn start(&mut self, taken: Taken) {
        let (lane, lease) = (taken.lane, taken.lease);
        let row = HeldRow { lane, pair: taken.pair.clone(), lease };
        let slots = self.options.supply.slots(lane);
        let shutdown = self.shutdown.clone();
        let work = (self.handler)(message(taken));
        let task = self.running.spawn(async move {
            let _slot = match slots {
                None => None,
                Some(slots) => tokio::select! {
                    biased;
                    () = shutdown.wait() => return Some(lease),
                    slot = slots.acquire(lane) => Some(slot),
                },
            };
            // Its row went with the commit of its work, or is due again when its lease ends.
            work.await;
            None
        });
        self.held.insert(task.id(), row);
    }

    /// Until there may be something to do.
    async fn wait(&mut self, limit: Duration) {
        tokio::select! {
            () = self.shutdown.wait() => {}
            () = self.options.wakeup.wait() => {}
            () = sleep(limit) => {}
            Some(ended) = self.running.join_next_with_id() => self.forget(ended),
        }
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// The row of a handler that panicked is due again when its lease has ended: a loop of crashes takes no core.
    fn forget(&mut self, ended: Result<(task::Id, Option<Lease>), task::JoinError>) {
        let id = match ended {
            Ok((id, unbegun)) => {
                self.unbegun.extend(unbegun);
                id
            }
            Err(error) => {
                tracing::error!(%error, "a message of the spool was not settled");
                error.id()
            }
        };
        self.held.remove(id);
    }

    /// Finishes what has begun, and holds it meanwhile; gives back the rest: the next worker need not wait for its lease.
    async fn drain(&mut self) {
        let end = Instant::now() + self.options.drain_limit;
        while !self.running.is_empty() && Instant::now() < end {
            let renewal = end.min(self.renewed + RENEW_EVERY);
            match timeout_at(renewal, self.running.join_next_with_id()).await {
                Ok(Some(ended)) => self.forget(ended),
                Ok(None) => break,
                Err(_) => {
                    // What takes longer is of no use to those who want to stop.
                    let _ = timeout_at(end, self.hold_on()).await;
                    self.renewed = Instant::now();
                }
            }
        }
        if !self.running.is_empty() {
            tracing::warn!(unfinished = self.running.len(), "stopping with unfinished messages; they go back");
        }
        self.running.shutdown().await;
        let begun = std::mem::take(&mut self.held).leases();
        give_back(&self.options.store, &self.unbegun, &begun).await;
    }

    /// Renews what is being worked on, and gives back what is not.
    async fn hold_on(&mut self) {
        let held = self.held.leases();
        let renewed = async { spool::renew(&self.options.store.connection().await?, &held, LEASE).await };
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "what is being finished could not be held; another worker may take it");
        }
        give_back(&self.options.store, &std::mem::take(&mut self.unbegun), &[]).await;
    }
}

/// Makes rows due at once. Those whose work has begun count as broken off.
async fn give_back(store: &Store, unbegun: &[Lease], begun: &[Lease]) {
    if unbegun.is_empty() && begun.is_empty() {
        return;
    }
    let given_back = async {
        let connection = store.connection().await?;
        spool::give_back(&connection, unbegun).await?;
        spool::renew(&connection, begun, Duration::ZERO).await
    };
    if let Err(error) = given_back.await {
        tracing::warn!(%error, "what was held could not be given back; it is due when its lease has ended");
    }
}

fn message(taken: Taken) -> Message {
    let Taken { lease, lane, kind, body, attempt, pair, is_overdue } = taken;
    Message {
        kind,
        body,
        message_id: format!("spool {}", lease.id),
        attempt: u32::try_from(attempt).unwrap_or(0),
        delivery_count: u32::try_from(lease.number - 1).unwrap_or(0),
        origin: Origin::Lane,
        lane,
        lease: Some(lease),
        pair,
        is_overdue,
    }
}
