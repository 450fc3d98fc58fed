//! Starts the consumers of a worker: of the broker and its relay, or of the spool; and beside it that of the lanes that are
//! of the spool alone.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::broker::connection::BrokerUrl;
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, migrate};
use postern_shared::wakeup::Wakeup;
use postern_traces::Traces;
use prometheus::Registry;

use crate::bundle::batcher::Batcher;
use crate::bundle::conflict_policy::ConflictPolicy;
use crate::bundle::intake::Intake;
use crate::consume::health::Health;
use crate::consume::outages::Outages;
use crate::consume::rabbitmq;
use crate::consume::relay::Relay;
use crate::consume::slots::KEPT_SLOTS;
use crate::consume::spool;
use crate::consume::spool::own_lanes::{OwnLanes, Room};
use crate::consume::spool::stranded::Stranded;
use crate::consume::spool::submission_lanes::SubmissionLanes;
use crate::consume::spool::supply::Supply;
use crate::matching::catalogs::Catalogs;
use crate::metrics::{Metrics, Slot};
use crate::options::ExecutionOptions;
use crate::outside::Outside;
use crate::resources::Resources;
use crate::run::admission;
use crate::run::connections::Connections;

/// Connections to PostgreSQL for runs that are resumed.
const RESUMING_CONNECTIONS: usize = 4;

/// Connections to PostgreSQL for runs before and after a call; none is held while a call waits.
const CALLING_CONNECTIONS: usize = 4;

/// Runs that are resumed at the same time. A pair that is alone has six of them, so that it uses its connections and the
/// next run is at hand.
const RESUMING_SLOTS: usize = 32;

/// The same of what an older version put into the broker.
const RESUMING_OF_BROKER: u16 = 16;

/// Runs that are too slow for a bundle and go on at the same time, each on a connection to PostgreSQL of its own.
const SLOW_SLOTS: usize = 2;

/// Connections to PostgreSQL for runs that go on outside of bundles.
pub const RUN_CONNECTIONS: usize = RESUMING_CONNECTIONS + CALLING_CONNECTIONS + SLOW_SLOTS;

/// Messages in hand for each transaction: what arrives one by one is joined, up to so many. Each counts a delivery when
/// the worker crashes.
const IN_HAND: u16 = 8;

/// What the consumers need wherever messages come from.
#[derive(Debug)]
pub struct Consumers {
    pub outside: Outside,
    pub store: Store,
    pub catalogs: Arc<Catalogs>,
    pub metrics: Arc<Metrics>,
    pub outages: Arc<Outages>,
    pub shutdown: Shutdown,
    pub health: Health,
    /// Of the lanes that are of the spool alone.
    pub own_lanes: Health,
    /// Of the lanes of submissions while the broker takes nothing.
    pub stranded: Health,
    pub traces: Traces,
}

impl Consumers {
    /// Takes what the broker delivers, and relays to it what the spool holds.
    pub async fn take_from_broker(
        self,
        url: BrokerUrl,
        options: &ExecutionOptions,
        registry: &Registry,
    ) -> Result<(), Failure> {
        let publishing = publisher::Options {
            url: url.clone(),
            connection_name: "postern-worker relay".into(),
            component: "worker",
            channels: 4,
        };
        let (publisher, publishing) = Publisher::start(publishing, registry, self.shutdown.clone())?;
        let intake = self.intake(options);
        let relay =
            Relay { store: self.store.clone(), publisher: publisher.clone(), metrics: Arc::clone(&self.metrics) };
        let relaying = tokio::spawn(relay.run(self.shutdown.clone()));
        let admitting = tokio::spawn(admission::run(intake.resources.clone()));
        let consuming = rabbitmq::Options {
            url,
            connection_name: "postern-worker".into(),
            prefetch: options.concurrency.saturating_mul(IN_HAND),
            concurrency: usize::from(options.concurrency.saturating_mul(IN_HAND)),
            kept_slots: KEPT_SLOTS,
            resuming: RESUMING_OF_BROKER,
            hold_limit: rabbitmq::HOLD_LIMIT,
            drain_limit: Duration::from_secs(options.drain_timeout_s),
        };
        let stranded = Stranded { lanes: lanes(options), publisher };
        let stranded = Spool { intake: intake.clone(), wakeup: Wakeup::default(), supply: stranded };
        let stranded = tokio::spawn(stranded.consume(options.clone(), self.shutdown.clone(), self.stranded));
        let own_lanes =
            tokio::spawn(own_lanes(&intake, options).consume(options.clone(), self.shutdown.clone(), self.own_lanes));
        let handle = move |message| intake.clone().handle(message);
        let (store, shutdown, health) = (self.store, self.shutdown.clone(), self.health.clone());
        let able = move || able_to_work(store.clone(), shutdown.clone(), health.clone());
        rabbitmq::run(consuming, handle, able, self.shutdown, self.health).await;
        stranded.await?;
        own_lanes.await?;
        admitting.abort();
        relaying.await?;
        publishing.await?;
        Ok(())
    }

    /// Takes what the spool holds.
    pub async fn take_from_spool(self, wakeup: Wakeup, options: &ExecutionOptions) -> Result<(), Failure> {
        let intake = self.intake(options);
        let admitting = tokio::spawn(admission::run(intake.resources.clone()));
        // There is no broker that could take nothing.
        self.stranded.hearing();
        let own_lanes =
            tokio::spawn(own_lanes(&intake, options).consume(options.clone(), self.shutdown.clone(), self.own_lanes));
        tracing::info!("consuming the spool");
        let spool = Spool { intake, wakeup, supply: lanes(options) };
        spool.consume(options.clone(), self.shutdown, self.health).await;
        own_lanes.await?;
        admitting.abort();
        Ok(())
    }

    fn intake(&self, options: &ExecutionOptions) -> Intake {
        let concurrency = usize::from(options.concurrency);
        for (kind, slots) in [
            (Slot::Bundle, concurrency),
            (Slot::Burst, concurrency),
            (Slot::Resuming, RESUMING_SLOTS),
            (Slot::Call, usize::from(options.outside_concurrency)),
            (Slot::Slow, SLOW_SLOTS),
        ] {
            self.metrics.has_slots(kind, slots);
        }
        let batcher = || Arc::new(Batcher::new(concurrency));
        let resources = Resources {
            store: self.store.clone(),
            catalogs: Arc::clone(&self.catalogs),
            metrics: Arc::clone(&self.metrics),
            connections: Connections::new(RESUMING_CONNECTIONS, CALLING_CONNECTIONS, SLOW_SLOTS),
            outside: self.outside.clone(),
            slow_runs: Arc::default(),
            outages: Arc::clone(&self.outages),
            own_lanes: Wakeup::default(),
            admission: Wakeup::default(),
            traces: self.traces.clone(),
        };
        Intake {
            resources,
            batcher: batcher(),
            burst_batcher: batcher(),
            conflict_policy: Arc::new(ConflictPolicy::default()),
        }
    }
}

/// A consumer of the spool.
struct Spool<S> {
    intake: Intake,
    /// Wakes when something is due that it takes.
    wakeup: Wakeup,
    supply: S,
}

impl<S: Supply> Spool<S> {
    async fn consume(self, options: ExecutionOptions, shutdown: Shutdown, health: Health) {
        let Self { intake, wakeup, supply } = self;
        let drain_limit = Duration::from_secs(options.drain_timeout_s);
        let consuming = spool::Options { store: intake.resources.store.clone(), wakeup, supply, drain_limit };
        let handle = move |message| intake.clone().handle(message);
        spool::run(consuming, handle, shutdown, health).await;
    }
}

/// The lanes of submissions, taken from the spool.
fn lanes(options: &ExecutionOptions) -> SubmissionLanes {
    SubmissionLanes::new(usize::from(options.concurrency.saturating_mul(IN_HAND)), KEPT_SLOTS)
}

/// The consumer of the lanes that are of the spool alone.
fn own_lanes(intake: &Intake, options: &ExecutionOptions) -> Spool<OwnLanes> {
    let calls = usize::from(options.outside_concurrency);
    let room = Room { resuming: RESUMING_SLOTS, calls, slow: SLOW_SLOTS };
    let supply = OwnLanes::new(room, &intake.resources.outside);
    Spool { intake: intake.clone(), wakeup: intake.resources.own_lanes.clone(), supply }
}

/// Returns once PostgreSQL answers with the right schema: without it every message would only be held, and go back.
async fn able_to_work(store: Store, shutdown: Shutdown, health: Health) {
    if let Err(error) = migrate::wait(&store, &shutdown, |error| health.lost(error.to_string())).await {
        tracing::error!(%error, "postgresql does not answer as it should; messages are taken and held");
    }
}
