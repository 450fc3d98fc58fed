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
mod clock;
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
mod upkeep;
mod waves;
mod work;

use std::sync::Arc;

use postern_shared::bell::Bell;
use postern_shared::descriptors;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, migrate};
use prometheus::Registry;
use tokio::net::TcpListener;

use catalog::Catalogs;
use consumer::Health;
use metrics::Metrics;
pub use options::{ExecutionOptions, Options};
use outages::Outages;
use outside::Outside;
use outside::mail::MailServer;
use work::{RUN_CONNECTIONS, Work};

/// Whatever can end the service before its time, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connections to PostgreSQL beside those of the bundles.
const SPARE_CONNECTIONS: usize = 4;

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
    let (aside, stranded) = (Health::default(), Health::default());
    let condition = probe::Condition {
        health: health.clone(),
        aside: aside.clone(),
        stranded: stranded.clone(),
        outages: Arc::clone(&outages),
    };
    let address = options.private_listen;
    let private = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    tracing::info!(address = %private.local_addr()?, "the private listener is open: health and metrics");
    let probe = tokio::spawn(probe::serve(
        private,
        options.private.private_hosts.clone(),
        condition,
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
    let house = tokio::spawn(upkeep::keep_house(store.clone()));
    let sweeping = tokio::spawn(upkeep::sweep(store.clone()));
    let ending = tokio::spawn(upkeep::end_frozen(store.clone()));
    let backlog = tokio::spawn(backlog::watch(store.clone(), Arc::clone(&metrics)));
    let losses = tokio::spawn(losses::watch(store.clone(), Arc::clone(&metrics)));

    let work = Work { outside, store, catalogs, metrics, outages, shutdown, health, aside, stranded };
    match &options.broker.amqp_url {
        Some(url) => work.take_from_broker(url.parse()?, execution, &registry).await?,
        None => work.take_from_spool(bell, execution).await?,
    }
    for task in [following, house, sweeping, ending, backlog, losses, probe] {
        task.abort();
    }
    Ok(())
}
