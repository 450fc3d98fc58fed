//! A whole Postern per test: its own database and vhost, real processes, real callers. Whatever a test started is
//! stopped and removed when the test ends.

pub mod call;
pub mod collector;
pub mod fake_clock;
pub mod history;
pub mod mail_server;
pub mod outside;
pub mod own_servers;
pub mod process;
pub mod secured;
pub mod servers;
pub mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use postern_shared::document::batch::Batch;
use postern_shared::env::Env;
use postern_shared::id::{ModuleName, ReceiptId};
use postern_shared::options::DatabaseOptions;
use postern_shared::store::run_steps::Step;
use postern_shared::store::{Connection, Store, documents, records, run_steps};
use serde_json::Value;

use call::{Answer, Call};
use process::Process;
use servers::Servers;

/// The demo's settings: trigger `web_lead`, workflow 77, a permission for loopback.
pub const DEMO: &str = concat!(
    include_str!("../../deploy/demo/trigger-web_lead.yaml"),
    "\n---\n",
    include_str!("../../deploy/demo/workflow-77.yaml"),
    "\n---\n",
    include_str!("../../deploy/demo/permission-loopback.yaml"),
);

/// The token of the API that every control is given.
pub const TOKEN: &str = "a-token-of-the-tests-0123456789";

/// What the metrics of an ingress contain while the broker takes its messages.
pub const BROKER_TAKES: &str = r#"postern_broker_breaker_open{component="ingress"} 0"#;

/// How long anything may take to come true. Far above what it takes: a busy machine is no reason to fail.
pub const SOON: Duration = Duration::from_secs(30);

/// A running Postern.
pub struct Postern {
    pub ingress: Process,
    pub control: Process,
    pub workers: Vec<Process>,
    store: Store,
    public: SocketAddr,
    private: SocketAddr,
    panel: SocketAddr,
    /// Last: what still runs when a vhost is deleted declares its queues again.
    servers: Servers,
}

impl Postern {
    /// One ingress, one worker and one control with these settings.
    pub async fn start(settings: &str) -> Self {
        let mut postern = Self::without_worker(settings).await;
        postern.start_worker().await;
        postern
    }

    /// One ingress and one control with these settings: what is accepted stays queued.
    pub async fn without_worker(settings: &str) -> Self {
        let mut postern = Self::with_ingress(settings, &[]).await;
        // Ready means that the broker or PostgreSQL can be reached; these tests look into the broker's queue.
        eventually("the broker takes messages", async || {
            private(&mut postern.ingress, "/metrics").await.1.contains(BROKER_TAKES).then_some(())
        })
        .await;
        postern
    }

    /// One ingress and one control with these settings and these variables in their environment.
    pub async fn with_ingress(settings: &str, environment: &[(&str, &str)]) -> Self {
        Self::on(Servers::new().await, settings, environment).await
    }

    /// The same on servers that stand already.
    pub async fn on(servers: Servers, settings: &str, environment: &[(&str, &str)]) -> Self {
        let options = DatabaseOptions::new(&servers.database_url, 4);
        let store = Store::new(&options, "postern-tests").unwrap();
        apply(&store, settings).await;
        let mut ingress = Process::start("postern-ingress", &servers, environment);
        let mut control = Process::start("postern-control", &servers, environment);
        ready("the ingress is ready", &mut ingress).await;
        ready("control is ready", &mut control).await;
        let public = ingress.address("the public listener is open").await;
        let private = ingress.address("the private listener is open").await;
        let panel = control.address("the control listener is open").await;
        Self { servers, store, ingress, control, workers: Vec::new(), public, private, panel }
    }

    /// Another worker; returns when deliveries reach it.
    pub async fn start_worker(&mut self) {
        self.start_worker_with(&[]).await;
    }

    /// Kills its worker so many times, each time when more records are there, and starts another.
    pub async fn kill_workers_while_records_are_made(&mut self, times: usize) {
        for _ in 0..times {
            let before = self.count("SELECT count(*) FROM records").await;
            eventually("some have run", async || {
                (self.count("SELECT count(*) FROM records").await > before).then_some(())
            })
            .await;
            self.workers.pop().unwrap().kill();
            self.start_worker().await;
        }
    }

    /// The same with these variables in its environment.
    pub async fn start_worker_with(&mut self, environment: &[(&str, &str)]) {
        let mut worker = Process::start("postern-worker", &self.servers, environment);
        ready("the worker is ready", &mut worker).await;
        self.workers.push(worker);
    }

    /// Another worker, which need not come to be ready.
    pub fn launch_worker(&mut self) -> &mut Process {
        self.workers.push(Process::start("postern-worker", &self.servers, &[]));
        self.workers.last_mut().unwrap()
    }

    /// Changes settings while everything runs; returns when they are in force.
    pub async fn apply(&self, settings: &str) {
        apply(&self.store, settings).await;
        self.settings_are_in_force().await;
    }

    /// Returns when what was saved last is in force.
    pub async fn settings_are_in_force(&self) {
        let version = self.count("SELECT version FROM settings").await;
        let metric = format!("postern_settings_version{{component=\"ingress\"}} {version}\n");
        eventually("the ingress follows the settings, and a worker what the ingress accepts by them", async || {
            let metrics = call::client().get(format!("http://{}/metrics", self.private)).send().await.ok()?;
            metrics.text().await.ok()?.contains(&metric).then_some(())
        })
        .await;
    }

    /// A POST to the public listener.
    pub fn post(&self, path: &str) -> Call {
        Call::new(reqwest::Method::POST, self.public, path)
    }

    /// A request of any method to the public listener.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(method.parse().unwrap(), self.public, path)
    }

    /// A request to the API, with its token.
    pub fn api(&self, method: &str, path: &str) -> Call {
        let call = Call::new(method.parse().unwrap(), self.panel, &format!("/api/v1{path}"));
        call.header("authorization", &format!("Bearer {TOKEN}"))
    }

    /// The address of the private listener of the ingress.
    pub fn private(&self) -> SocketAddr {
        self.private
    }

    /// The address of the control panel and its API.
    pub fn control(&self) -> SocketAddr {
        self.panel
    }

    /// The address of the public listener.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Posts a form that must be accepted, and waits for what becomes of it.
    pub async fn outcome(&self, path: &str, form: &str) -> Value {
        let answer = self.post(path).form(form).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
        self.ended(&answer).await
    }

    /// Waits until what was accepted has ended, and returns its receipt as an operator sees it: with all messages.
    pub async fn ended(&self, accepted: &Answer) -> Value {
        let path = accepted.header("location");
        eventually("the submission has ended", async || {
            let receipt = self.api("GET", &path).send().await;
            let status = receipt.json["status"].as_str()?.to_owned();
            (!matches!(status.as_str(), "queued" | "running" | "waiting" | "held")).then_some(receipt.json)
        })
        .await
    }

    /// The fields of all records of a module, oldest first.
    pub async fn records(&self, module: &str) -> Vec<Env> {
        let module: ModuleName = module.parse().unwrap();
        let mut found = records::latest(&self.connection().await, &module, i64::MAX).await.unwrap();
        found.reverse();
        found.into_iter().map(|record| record.fields).collect()
    }

    /// Runs one statement with SQL of the test's own, and returns the number of rows it met.
    pub async fn sql(&self, statement: &str) -> u64 {
        self.connection().await.execute(statement, &[]).await.unwrap()
    }

    /// How many sessions wait for a lock in a statement like this.
    pub async fn waiting_for_a_lock(&self, statement_like: &str) -> i64 {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
        self.count(&format!("{sessions} AND wait_event_type = 'Lock' AND query LIKE '{statement_like}'")).await
    }

    /// The one number that a statement gives.
    pub async fn count(&self, statement: &str) -> i64 {
        self.connection().await.query_one(statement, &[]).await.unwrap().get(0)
    }

    /// The steps that all runs have taken, as the database keeps them: of each run and transaction a list, with the number
    /// of the transaction that wrote it.
    pub async fn steps(&self) -> Vec<(String, Vec<Step>)> {
        let stored = "SELECT xmin::text, steps FROM runs WHERE steps IS NOT NULL
            UNION ALL SELECT xmin::text, steps FROM run_steps";
        let rows = self.connection().await.query(stored, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), run_steps::decode(row.get(1)).unwrap())).collect()
    }

    /// How many submissions wait in the lane for a worker.
    pub async fn queued(&self) -> usize {
        self.servers.queued_env().await.len()
    }

    /// What the worker would have seen: the `$env` of a receipt that was taken.
    pub async fn env_of(&self, accepted: &Answer) -> Value {
        let receipt: ReceiptId = accepted.json["receipt"].as_str().unwrap().parse().unwrap();
        self.ended(accepted).await;
        let row = self.connection().await;
        let row = row.query_one("SELECT env::text FROM receipts WHERE id = $1", &[&receipt.uuid()]).await.unwrap();
        serde_json::from_str(row.get(0)).unwrap()
    }

    /// The servers of this test.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// A connection to the database of this test.
    pub async fn connection(&self) -> Connection {
        self.store.connection().await.unwrap()
    }
}

/// What the private listener of a process answers: status and text.
pub async fn private(process: &mut Process, path: &str) -> (u16, String) {
    let address = process.address("the private listener is open").await;
    let response = call::client().get(format!("http://{address}{path}")).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Waits until a process says that it is ready for its work.
pub async fn ready(what: &str, process: &mut Process) {
    eventually(what, async || (private(process, "/health/ready").await.0 == 200).then_some(())).await;
}

pub async fn apply(store: &Store, settings: &str) {
    let mut batch = Batch::default();
    if !settings.is_empty() {
        batch.add_yaml("the settings of the test", settings.as_bytes());
    }
    assert!(batch.findings.is_empty(), "{:?}", batch.findings);
    documents::apply(&mut store.connection().await.unwrap(), "tests", &batch.documents).await.unwrap();
}

/// Asks again until there is an answer; fails, saying what did not come true, when that takes too long.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    soon(ask).await.unwrap_or_else(|| panic!("still not true: {what}"))
}

/// The same, and nothing when that takes too long.
pub async fn soon<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let give_up = tokio::time::Instant::now() + SOON;
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if tokio::time::Instant::now() >= give_up {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
