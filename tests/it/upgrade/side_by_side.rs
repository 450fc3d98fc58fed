//! Two versions carry leads side by side, through an upgrade and a rollback. `tests/run upgrade` hands over the programs of an
//! older commit; without them both versions are this one. The tables are of a later version than both.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::migrate::Schema;
use postern_shared::store::{Connection, Store};
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use super::EXPANDS;
use crate::cli::{Cli, empty_database};
use crate::harness::call::client;
use crate::harness::process::Process;
use crate::harness::servers::{Servers, optional_setting, setting};
use crate::harness::{TOKEN, eventually, ready};

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

/// How long each pair of versions carries leads.
const STAGE: Duration = Duration::from_secs(2);

/// The programs of one version.
struct Version<'s> {
    folder: PathBuf,
    servers: &'s Servers,
}

impl Version<'_> {
    fn start(&self, binary: &str) -> Process {
        // An ingress of this version says of each lead to which trace it belongs. There is no collector.
        let traced = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
        Process::start_in(&self.folder, binary, self.servers, &traced)
    }

    async fn start_pair(&self, load: &Load) -> Pair {
        let (mut ingress, mut worker) = (self.start("postern-ingress"), self.start("postern-worker"));
        ready("the ingress is ready", &mut ingress).await;
        ready("the worker is ready", &mut worker).await;
        let door = ingress.address("the public listener is open").await;
        load.doors.lock().unwrap().push(door);
        Pair { ingress, worker, door }
    }
}

/// An ingress and a worker of one version.
struct Pair {
    ingress: Process,
    worker: Process,
    door: SocketAddr,
}

impl Pair {
    /// Takes it out of the load balancer, and stops it as an orchestrator does.
    async fn stop(mut self, load: &Load) {
        load.doors.lock().unwrap().retain(|door| *door != self.door);
        sleep(Duration::from_millis(300)).await;
        for process in [&mut self.ingress, &mut self.worker] {
            process.terminate();
            assert!(process.ended().await, "{}", process.log());
        }
    }
}

/// Leads that come at a fixed rate, at the doors that are open.
struct Load {
    doors: Arc<Mutex<Vec<SocketAddr>>>,
    ends: Arc<AtomicBool>,
    posting: JoinHandle<(usize, Vec<String>)>,
}

impl Load {
    fn start(door: SocketAddr) -> Self {
        let (doors, ends) = (Arc::new(Mutex::new(vec![door])), Arc::new(AtomicBool::new(false)));
        let rate: u64 = optional_setting("POSTERN_DEV_RATE").map_or(40, |rate| rate.parse().unwrap());
        let (open, ended) = (Arc::clone(&doors), Arc::clone(&ends));
        let posting = tokio::spawn(async move {
            let (mut ticks, mut posts) = (interval(Duration::from_micros(1_000_000 / rate)), Vec::new());
            while !ended.load(Ordering::Relaxed) {
                ticks.tick().await;
                let door = { open.lock().unwrap().last().copied() }.unwrap();
                posts.push(tokio::spawn(post(door, posts.len())));
            }
            let mut refused = Vec::new();
            let count = posts.len();
            for post in posts {
                refused.extend(post.await.unwrap().err());
            }
            (count, refused)
        });
        Self { doors, ends, posting }
    }

    /// Stops, and returns how many were accepted. None may have been refused.
    async fn end(self) -> i64 {
        self.ends.store(true, Ordering::Relaxed);
        let (count, refused) = self.posting.await.unwrap();
        assert_eq!(refused, Vec::<String>::new());
        i64::try_from(count).unwrap()
    }
}

async fn post(door: SocketAddr, number: usize) -> Result<(), String> {
    let url = format!("http://{door}/trigger?workflow_id=1");
    let answer = client().post(url).form(&[("n", number)]).send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    if status == 202 { Ok(()) } else { Err(format!("{status} {}", answer.text().await.unwrap_or_default())) }
}

/// Makes the tables and the roles with the command of a version.
fn migrate(folder: &Path, servers: &Servers) {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), &servers.role_password).unwrap();
    let mut command = std::process::Command::new(folder.join("postern"));
    command
        .args(["migrate", "--roles", "--role-prefix", &servers.role_prefix])
        .env("DATABASE_URL", &servers.database_url);
    for process in ["ingress", "worker", "control"] {
        command.arg(format!("--{process}-password-file")).arg(password.path());
    }
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

/// Sets the documents by the programs of a version.
async fn apply_settings(version: &Version<'_>) {
    let mut control = version.start("postern-control");
    ready("control is ready", &mut control).await;
    let address = control.address("the control listener is open").await;
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), SETTINGS).unwrap();
    let mut command = std::process::Command::new(version.folder.join("postern"));
    command.args(["apply", "--yes"]).arg(file.path()).env("HOME", "/nowhere");
    let ended =
        command.env("POSTERN_URL", format!("http://{address}")).env("POSTERN_API_TOKEN", TOKEN).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

async fn count(connection: &Connection, statement: &str) -> i64 {
    connection.query_one(statement, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_carry_leads_through_an_upgrade_and_a_rollback() {
    let mut servers = empty_database().await;
    servers.role_prefix = servers.name().to_owned();
    let this = PathBuf::from(setting("POSTERN_BIN_DIR"));
    let other = optional_setting("POSTERN_DEV_OTHER_BIN_DIR").map(PathBuf::from);
    let old = Version { folder: other.unwrap_or_else(|| this.clone()), servers: &servers };
    let new = Version { folder: this, servers: &servers };
    migrate(&old.folder, &servers);
    apply_settings(&old).await;
    let store = Store::new(&DatabaseOptions::new(&servers.database_url, 2), "postern-tests").unwrap();
    let mut connection = store.connection().await.unwrap();

    let (mut ingress, mut worker) = (old.start("postern-ingress"), old.start("postern-worker"));
    ready("the ingress is ready", &mut ingress).await;
    ready("the worker is ready", &mut worker).await;
    let door = ingress.address("the public listener is open").await;
    let (first, load) = (Pair { ingress, worker, door }, Load::start(door));
    sleep(STAGE).await;
    // The tables of the new version come while the old one works.
    migrate(&new.folder, &servers);
    Schema::current().with(EXPANDS).apply(&mut connection).await.unwrap();
    sleep(STAGE).await;
    let second = new.start_pair(&load).await;
    sleep(STAGE).await;
    first.stop(&load).await;
    sleep(STAGE).await;
    // Back to the old version, on the tables of the new one, which its command leaves alone.
    assert_eq!(Cli::on(&servers.database_url).run("migrate --check").code, 0);
    let third = old.start_pair(&load).await;
    sleep(STAGE).await;
    second.stop(&load).await;
    sleep(STAGE).await;
    // And forward again.
    let fourth = new.start_pair(&load).await;
    third.stop(&load).await;
    let accepted = load.end().await;

    eventually("all runs have ended", async || {
        let ended = count(&connection, "SELECT count(*) FROM runs WHERE state = 'finished'").await;
        (ended == accepted).then_some(())
    })
    .await;
    let distinct = "SELECT count(DISTINCT fields->>'n') FROM records WHERE fields->>'seen' = 'yes'";
    for statement in ["SELECT count(*) FROM receipts", "SELECT count(*) FROM records", distinct] {
        assert_eq!(count(&connection, statement).await, accepted, "{statement}");
    }
    assert_eq!(count(&connection, "SELECT count(*) FROM dead_letters").await, 0);
    drop(fourth);
}
