//! A real Prometheus that asks the processes of a test every second, with the rules of `deploy/prometheus`. Its waits are
//! seconds where those of the rules are minutes.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::call::client;
use crate::harness::{Postern, eventually};
use crate::tidy::sources::read;

/// The line of a rule that says how long an alert must be true, in a test.
const FOR_LINE: &str = "        for: 5s";

/// How many seconds more a test looks for alerts that must not fire.
const LONGER_S: f64 = 10.0;

/// A running Prometheus; killed when dropped.
pub struct Prometheus {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
    targets: Vec<SocketAddr>,
}

impl Prometheus {
    /// Asks all processes of a Postern; returns when it has asked each of them.
    pub async fn of(postern: &mut Postern) -> Self {
        let mut targets = vec![postern.private()];
        targets.push(postern.control.address("the private listener is open").await);
        for worker in &mut postern.workers {
            targets.push(worker.address("the private listener is open").await);
        }
        let prometheus = Self::start(targets);
        let answering = format!("count(up == 1) == {}", prometheus.targets.len());
        eventually("prometheus has asked all of them", async || {
            prometheus.query(&answering).await.filter(|found| !found.is_empty()).map(|_| ())
        })
        .await;
        // Only now: nothing is missing because it was not asked yet.
        configure(prometheus.folder.path(), &prometheus.targets, "rules.yaml");
        let reload = format!("http://{}/-/reload", prometheus.address);
        assert_eq!(client().post(reload).send().await.unwrap().status(), 200);
        prometheus.finds("postern:broker_away == 0").await;
        prometheus
    }

    fn start(targets: Vec<SocketAddr>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rules = read("deploy/prometheus/rules.yaml");
        let rules = rules.lines().map(|line| if line.trim_start().starts_with("for: ") { FOR_LINE } else { line });
        std::fs::write(folder.path().join("rules.yaml"), rules.collect::<Vec<_>>().join("\n")).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", folder.path().join("prometheus.yaml").display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}")).args(["--web.enable-lifecycle", "--log.level=error"]);
        configure(folder.path(), &targets, "");
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        let child = child.unwrap_or_else(|error| panic!("prometheus ({error}): run tests/run, which installs it"));
        Self { child, address, folder, targets }
    }

    /// What a query finds now; nothing while Prometheus is starting.
    pub async fn query(&self, query: &str) -> Option<Vec<Value>> {
        let url = format!("http://{}/api/v1/query", self.address);
        let url = reqwest::Url::parse_with_params(&url, [("query", query)]).unwrap();
        let answer = client().get(url).send().await.ok()?;
        let answer: Value = answer.json().await.ok()?;
        assert_ne!(answer["status"], "error", "{query}: {answer}");
        let result = &answer["data"]["result"];
        // A scalar is a pair of its time and its value.
        if answer["data"]["resultType"] == "scalar" { Some(vec![result.clone()]) } else { result.as_array().cloned() }
    }

    /// Waits until a query finds something.
    pub async fn finds(&self, query: &str) {
        eventually(query, async || self.query(query).await.filter(|found| !found.is_empty()).map(|_| ())).await;
    }

    /// Waits until these alerts have fired, and some seconds longer: no other one has.
    pub async fn fires_only(&self, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        eventually(&format!("{expected:?} fire"), async || self.fired().await.is_superset(&expected).then_some(()))
            .await;
        let later = self.time().await + LONGER_S;
        eventually("no other one fires", async || (self.time().await > later).then_some(())).await;
        assert_eq!(self.fired().await, expected);
    }

    async fn fired(&self) -> BTreeSet<String> {
        let query = r#"count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1h]))"#;
        let found = self.query(query).await.unwrap_or_default();
        found.iter().filter_map(|one| Some(one["metric"]["alertname"].as_str()?.to_owned())).collect()
    }

    async fn time(&self) -> f64 {
        let found = self.query("time()").await.unwrap_or_default();
        found.first().and_then(|pair| pair[0].as_f64()).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the configuration, with a file of rules or without one.
fn configure(folder: &Path, targets: &[SocketAddr], rules: &str) {
    let targets: Vec<String> = targets.iter().map(|target| format!("'{target}'")).collect();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [{rules}]\n\
         scrape_configs: [{{job_name: postern, static_configs: [{{targets: [{}]}}]}}]\n",
        targets.join(", ")
    );
    std::fs::write(folder.join("prometheus.yaml"), config).unwrap();
}
