//! The worker: takes bundles from the broker, or from the spool where there is none, resolves the workflows that each
//! submission starts, executes them, and commits everything a bundle wrote as one transaction before the bundle is
//! acknowledged.

mod allowance;
mod backlog;
mod breath;
mod budget;
mod catalog;
mod checkpoint;
mod children;
mod claims;
pub mod consumer;
mod declared;
mod desk;
mod engine;
mod experience;
mod gate;
mod gather;
mod handler;
mod losses;
mod metrics;
mod names;
mod options;
mod outages;
mod outside;
mod patience;
mod probe;
mod questions;
mod related;
mod relay;
mod resolve;
mod resume;
mod slow;
mod task;
mod turns;
mod waves;

use std::sync::Arc;
use std::time::Duration;

use postern_shared::bell::Bell;
use postern_shared::broker::connection::BrokerUrl;
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::descriptors;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{self, Store, history, migrate};
use prometheus::Registry;
use tokio::net::TcpListener;

use catalog::Catalogs;
use consumer::spool::{Aside, Lanes};
use consumer::{Health, KEPT_SLOTS};
use experience::Experience;
use gather::Gathering;
use handler::{Connections, Handler};
use metrics::Metrics;
pub use options::{ExecutionOptions, Options};
use outages::Outages;
use outside::Outside;
use outside::mail::MailServer;
use relay::{Relay, Way};

/// Whatever can end the service before its time, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often the partitions of the history are made ahead, and expired claims are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// How often responses are forgotten that nobody waits for any more, and submissions that are due too late are called back.
const SWEEPING: Duration = Duration::from_secs(60);

/// Connections to PostgreSQL beside those of the bundles.
const SPARE_CONNECTIONS: usize = 4;

/// Connections to PostgreSQL for runs that are resumed.
const RESUMING_CONNECTIONS: usize = 4;

/// Connections to PostgreSQL for runs before and after a call; none is held while a call waits.
const CALLING_CONNECTIONS: usize = 4;

/// Runs that are resumed at the same time: more than have a connection, so that the next one is at hand.
const RESUMING_SLOTS: u16 = 16;

/// Runs that are too slow for a bundle and go on at the same time, each on a connection to PostgreSQL of its own.
const SLOW_SLOTS: usize = 2;

/// Connections to PostgreSQL for runs that go on outside of bundles.
const RUN_CONNECTIONS: usize = RESUMING_CONNECTIONS + CALLING_CONNECTIONS + SLOW_SLOTS;

/// Messages in hand for each transaction: what arrives one by one is joined, up to so many. Each counts a delivery when
/// the worker crashes.
const IN_HAND: u16 = 8;

/// Runs the service until shutdown, and then until the bundles being executed are committed and acknowledged. `bell`
/// rings when an ingress of the same process has put something into the spool.
pub async fn run(options: Options, bell: Bell, shutdown: Shutdown) -> Result<(), Failure> {
    descriptors::raise();
    let execution = &options.execution;
    let mail = execution.smtp_url.as_ref().map(|url| MailServer::new(url)).transpose()?;
    let registry = Registry::new();
    let metrics = Arc::new(Metrics::new(&registry)?);
    let resting = metrics.resting_targets.clone();
    let outside = Outside::new(execution.allowed_targets.clone(), mail, resting)?;
    let (health, outages) = (Health::default(), Arc::new(Outages::default()));
    let address = options.private_listen;
    let private = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    tracing::info!(address = %private.local_addr()?, "the private listener is open: health and metrics");
    let probe = tokio::spawn(probe::serve(
        private,
        options.private.private_hosts.clone(),
        (health.clone(), Arc::clone(&outages)),
        metrics.ready.clone(),
        registry.clone(),
    ));

    let mut database = options.database.clone();
    // One for each bundle, and some for the relay, the catalog and the rest: a bundle must not wait for one.
    database.database_connections =
        database.database_connections.max(2 * usize::from(execution.concurrency) + SPARE_CONNECTIONS + RUN_CONNECTIONS);
    let store = Store::new(&database, "postern-worker")?;
    migrate::wait(&store, &shutdown, |error| health.lost(error.to_string())).await?;
    if shutdown.is_triggered() {
        return Ok(());
    }
    let catalogs = Arc::new(Catalogs::new(store.clone(), execution.mail_from.clone()));
    let following = tokio::spawn({
        let catalogs = Arc::clone(&catalogs);
        async move { catalogs.follow().await }
    });
    let house = tokio::spawn(keep_house(store.clone()));
    let sweeping = tokio::spawn(sweep(store.clone()));
    let ending = tokio::spawn(end_frozen(store.clone()));
    let backlog = tokio::spawn(backlog::watch(store.clone(), Arc::clone(&metrics)));
    let losses = tokio::spawn(losses::watch(store.clone(), Arc::clone(&metrics)));

    let work = Work { outside, store, catalogs, metrics, outages, shutdown, health };
    match &options.broker.amqp_url {
        Some(url) => work.take_from_broker(url.parse()?, execution, &registry).await?,
        None => work.take_from_spool(bell, execution).await?,
    }
    for task in [following, house, sweeping, ending, backlog, losses, probe] {
        task.abort();
    }
    Ok(())
}

/// What the work needs wherever it comes from.
struct Work {
    outside: Outside,
    store: Store,
    catalogs: Arc<Catalogs>,
    metrics: Arc<Metrics>,
    outages: Arc<Outages>,
    shutdown: Shutdown,
    health: Health,
}

impl Work {
    /// Takes what the broker delivers, and relays to it what the spool holds.
    async fn take_from_broker(
        self,
        url: BrokerUrl,
        options: &ExecutionOptions,
        registry: &Registry,
    ) -> Result<(), Failure> {
        let publishing =
            publisher::Options { url: url.clone(), connection_name: "postern-worker relay".into(), channels: 4 };
        let (publisher, publishing) = Publisher::start(publishing, registry, self.shutdown.clone())?;
        let handler = self.handler(Way::Broker(publisher), options);
        let relaying = tokio::spawn(handler.relay.clone().run(self.shutdown.clone()));
        let letting_go = tokio::spawn(gate::mind(handler.clone()));
        let consuming = consumer::Options {
            url,
            connection_name: "postern-worker".into(),
            prefetch: options.concurrency.saturating_mul(IN_HAND),
            concurrency: usize::from(options.concurrency.saturating_mul(IN_HAND)),
            kept_slots: KEPT_SLOTS,
            resuming: RESUMING_SLOTS,
            hold_limit: consumer::HOLD_LIMIT,
            drain_limit: Duration::from_secs(options.drain_timeout_s),
        };
        let aside = tokio::spawn(consume_aside(handler.clone(), options.clone(), self.shutdown.clone()));
        let handle = move |message| handler.clone().handle(message);
        let (store, shutdown, health) = (self.store, self.shutdown.clone(), self.health.clone());
        let able = move || able_to_work(store.clone(), shutdown.clone(), health.clone());
        consumer::run(consuming, handle, able, self.shutdown, self.health).await;
        aside.await?;
        letting_go.abort();
        relaying.await?;
        publishing.await?;
        Ok(())
    }

    /// Takes what the spool holds.
    async fn take_from_spool(self, bell: Bell, options: &ExecutionOptions) -> Result<(), Failure> {
        let handler = self.handler(Way::Spool(bell.clone()), options);
        let letting_go = tokio::spawn(gate::mind(handler.clone()));
        let consuming = consumer::spool::Options {
            store: self.store,
            bell,
            supply: Lanes::new(
                usize::from(options.concurrency.saturating_mul(IN_HAND)),
                KEPT_SLOTS,
                usize::from(RESUMING_SLOTS),
            ),
            drain_limit: Duration::from_secs(options.drain_timeout_s),
        };
        let aside = tokio::spawn(consume_aside(handler.clone(), options.clone(), self.shutdown.clone()));
        let handle = move |message| handler.clone().handle(message);
        tracing::info!("consuming the spool");
        consumer::spool::run(consuming, handle, self.shutdown, self.health).await;
        aside.await?;
        letting_go.abort();
        Ok(())
    }

    fn handler(&self, way: Way, options: &ExecutionOptions) -> Handler {
        let (store, metrics) = (self.store.clone(), Arc::clone(&self.metrics));
        let relay = Relay { store: store.clone(), way, metrics: Arc::clone(&metrics), aside: Bell::default() };
        let connections = Connections::new(RESUMING_CONNECTIONS, CALLING_CONNECTIONS, SLOW_SLOTS);
        let gathering = || Arc::new(Gathering::new(usize::from(options.concurrency)));
        let (gathering, bursts) = (gathering(), gathering());
        let (outside, catalogs) = (self.outside.clone(), Arc::clone(&self.catalogs));
        let (gate, experience) = (Bell::default(), Arc::new(Experience::default()));
        let (slow, outages) = (Arc::default(), Arc::clone(&self.outages));
        Handler {
            outside,
            store,
            catalogs,
            metrics,
            relay,
            gathering,
            bursts,
            experience,
            connections,
            slow,
            outages,
            gate,
        }
    }
}

/// Takes what stands in the lanes of the spool alone.
async fn consume_aside(handler: Handler, options: ExecutionOptions, shutdown: Shutdown) {
    let consuming = consumer::spool::Options {
        store: handler.store.clone(),
        bell: handler.relay.aside.clone(),
        supply: Aside::new(usize::from(options.outside_concurrency), SLOW_SLOTS, Arc::clone(&handler.outside.breakers)),
        drain_limit: Duration::from_secs(options.drain_timeout_s),
    };
    let handle = move |message| handler.clone().handle(message);
    consumer::spool::run(consuming, handle, shutdown, Health::default()).await;
}

/// Returns once PostgreSQL answers with the right schema: without it every message would only be held, and go back.
async fn able_to_work(store: Store, shutdown: Shutdown, health: Health) {
    if let Err(error) = migrate::wait(&store, &shutdown, |error| health.lost(error.to_string())).await {
        tracing::error!(%error, "postgresql does not answer as it should; messages are taken and held");
    }
}

/// Another worker may be what is frozen, and hold what this one waits for.
async fn end_frozen(store: Store) {
    loop {
        tokio::time::sleep(store::FROZEN_AFTER / 4).await;
        let ended = async { store::end_frozen(&store.connection().await?).await };
        match ended.await {
            Ok(0) => {}
            Ok(sessions) => tracing::warn!(sessions, "a worker froze in a transaction: what it held is free"),
            Err(error) => tracing::debug!(%error, "it could not be looked whether a worker is frozen"),
        }
    }
}

async fn sweep(store: Store) {
    loop {
        let swept = async {
            let connection = store.connection().await?;
            store::responses::forget(&connection).await?;
            store::spool::call_back(&connection).await
        };
        match swept.await {
            Ok(0) => {}
            Ok(messages) => tracing::warn!(
                messages,
                "submissions were due in days, since the clock of the database was ahead: they are due now"
            ),
            Err(error) => tracing::debug!(%error, "responses could not be forgotten; tried again in a minute"),
        }
        tokio::time::sleep(SWEEPING).await;
    }
}

async fn keep_house(store: Store) {
    loop {
        let kept = async {
            let connection = store.connection().await?;
            history::make_ahead(&connection).await?;
            store::claims::forget(&connection).await?;
            store::tickets::forget(&connection).await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "partitions could not be made ahead, or claims and numbers forgotten; tried again in an hour");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}
