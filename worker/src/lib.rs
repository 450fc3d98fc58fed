//! The worker: takes bundles from the broker, or from the spool where there is none, resolves the workflows that each
//! submission starts, executes them, and commits everything a bundle wrote as one transaction before the bundle is
//! acknowledged.

mod bundle;
pub mod consume;
mod consumers;
mod matching;
mod metrics;
mod options;
mod outside;
mod probe;
mod resources;
mod run;
mod task;
mod upkeep;

use std::net::SocketAddr;
use std::sync::Arc;

use postern_shared::backlog::BacklogMetrics;
use postern_shared::descriptors;
use postern_shared::options::{DatabaseOptions, variables};
use postern_shared::presence::Presence;
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::processes::Service;
use postern_shared::store::{Store, migrate};
use postern_shared::wakeup::Wakeup;
use postern_traces::Traces;
use prometheus::Registry;
use tokio::net::TcpListener;

use consume::health::Health;
use consume::outages::Outages;
use consumers::{Consumers, RUN_CONNECTIONS};
use matching::catalog::Fallbacks;
use matching::catalogs::Catalogs;
use metrics::Metrics;
pub use options::{ExecutionOptions, Options};
use outside::mail::MailServer;
use outside::{Known, Outside};
use run::dry_run::DryRuns;

/// Connections to PostgreSQL beside those of the bundles.
const SPARE_CONNECTIONS: usize = 4;

/// Runs the service until shutdown, and then until the bundles being executed are committed and acknowledged. `wakeup`
/// wakes when an ingress of the same process has put something into the spool.
pub async fn run(options: Options, wakeup: Wakeup, shutdown: Shutdown) -> Result<(), Failure> {
    descriptors::raise();
    let execution = &options.execution;
    let mail = execution.smtp_url.as_ref().map(|url| MailServer::new(url)).transpose()?;
    let registry = Registry::new();
    let metrics = Arc::new(Metrics::new(&registry)?);
    let resting = metrics.resting_targets.clone();
    let (keys, environment) = (options.secrets.keys()?, variables::of_environment()?);
    let known = Known::default();
    let outside = Outside::new(execution.allowed_targets.clone(), mail, known.clone(), resting)?;
    outside.breakers.name_connections(metrics.connections_away.clone());
    let (health, outages) = (Health::default(), Arc::new(Outages::default()));
    let (own_lanes, stranded) = (Health::default(), Health::default());
    let condition = probe::Condition {
        health: health.clone(),
        own_lanes: own_lanes.clone(),
        stranded: stranded.clone(),
        outages: Arc::clone(&outages),
    };
    let (private, address) = listen(options.private_listen).await?;
    let probe = tokio::spawn(probe::serve(
        private,
        options.private.private_hosts.clone(),
        condition,
        metrics.ready.clone(),
        registry.clone(),
    ));

    let store = Store::new(&database(&options), "postern-worker")?.observed(&registry, "worker")?;
    migrate::wait(&store, &shutdown, |error| health.lost(error.to_string())).await?;
    if shutdown.is_triggered() {
        return Ok(());
    }
    let fallbacks = Fallbacks { sender: execution.mail_from.clone(), zone: execution.zone.clone() };
    let catalogs =
        Arc::new(Catalogs::new(store.clone(), fallbacks, keys, (known.secrets, known.connections), environment));
    let following = tokio::spawn(follow(Arc::clone(&catalogs)));
    let presence = Presence::new(&store, (Service::Worker, address), catalogs.held(), &registry)?;
    let presence = presence.naming(outside.breakers.away());
    let present = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { presence.keep(&shutdown).await }
    });
    let backlog = BacklogMetrics::register(&registry, "worker")?;
    let watched = (&metrics, &outages, backlog);
    let upkeep = upkeep::start(&store, execution, watched, (&catalogs, &outside))?;
    let dry_runs = tokio::spawn(DryRuns::new(&store, Arc::clone(&catalogs), outside.clone())?.serve());

    let (traces, exporting) = Traces::start(&options.traces, "worker", &registry)?;
    let consumers =
        Consumers { outside, store, catalogs, metrics, outages, shutdown, health, own_lanes, stranded, traces };
    match &options.broker.amqp_url {
        Some(url) => consumers.take_from_broker(url.parse()?, execution, &registry).await?,
        None => consumers.take_from_spool(wakeup, execution).await?,
    }
    exporting.end().await;
    for task in upkeep.into_iter().chain([following, probe, present, dry_runs]) {
        task.abort();
    }
    Ok(())
}

/// The private listener, and where it listens.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "the private listener is open: health and metrics");
    Ok((listener, address))
}

/// With a connection for each bundle, and some for the relay, the catalog and the rest: a bundle must not wait for one.
fn database(options: &Options) -> DatabaseOptions {
    let mut database = options.database.clone();
    let needed = 2 * usize::from(options.execution.concurrency) + SPARE_CONNECTIONS + RUN_CONNECTIONS;
    database.database_connections = database.database_connections.max(needed);
    database
}

async fn follow(catalogs: Arc<Catalogs>) {
    catalogs.follow().await;
}
