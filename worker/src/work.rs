//! Where the work of a worker comes from: the broker and its relay, or the spool; and beside it the lanes that are of the
//! spool alone.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::bell::Bell;
use postern_shared::broker::connection::BrokerUrl;
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, migrate};
use prometheus::Registry;

use crate::catalog::Catalogs;
use crate::consumer::spool::{Aside, Lanes, Room, Stranded, Supply};
use crate::consumer::{self, Health, KEPT_SLOTS};
use crate::experience::Experience;
use crate::gather::Gathering;
use crate::handler::{Connections, Handler};
use crate::metrics::Metrics;
use crate::options::ExecutionOptions;
use crate::outages::Outages;
use crate::outside::Outside;
use crate::relay::Relay;
use crate::{Failure, gate};

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

/// What the work needs wherever it comes from.
#[derive(Debug)]
pub struct Work {
    pub outside: Outside,
    pub store: Store,
    pub catalogs: Arc<Catalogs>,
    pub metrics: Arc<Metrics>,
    pub outages: Arc<Outages>,
    pub shutdown: Shutdown,
    pub health: Health,
    /// Of the lanes that are of the spool alone.
    pub aside: Health,
    /// Of the lanes of submissions while the broker takes nothing.
    pub stranded: Health,
}

impl Work {
    /// Takes what the broker delivers, and relays to it what the spool holds.
    pub async fn take_from_broker(
        self,
        url: BrokerUrl,
        options: &ExecutionOptions,
        registry: &Registry,
    ) -> Result<(), Failure> {
        let publishing =
            publisher::Options { url: url.clone(), connection_name: "postern-worker relay".into(), channels: 4 };
        let (publisher, publishing) = Publisher::start(publishing, registry, self.shutdown.clone())?;
        let handler = self.handler(options);
        let relay =
            Relay { store: self.store.clone(), publisher: publisher.clone(), metrics: Arc::clone(&self.metrics) };
        let relaying = tokio::spawn(relay.run(self.shutdown.clone()));
        let letting_go = tokio::spawn(gate::mind(handler.clone()));
        let consuming = consumer::Options {
            url,
            connection_name: "postern-worker".into(),
            prefetch: options.concurrency.saturating_mul(IN_HAND),
            concurrency: usize::from(options.concurrency.saturating_mul(IN_HAND)),
            kept_slots: KEPT_SLOTS,
            resuming: RESUMING_OF_BROKER,
            hold_limit: consumer::HOLD_LIMIT,
            drain_limit: Duration::from_secs(options.drain_timeout_s),
        };
        let stranded = Stranded { lanes: lanes(options), publisher };
        let stranded = Spool { handler: handler.clone(), bell: Bell::default(), supply: stranded };
        let stranded = tokio::spawn(stranded.consume(options.clone(), self.shutdown.clone(), self.stranded));
        let aside = tokio::spawn(aside(&handler, options).consume(options.clone(), self.shutdown.clone(), self.aside));
        let handle = move |message| handler.clone().handle(message);
        let (store, shutdown, health) = (self.store, self.shutdown.clone(), self.health.clone());
        let able = move || able_to_work(store.clone(), shutdown.clone(), health.clone());
        consumer::run(consuming, handle, able, self.shutdown, self.health).await;
        stranded.await?;
        aside.await?;
        letting_go.abort();
        relaying.await?;
        publishing.await?;
        Ok(())
    }

    /// Takes what the spool holds.
    pub async fn take_from_spool(self, bell: Bell, options: &ExecutionOptions) -> Result<(), Failure> {
        let handler = self.handler(options);
        let letting_go = tokio::spawn(gate::mind(handler.clone()));
        // There is no broker that could take nothing.
        self.stranded.hearing();
        let aside = tokio::spawn(aside(&handler, options).consume(options.clone(), self.shutdown.clone(), self.aside));
        tracing::info!("consuming the spool");
        let spool = Spool { handler, bell, supply: lanes(options) };
        spool.consume(options.clone(), self.shutdown, self.health).await;
        aside.await?;
        letting_go.abort();
        Ok(())
    }

    fn handler(&self, options: &ExecutionOptions) -> Handler {
        let (store, metrics) = (self.store.clone(), Arc::clone(&self.metrics));
        let connections = Connections::new(RESUMING_CONNECTIONS, CALLING_CONNECTIONS, SLOW_SLOTS);
        let gathering = || Arc::new(Gathering::new(usize::from(options.concurrency)));
        let (gathering, bursts) = (gathering(), gathering());
        let (outside, catalogs) = (self.outside.clone(), Arc::clone(&self.catalogs));
        let (gate, aside, experience) = (Bell::default(), Bell::default(), Arc::new(Experience::default()));
        let (slow, outages) = (Arc::default(), Arc::clone(&self.outages));
        Handler {
            outside,
            store,
            catalogs,
            metrics,
            gathering,
            bursts,
            experience,
            connections,
            slow,
            outages,
            aside,
            gate,
        }
    }
}

/// A consumer of the spool.
struct Spool<S> {
    handler: Handler,
    /// Rings when something is due that it takes.
    bell: Bell,
    supply: S,
}

impl<S: Supply> Spool<S> {
    async fn consume(self, options: ExecutionOptions, shutdown: Shutdown, health: Health) {
        let Self { handler, bell, supply } = self;
        let drain_limit = Duration::from_secs(options.drain_timeout_s);
        let consuming = consumer::spool::Options { store: handler.store.clone(), bell, supply, drain_limit };
        let handle = move |message| handler.clone().handle(message);
        consumer::spool::run(consuming, handle, shutdown, health).await;
    }
}

/// The lanes of submissions, taken from the spool.
fn lanes(options: &ExecutionOptions) -> Lanes {
    Lanes::new(usize::from(options.concurrency.saturating_mul(IN_HAND)), KEPT_SLOTS)
}

/// The consumer of the lanes that are of the spool alone.
fn aside(handler: &Handler, options: &ExecutionOptions) -> Spool<Aside> {
    let breakers = Arc::clone(&handler.outside.breakers);
    let calls = usize::from(options.outside_concurrency);
    let supply = Aside::new(Room { resuming: RESUMING_SLOTS, calls, slow: SLOW_SLOTS }, breakers);
    Spool { handler: handler.clone(), bell: handler.aside.clone(), supply }
}

/// Returns once PostgreSQL answers with the right schema: without it every message would only be held, and go back.
async fn able_to_work(store: Store, shutdown: Shutdown, health: Health) {
    if let Err(error) = migrate::wait(&store, &shutdown, |error| health.lost(error.to_string())).await {
        tracing::error!(%error, "postgresql does not answer as it should; messages are taken and held");
    }
}
