//! `postern serve`: all services in one process. Without `DATABASE_URL` it keeps a PostgreSQL of its own in the data
//! folder, which stops with it; without `AMQP_URL` there is no broker, and what is accepted goes through the spool.

mod cluster;
mod demo;
mod folder;
mod options;
mod ports;
mod programs;
mod runtime;
mod secrets_key;
mod server;
mod user;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use postern_control::Watched;
use postern_http::listen::listen;
use postern_shared::host;
use postern_shared::options::{BrokerOptions, DatabaseOptions};
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::migrate::{self, Migrated};
use postern_shared::store::{Store, StoreError};
use postern_shared::telemetry;
use postern_shared::wakeup::Wakeup;
use prometheus::Registry;
use tokio::sync::oneshot;

pub use options::Options;
use runtime::Runtime;
use server::Server;

/// Between two looks at a database that does not answer yet.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs until SIGTERM or SIGINT; returns when all services have finished what they had begun, and its PostgreSQL has
/// stopped.
pub async fn run(mut options: Options) -> Result<(), Failure> {
    ports::check(&options.listeners())?;
    let shutdown = Shutdown::on_signal()?;
    // A compose file hands over an empty text for what is not set.
    let given = options.database_url.clone().filter(|url| !url.is_empty());
    let Some(url) = given else {
        let server = Server::start(&options.private_database, &shutdown).await?;
        let Some(server) = server else { return Ok(()) };
        if options.secrets.is_empty() {
            options.secrets = secrets_key::of_folder(server.folder())?;
        }
        let served = serve(options, server.url(), Some(server.folder()), &shutdown).await;
        let folder = server.folder().display().to_string();
        server.stop().await;
        if served.is_ok() {
            telemetry::announce("stopped; the data is in", "folder", &folder);
        }
        return served;
    };
    serve(options, url, None, &shutdown).await
}

/// Brings the database up to this version, and runs all services on it.
async fn serve(options: Options, url: String, folder: Option<&Path>, shutdown: &Shutdown) -> Result<(), Failure> {
    let other = options.other_database.clone();
    let database = DatabaseOptions { database_url: url, database_connections: options.database_connections, other };
    prepare(&database, &options, shutdown).await?;
    if shutdown.is_triggered() {
        return Ok(());
    }
    telemetry::print(introduction(&options, folder));
    let has_own_listener = options.control_listen.is_some();
    let (ingress, worker, control) = services(options, database);
    let wakeup = Wakeup::default();
    // Health and metrics of ingress tell of control too; where the panel has no listener of its own, it is served beside.
    let of_control = Registry::new();
    let (given, watched) = if has_own_listener {
        (None, Watched::Elsewhere(of_control.clone()))
    } else {
        let private = listen(control.control_listen)?.into_std()?;
        tracing::info!(
            address = %private.local_addr()?,
            "the private listener is open: the control panel, its API, health and metrics"
        );
        let (given, taken) = oneshot::channel();
        (Some(given), Watched::Together(of_control.clone(), taken, private))
    };
    let (execution, administration) = (Runtime::new("postern-worker")?, Runtime::new("postern-control")?);
    let beside = postern_ingress::Beside { wakeup: wakeup.clone(), metrics: vec![of_control], probe: given };
    let ingress = tokio::spawn(postern_ingress::run(ingress, beside, shutdown.clone()));
    let worker = execution.spawn(postern_worker::run(worker, wakeup, shutdown.clone()));
    let control = administration.spawn(postern_control::run(control, watched, shutdown.clone()));
    // One without the others is of no use: whichever ends, ends all.
    let ended = async |service: tokio::task::JoinHandle<Result<(), Failure>>| {
        let ended = service.await;
        shutdown.trigger();
        ended?
    };
    let (ingress, worker, control) = tokio::join!(ended(ingress), ended(worker), ended(control));
    ingress.and(worker).and(control)
}

/// What each service is set to.
fn services(
    options: Options,
    database: DatabaseOptions,
) -> (postern_ingress::Options, postern_worker::Options, postern_control::Options) {
    let amqp_url = options.amqp_url.filter(|url| !url.is_empty());
    let broker = BrokerOptions { amqp_url, amqp_url_file: options.amqp_url_file };
    let (private, private_listen) = (options.ingress.private.clone(), options.ingress.private_listen);
    let control = postern_control::Options {
        control_listen: options.control_listen.unwrap_or(private_listen),
        private_listen,
        private: private.clone(),
        access: options.access,
        public: options.ingress.public.clone(),
        body: options.ingress.body.clone(),
        secrets: options.secrets.clone(),
        database: database.clone(),
        telemetry: options.telemetry.clone(),
    };
    let worker = postern_worker::Options {
        private_listen: options.worker_listen,
        private,
        execution: options.worker,
        secrets: options.secrets.clone(),
        database: database.clone(),
        broker: broker.clone(),
        telemetry: options.telemetry.clone(),
        traces: options.traces.clone(),
    };
    let ingress = postern_ingress::Options {
        service: options.ingress,
        database,
        broker,
        secrets: options.secrets,
        telemetry: options.telemetry,
        traces: options.traces,
    };
    (ingress, worker, control)
}

/// The tables of this version, and the demo if it is asked for.
async fn prepare(database: &DatabaseOptions, options: &Options, shutdown: &Shutdown) -> Result<(), Failure> {
    let store = Store::new(database, "postern serve")?.direct(1)?;
    let mut connection = loop {
        match store.connection().await {
            Ok(connection) => break connection,
            Err(error @ StoreError::Away(_)) if !shutdown.is_triggered() => {
                tracing::warn!(%error, "waiting for the database");
                let _ = tokio::time::timeout(LOOK_EVERY, shutdown.wait()).await;
            }
            Err(error) => return if shutdown.is_triggered() { Ok(()) } else { Err(error.into()) },
        }
    };
    match migrate::run(&mut connection).await? {
        Migrated::Taken(migrations) => tracing::info!(migrations, "the tables are those of this version"),
        Migrated::Newer(schema) => tracing::info!(schema, "the tables are those of a later version, and fit this one"),
    }
    if options.demo {
        demo::apply_if_empty(&mut connection).await?;
    }
    Ok(())
}

/// What the person who starts it needs to know, on standard output: the log is for what happens later.
fn introduction(options: &Options, folder: Option<&Path>) -> String {
    let (public, short_url) = (host::reachable(options.ingress.public.listen), &options.ingress.public.short_url);
    let control = host::reachable(options.control_listen.unwrap_or(options.ingress.private_listen));
    let by = if options.amqp_url.as_ref().is_some_and(|url| !url.is_empty()) { "RabbitMQ" } else { "the database" };
    let scheme = options.ingress.public.scheme();
    let mut text = format!("posts to       {scheme}://{public}/{short_url}?workflow_trigger=KEY\n");
    // Writing into a text does not fail.
    let _ = writeln!(text, "control panel  http://{control}");
    if let Some(folder) = folder {
        let _ = writeln!(text, "data           {}", folder.display());
    }
    let _ = writeln!(text, "queue          {by}");
    text
}
