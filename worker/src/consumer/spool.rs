//! The life with the spool where there is no broker: takes what is due while there is room, and holds it by a lease
//! that is renewed until its work is committed. What a killed worker held is due again when its lease has ended.
//! Renewing comes before taking: after a pause nothing that is still being worked on looks free to this process.

use std::collections::HashMap;
use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::bell::Bell;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::spool::{self, Lease, Taken};
use postern_shared::store::{Store, StoreError};
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::slots::Slots;
use super::{Health, Message, Origin, Settlement};

/// How long a row is ours unless it is renewed, and so how long what a killed worker held lies idle.
const LEASE: Duration = Duration::from_secs(10);

/// How often leases are renewed: twice may fail.
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// How often the spool is looked at when no bell rings: for what was delayed, and what another process has put there.
const POLL: Duration = Duration::from_millis(250);

/// Between two tries while PostgreSQL is away.
const AWAY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// What the consumer of the spool needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the spool is.
    pub store: Store,
    /// Rings when something was put there by this process.
    pub bell: Bell,
    /// Messages handled at the same time, the lanes in turn; at least 1. Of each lane as many again are held, so that
    /// none waits for the database.
    pub concurrency: usize,
    /// Messages of the default lane handled beside those.
    pub kept_slots: usize,
    /// The same for runs that are to go on, which have slots of their own: some of them wait for the outside.
    pub resuming: usize,
    /// How long a stopping worker finishes what it has begun.
    pub drain_limit: Duration,
}

/// Until `shutdown`; then takes nothing more, finishes what has begun, gives the rest back, and returns.
pub async fn run<H, F>(options: Options, handler: H, shutdown: Shutdown, health: Health)
where
    H: Fn(Message) -> F,
    F: Future<Output = Settlement> + Send + 'static,
{
    let mut consuming = Consuming {
        slots: Slots::new(options.concurrency.max(1), options.kept_slots),
        resuming: Slots::new(options.resuming.max(1), 0),
        options,
        handler,
        shutdown,
        running: JoinSet::new(),
        held: HashMap::new(),
        renewed: Instant::now(),
    };
    let mut away = AWAY;
    tracing::info!("consuming the spool");
    while !consuming.shutdown.is_triggered() {
        let passed = consuming.pass().await;
        health.set(passed.is_ok());
        match passed {
            Ok(()) => {
                away.reset();
                consuming.wait(POLL).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the spool cannot be taken from");
                consuming.wait(away.delay()).await;
            }
        }
    }
    health.set(false);
    consuming.drain().await;
}

struct Consuming<H> {
    options: Options,
    handler: H,
    shutdown: Shutdown,
    slots: Slots,
    resuming: Slots,
    running: JoinSet<()>,
    /// What waits for a slot or is being handled, by the task that has it.
    held: HashMap<task::Id, (Lane, Lease)>,
    /// Since when none of them was renewed.
    renewed: Instant,
}

impl<H, F> Consuming<H>
where
    H: Fn(Message) -> F,
    F: Future<Output = Settlement> + Send + 'static,
{
    /// Renews what is held if it is time, and takes as much as there is room for.
    async fn pass(&mut self) -> Result<(), StoreError> {
        let must_renew = !self.held.is_empty() && self.renewed.elapsed() >= RENEW_EVERY;
        let room = self.room();
        if !must_renew && room.is_empty() {
            return Ok(());
        }
        let connection = self.options.store.connection().await?;
        let now = Instant::now();
        if must_renew {
            let held: Vec<Lease> = self.held.values().map(|(_, lease)| *lease).collect();
            spool::renew(&connection, &held, LEASE).await?;
        }
        if must_renew || self.held.is_empty() {
            self.renewed = now;
        }
        if !room.is_empty() {
            for taken in spool::take(&connection, &room, LEASE).await? {
                self.start(taken);
            }
        }
        Ok(())
    }

    /// How many may be taken of which lanes. None while many are held, so that a full spool is not taken from row by row.
    fn room(&self) -> Vec<(Lane, usize)> {
        let mut held = [0; Lane::COUNT];
        self.held.values().for_each(|(lane, _)| held[lane.index()] += 1);
        let slots = self.options.concurrency.max(1);
        let resuming = self.options.resuming.max(1);
        let room = |lane: Lane| {
            let (most, refill_at) = if lane == Lane::Resuming { (resuming, resuming - 1) } else { (2 * slots, slots) };
            let held = held[lane.index()];
            (held <= refill_at).then(|| (lane, most - held))
        };
        Lane::ALL.into_iter().filter_map(room).collect()
    }

    fn start(&mut self, taken: Taken) {
        let (lane, lease) = (taken.lane, taken.lease);
        let slots = if lane == Lane::Resuming { self.resuming.clone() } else { self.slots.clone() };
        let (store, shutdown) = (self.options.store.clone(), self.shutdown.clone());
        let work = (self.handler)(message(taken));
        let task = self.running.spawn(async move {
            let _slot = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                slot = slots.acquire(lane) => slot,
            };
            if work.await == Settlement::Done {
                forget_row(&store, lease).await;
            }
        });
        self.held.insert(task.id(), (lane, lease));
    }

    /// Until there may be something to do.
    async fn wait(&mut self, limit: Duration) {
        tokio::select! {
            () = self.shutdown.wait() => {}
            () = self.options.bell.wait() => {}
            () = sleep(limit) => {}
            Some(ended) = self.running.join_next_with_id() => self.forget(ended),
        }
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// The row of a handler that panicked is due again when its lease has ended: a loop of crashes takes no core.
    fn forget(&mut self, ended: Result<(task::Id, ()), task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a message of the spool was not settled");
                error.id()
            }
        };
        self.held.remove(&id);
    }

    /// Finishes what has begun, and gives back the rest: the next worker need not wait for its lease.
    async fn drain(&mut self) {
        let finish = async { while self.running.join_next().await.is_some() {} };
        if timeout(self.options.drain_limit, finish).await.is_err() {
            tracing::warn!(unfinished = self.running.len(), "stopping with unfinished messages; they go back");
        }
        self.running.shutdown().await;
        let held: Vec<Lease> = self.held.drain().map(|(_, (_, lease))| lease).collect();
        if held.is_empty() {
            return;
        }
        let given_back = async { spool::renew(&self.options.store.connection().await?, &held, Duration::ZERO).await };
        if let Err(error) = given_back.await {
            tracing::warn!(%error, "what was held could not be given back; it is due when its lease has ended");
        }
    }
}

/// Of a message that asked for nothing the row is still there: most rows went with the commit of their work.
async fn forget_row(store: &Store, lease: Lease) {
    let forgotten = async { spool::finish(&store.connection().await?, &[lease]).await };
    if let Err(error) = forgotten.await {
        tracing::warn!(%error, "a row of the spool could not be removed; it comes again and is found done");
    }
}

fn message(taken: Taken) -> Message {
    let Taken { lease, lane, kind, body, attempt } = taken;
    Message {
        kind,
        body,
        message_id: format!("spool {}", lease.id),
        attempt: u32::try_from(attempt).unwrap_or(0),
        delivery_count: u32::try_from(lease.number - 1).unwrap_or(0),
        origin: Origin::Lane,
        lane,
        lease: Some(lease),
    }
}
