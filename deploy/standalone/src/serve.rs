//! `postern serve`, which is also what the program does without a command: both services in one process. Without
//! `DATABASE_URL` it keeps a PostgreSQL of its own in the data folder, which stops with it; without `AMQP_URL` there is
//! no broker, and what is accepted goes through the spool.

mod cluster;
mod demo;
mod execution;
mod folder;
mod options;
mod programs;
mod server;
mod user;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use postern_shared::bell::Bell;
use postern_shared::host;
use postern_shared::options::{BrokerOptions, DatabaseOptions};
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, StoreError, history, migrate};
use postern_shared::telemetry;

use execution::Execution;
pub use options::Options;
use server::Server;

/// Between two looks at a database that does not answer yet.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Whatever can end it before its time, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs until SIGTERM or SIGINT; returns when both services have finished what they had begun, and its PostgreSQL has
/// stopped.
pub async fn run(options: Options) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signal()?;
    // A compose file hands over an empty text for what is not set.
    let given = options.database_url.clone().filter(|url| !url.is_empty());
    let Some(url) = given else {
        let server = Server::start(&options.private_database, &shutdown).await?;
        let Some(server) = server else { return Ok(()) };
        let served = serve(options, server.url(), Some(server.folder()), &shutdown).await;
        server.stop().await;
        return served;
    };
    serve(options, url, None, &shutdown).await
}

/// Brings the database up to this version, and runs both services on it.
async fn serve(options: Options, url: String, folder: Option<&Path>, shutdown: &Shutdown) -> Result<(), Failure> {
    let database = DatabaseOptions { database_url: url, database_connections: options.database_connections };
    prepare(&database, &options, shutdown).await?;
    if shutdown.is_triggered() {
        return Ok(());
    }
    telemetry::print(introduction(&options, folder));
    let broker = BrokerOptions { amqp_url: options.amqp_url.filter(|url| !url.is_empty()) };
    let private = options.ingress.private.clone();
    let ingress = postern_ingress::Options {
        service: options.ingress,
        database: database.clone(),
        broker: broker.clone(),
        telemetry: options.telemetry.clone(),
    };
    let worker = postern_worker::Options {
        private_listen: options.worker_listen,
        private,
        execution: options.worker,
        database,
        broker,
        telemetry: options.telemetry,
    };
    let bell = Bell::default();
    let execution = Execution::new()?;
    let ingress = tokio::spawn(postern_ingress::run(ingress, bell.clone(), shutdown.clone()));
    let worker = execution.spawn(postern_worker::run(worker, bell, shutdown.clone()));
    // One without the other is of no use: whichever ends, ends both.
    let ended = async |service: tokio::task::JoinHandle<Result<(), Failure>>| {
        let ended = service.await;
        shutdown.trigger();
        ended?
    };
    let (ingress, worker) = tokio::join!(ended(ingress), ended(worker));
    ingress.and(worker)
}

/// The tables of this version, and the demo if it is asked for.
async fn prepare(database: &DatabaseOptions, options: &Options, shutdown: &Shutdown) -> Result<(), Failure> {
    let store = Store::new(database, "postern serve")?;
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
    let taken = migrate::run(&mut connection).await?;
    history::make_ahead(&connection).await?;
    tracing::info!(migrations = taken, "the tables are those of this version");
    if options.demo {
        demo::apply_if_empty(&mut connection).await?;
    }
    Ok(())
}

/// What the person who starts it needs to know, on standard output: the log is for what happens later.
fn introduction(options: &Options, folder: Option<&Path>) -> String {
    let (public, short_url) = (host::reachable(options.ingress.listen), &options.ingress.short_url);
    let private = host::reachable(options.ingress.private_listen);
    let by = if options.amqp_url.as_ref().is_some_and(|url| !url.is_empty()) { "RabbitMQ" } else { "the database" };
    let mut text = format!("posts to       http://{public}/{short_url}?workflow_trigger=KEY\n");
    // Writing into a text does not fail.
    let _ = writeln!(text, "control panel  http://{private}");
    if let Some(folder) = folder {
        let _ = writeln!(text, "data           {}", folder.display());
    }
    let _ = writeln!(text, "queue          {by}");
    text
}
