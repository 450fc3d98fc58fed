//! The programs of two versions on one database, and the leads that they carry.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, Store};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use crate::cli::empty_database;
use crate::harness::call::client;
use crate::harness::process::Process;
use crate::harness::servers::{Servers, optional_setting, setting};
use crate::harness::{TOKEN, eventually, ready};

/// Leads a second, unless `tests/run upgrade --rate` names another number.
const RATE: u64 = 40;

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {module: Leads, without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, store_id: lead, created: pause}
  pause: {delay: {for: 1s}, next: change}
  change: {set_value: {seen: 'yes'}, record: '$env[\"lead\"]'}
";

/// A database that has the tables and the settings of the old version.
pub async fn database() -> Servers {
    let mut servers = empty_database().await;
    servers.role_prefix = servers.name().to_owned();
    let old = Version::old(&servers);
    old.migrate().await;
    old.apply_settings().await;
    servers
}

/// A connection of the test to that database, as its owner.
pub async fn connection(servers: &Servers) -> Connection {
    let store = Store::new(&DatabaseOptions::new(&servers.database_url, 2), "postern-tests").unwrap();
    store.connection().await.unwrap()
}

/// The programs of one version.
pub struct Version<'s> {
    folder: PathBuf,
    servers: &'s Servers,
}

impl<'s> Version<'s> {
    /// This version.
    pub fn new(servers: &'s Servers) -> Self {
        Self { folder: setting("POSTERN_BIN_DIR").into(), servers }
    }

    /// The version before it: that of `tests/run upgrade`, or else this one as well.
    pub fn old(servers: &'s Servers) -> Self {
        match optional_setting("POSTERN_DEV_OTHER_BIN_DIR") {
            Some(folder) => Self { folder: folder.into(), servers },
            None => Self::new(servers),
        }
    }

    fn start(&self, binary: &str) -> Process {
        // An ingress of this version says of each lead to which trace it belongs. There is no collector.
        let traced = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
        Process::start_in(&self.folder, binary, self.servers, &traced)
    }

    /// All services, ready.
    pub async fn start_all(&self) -> Services {
        let [mut ingress, worker, control] = ["ingress", "worker", "control"].map(|name| self.start(&binary(name)));
        let door = ingress.address("the public listener is open").await;
        let mut services = Services { ingress, worker, control, door };
        for process in services.all() {
            ready("a service is ready", process).await;
        }
        services
    }

    /// Kills the worker with whatever it has in hand, and starts another.
    pub async fn restart_worker(&self, services: &mut Services) {
        services.worker.kill();
        services.worker = self.start("postern-worker");
        ready("another worker is ready", &mut services.worker).await;
    }

    /// Makes the tables and the roles with the command of this version.
    pub async fn migrate(&self) {
        let password = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(password.path(), &self.servers.role_password).unwrap();
        let mut command = Command::new(self.folder.join("postern"));
        command
            .args(["migrate", "--roles", "--role-prefix", &self.servers.role_prefix])
            .env("DATABASE_URL", &self.servers.database_url);
        for process in ["ingress", "worker", "control"] {
            command.arg(format!("--{process}-password-file")).arg(password.path());
        }
        let ended = command.output().await.unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }

    /// Sets the documents by the programs of this version.
    async fn apply_settings(&self) {
        let mut control = self.start("postern-control");
        ready("control is ready", &mut control).await;
        let address = control.address("the control listener is open").await;
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        std::fs::write(file.path(), SETTINGS).unwrap();
        let mut command = Command::new(self.folder.join("postern"));
        command.args(["apply", "--yes"]).arg(file.path()).env("HOME", "/nowhere");
        command.env("POSTERN_URL", format!("http://{address}")).env("POSTERN_API_TOKEN", TOKEN);
        let ended = command.output().await.unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

fn binary(service: &str) -> String {
    format!("postern-{service}")
}

/// The services of one version.
pub struct Services {
    ingress: Process,
    worker: Process,
    control: Process,
    /// The public listener.
    pub door: SocketAddr,
}

impl Services {
    fn all(&mut self) -> [&mut Process; 3] {
        [&mut self.ingress, &mut self.worker, &mut self.control]
    }

    /// Takes them out of the load balancer, and stops them as an orchestrator does.
    pub async fn stop(mut self, load: &Load) {
        load.doors.lock().unwrap().retain(|door| *door != self.door);
        sleep(Duration::from_millis(300)).await;
        for process in self.all() {
            process.terminate();
            assert!(process.ended().await, "{}", process.log());
        }
    }
}

/// Leads that come at a fixed rate, at the door that was opened last.
pub struct Load {
    doors: Arc<Mutex<Vec<SocketAddr>>>,
    ends: Arc<AtomicBool>,
    posting: JoinHandle<Posted>,
}

/// What was posted.
#[derive(Default)]
pub struct Posted {
    /// When each lead that was accepted was posted, and how long it took to be accepted.
    pub accepted: Vec<(SystemTime, Duration)>,
    /// What the others got.
    pub refused: Vec<String>,
}

impl Load {
    pub fn start(door: SocketAddr) -> Self {
        let (doors, ends) = (Arc::new(Mutex::new(vec![door])), Arc::new(AtomicBool::new(false)));
        let rate: u64 = optional_setting("POSTERN_DEV_RATE").map_or(RATE, |rate| rate.parse().unwrap());
        let (open, ended) = (Arc::clone(&doors), Arc::clone(&ends));
        let posting = tokio::spawn(async move {
            let (mut ticks, mut posts) = (interval(Duration::from_micros(1_000_000 / rate)), Vec::new());
            while !ended.load(Ordering::Relaxed) {
                ticks.tick().await;
                let door = { open.lock().unwrap().last().copied() }.unwrap();
                posts.push(tokio::spawn(post(door, posts.len())));
            }
            let mut posted = Posted::default();
            for post in posts {
                match post.await.unwrap() {
                    Ok(accepted) => posted.accepted.push(accepted),
                    Err(refused) => posted.refused.push(refused),
                }
            }
            posted
        });
        Self { doors, ends, posting }
    }

    /// Leads go to these services from now on.
    pub fn goes_to(&self, services: &Services) {
        self.doors.lock().unwrap().push(services.door);
    }

    /// Stops, and waits until all that was accepted has run. Nothing may have been refused, lost or done twice.
    pub async fn end(self, connection: &Connection) -> Posted {
        self.ends.store(true, Ordering::Relaxed);
        let posted = self.posting.await.unwrap();
        let accepted = i64::try_from(posted.accepted.len()).unwrap();
        eventually("all runs have ended", async || {
            let ended = count(connection, "SELECT count(*) FROM runs WHERE state = 'finished' AND workflow = 1").await;
            (ended == accepted).then_some(())
        })
        .await;
        let distinct = "SELECT count(DISTINCT fields->>'n') FROM records WHERE fields->>'seen' = 'yes'";
        let (distinct, records) =
            (count(connection, distinct).await, count(connection, "SELECT count(*) FROM records").await);
        let (refused, lost, doubled) = (posted.refused.len(), accepted - distinct, records - distinct);
        assert_eq!((refused, lost, doubled), (0, 0, 0), "of {accepted} leads; refused: {:?}", posted.refused);
        let receipts = count(connection, "SELECT count(*) FROM receipts WHERE workflow = 1").await;
        let dead = count(connection, "SELECT count(*) FROM dead_letters").await;
        assert_eq!((receipts, dead), (accepted, 0));
        posted
    }
}

async fn post(door: SocketAddr, number: usize) -> Result<(SystemTime, Duration), String> {
    let (at, began) = (SystemTime::now(), Instant::now());
    let url = format!("http://{door}/trigger?workflow_id=1");
    let answer = client().post(url).form(&[("n", number)]).send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    if status == 202 {
        Ok((at, began.elapsed()))
    } else {
        Err(format!("{status} {}", answer.text().await.unwrap_or_default()))
    }
}

async fn count(connection: &Connection, statement: &str) -> i64 {
    connection.query_one(statement, &[]).await.unwrap().get(0)
}
