//! The private PostgreSQL: a child process that listens on a socket in the data folder and nowhere else, is started
//! again when it ends by itself, and stops with Postern.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::shutdown::Shutdown;
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Failure;
use super::cluster::{Cluster, ROLE};
use super::options::PrivateDatabaseOptions;

/// Between two looks at whether it listens.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The wait before one that ended by itself is started again: its last children must have noticed.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Seconds that stopping may take: what it has in memory is written to disk.
const STOP_LIMIT_S: u64 = 60;

/// A running server.
#[derive(Debug)]
pub struct Server {
    cluster: Arc<Cluster>,
    stop: Shutdown,
    supervising: JoinHandle<()>,
}

impl Server {
    /// Starts it and waits until it listens. Nothing if Postern is told to stop meanwhile.
    pub async fn start(options: &PrivateDatabaseOptions, shutdown: &Shutdown) -> Result<Option<Self>, Failure> {
        let cluster = Arc::new(Cluster::open(options).await?);
        let mut child = spawn(&cluster)?;
        while UnixStream::connect(cluster.folder.socket()).await.is_err() {
            tokio::select! {
                _ = child.wait() => return Err(cluster.failure("postgresql did not start")),
                () = shutdown.wait() => {
                    end(&cluster, &mut child).await;
                    return Ok(None);
                }
                () = sleep(LOOK_EVERY) => {}
            }
        }
        let stop = Shutdown::new();
        let supervising = tokio::spawn(supervise(Arc::clone(&cluster), child, stop.clone()));
        Ok(Some(Self { cluster, stop, supervising }))
    }

    /// How to connect to it. Its only database is the one that every cluster has.
    pub fn url(&self) -> String {
        let folder = self.cluster.folder.socket_folder();
        let folder = folder.to_string_lossy().replace('\\', "\\\\").replace('\'', "\\'");
        format!("host='{folder}' user={ROLE} dbname=postgres")
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.cluster.folder.path()
    }

    /// Stops it, and returns when it has ended.
    pub async fn stop(self) {
        self.stop.trigger();
        if let Err(error) = self.supervising.await {
            tracing::error!(%error, "whether postgresql has stopped is not known");
        }
    }
}

/// What a commit means is not left to a file; nor where it listens.
fn spawn(cluster: &Cluster) -> Result<Child, Failure> {
    let mut command = cluster.command("postgres")?;
    command.arg("-D").arg(cluster.folder.cluster());
    // A list of folders in which a name may stand in quotes.
    let folder = cluster.folder.socket_folder().to_string_lossy().replace('"', "\"\"");
    for setting in [
        "listen_addresses=",
        "port=5432",
        &format!("unix_socket_directories=\"{folder}\""),
        "unix_socket_permissions=0700",
        "fsync=on",
        "full_page_writes=on",
        "synchronous_commit=on",
        "logging_collector=off",
        "log_destination=stderr",
    ] {
        command.arg("-c").arg(setting);
    }
    Ok(command.spawn()?)
}

/// Until told to stop.
async fn supervise(cluster: Arc<Cluster>, mut child: Child, stop: Shutdown) {
    let mut again = AGAIN;
    loop {
        tokio::select! {
            () = stop.wait() => return end(&cluster, &mut child).await,
            _ = child.wait() => {}
        }
        tracing::error!(log = %cluster.folder.log().display(), "postgresql ended by itself; it is started again");
        tokio::select! {
            () = stop.wait() => return,
            () = sleep(again.delay()) => {}
        }
        match spawn(&cluster) {
            Ok(started) => child = started,
            Err(error) => tracing::error!(%error, "postgresql could not be started"),
        }
    }
}

async fn end(cluster: &Cluster, child: &mut Child) {
    if let Err(error) = cluster.stop(STOP_LIMIT_S).await {
        tracing::error!(%error, "postgresql is killed; it recovers at the next start");
        // Its children end when they notice.
        let _ = child.start_kill();
    }
    let _ = timeout(Duration::from_secs(STOP_LIMIT_S), child.wait()).await;
}
