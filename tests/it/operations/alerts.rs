//! Faults, staged before a real Prometheus: each fires its alert and no other one.

use std::fmt::Write;

use super::prometheus::Prometheus;
use crate::harness::own_servers::OwnServers;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually};
use crate::link::{Link, Mode};
use crate::tidy::sources::{production, read};

/// Workflow 1 always fails, workflow 2 waits for ten days, and nobody listens to `silent`.
const SETTINGS: &str = "trigger: silent\ntitle: Nobody listens\n---\nworkflow: 1\nstart: {without_record: true, next: end}\n\
                        steps: {end: {stop: failed, message: always}}\n---\nworkflow: 2\nstart: {without_record: true, next: \
                        wait}\nsteps: {wait: {delay: {for: 10d}}}\n---\npermission: faults\naddresses: 127.0.0.1\n\
                        workflows: [1, 2]\ntriggers: [silent]\nshort_url: /faults\n";

async fn postern() -> Postern {
    Postern::start(&format!("{DEMO}\n---\n{SETTINGS}")).await
}

/// Posts so many leads that must be accepted.
async fn post(postern: &Postern, path: &str, count: usize) {
    for n in 0..count {
        let answer = postern.post(path).form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_workers_is_killed() {
    let mut postern = postern().await;
    postern.start_worker().await;
    let prometheus = Prometheus::of(&mut postern).await;
    postern.workers.pop().unwrap().kill();
    prometheus.fires_only(&["PosternTargetDown"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_workers_are_killed_and_leads_wait() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    postern.workers.pop().unwrap().kill();
    post(&postern, "/trigger?workflow_id=77", 20).await;
    prometheus.finds("postern:backlog_leads == 20").await;
    prometheus.fires_only(&["PosternWorkerMissing"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_away_and_leads_go_by_the_spool() {
    let mut servers = Servers::new().await;
    let broker = servers.broker_address();
    let link = Link::within(&mut servers.amqp_url, broker).await;
    let mut postern = Postern::on(servers, DEMO, &[]).await;
    postern.start_worker().await;
    let prometheus = Prometheus::of(&mut postern).await;
    prometheus.finds("max(postern_broker_breaker_open) == 0").await;
    link.set(Mode::Cut);
    prometheus.finds("postern:broker_away == 1").await;
    post(&postern, "/trigger?workflow_id=77", 10).await;
    prometheus.fires_only(&["PosternBrokerAway"]).await;
    eventually("they are executed", async || (postern.records("Leads").await.len() == 10).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_has_an_alarm_and_leads_go_by_the_spool() {
    let own = OwnServers::boot().await;
    let mut postern = Postern::on(own.servers().await, DEMO, &[]).await;
    postern.start_worker().await;
    let prometheus = Prometheus::of(&mut postern).await;
    own.memory_alarm(true);
    post(&postern, "/trigger?workflow_id=77", 10).await;
    prometheus.finds("postern:broker_blocked == 1").await;
    prometheus.fires_only(&["PosternBrokerBlocked"]).await;
    eventually("an idle worker executes them", async || (postern.records("Leads").await.len() == 10).then_some(()))
        .await;
    own.memory_alarm(false);
    prometheus.finds("postern:broker_blocked == 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_wait_for_a_standby() {
    let own = OwnServers::boot().await;
    let mut postern = Postern::on(own.servers().await, DEMO, &[]).await;
    postern.start_worker().await;
    let prometheus = Prometheus::of(&mut postern).await;
    own.wait_for_standby("nobody").await;
    post(&postern, "/trigger?workflow_id=77", 5).await;
    prometheus.fires_only(&["PosternCommitsFail"]).await;
    own.wait_for_standby("").await;
    eventually("they are executed", async || (postern.records("Leads").await.len() == 5).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_away() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    postern.servers().forbid_connections().await;
    prometheus.fires_only(&["PosternDatabaseAway"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_always_fails() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    post(&postern, "/faults?workflow_id=1", 12).await;
    post(&postern, "/trigger?workflow_id=77", 12).await;
    prometheus.fires_only(&["PosternWorkflowFails"]).await;
    prometheus.finds(r#"ALERTS{alertname="PosternWorkflowFails", workflow="1"}"#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_to_what_is_posted() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    post(&postern, "/faults?workflow_trigger=silent", 12).await;
    prometheus.fires_only(&["PosternUnmatched"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_in_long_delays_are_silent() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    post(&postern, "/faults?workflow_id=2", 60).await;
    prometheus.finds("max(postern_spool_parked_messages) == 60").await;
    prometheus.fires_only(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_none_of_ours() {
    let mut postern = postern().await;
    let prometheus = Prometheus::of(&mut postern).await;
    postern.servers().publish("garbage", b"\x00\xff not a submission").await;
    prometheus.fires_only(&["PosternDeadLetters"]).await;
    let log = postern.workers[0].log();
    let line = log.lines().find(|line| line.contains("a dead letter was written")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(r#""message.kind":"garbage""#), "{line}");
}

#[test]
fn every_alert_has_a_section_in_the_runbook_and_tests() {
    let [rules, tests, readme] =
        ["rules.yaml", "rules_test.yaml", "README.md"].map(|file| read(&format!("deploy/prometheus/{file}")));
    let names: Vec<&str> = rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).collect();
    let mut wrong = String::new();
    for name in &names {
        if !readme.contains(&format!("\n### {name}\n")) {
            writeln!(wrong, "{name} has no section").unwrap();
        }
        let is_checked =
            |expected: &str| tests.contains(&format!("alertname: {name}\n        exp_alerts:{expected}\n"));
        if !is_checked("") || !is_checked(" []") {
            writeln!(wrong, "{name} is not tested both ways").unwrap();
        }
    }
    for section in readme.lines().filter_map(|line| line.strip_prefix("### Postern")) {
        if !names.contains(&format!("Postern{section}").as_str()) {
            writeln!(wrong, "there is no alert Postern{section}").unwrap();
        }
    }
    assert!(wrong.is_empty() && names.len() > 15, "{wrong}");
}

/// What others say than Postern.
const OF_OTHERS: [&str; 2] = ["too many clients", "No space left on device"];

#[test]
fn what_the_runbook_quotes_is_what_postern_says() {
    let readme = read("deploy/prometheus/README.md");
    let (_, runbook) = readme.split_once("\n## Runbook\n").unwrap();
    let said: String = production().into_iter().flat_map(|source| source.literals).collect();
    // What stands between backticks is a command or a query.
    let prose: String = runbook.split('`').step_by(2).collect();
    let quoted: Vec<&str> = prose.split('"').skip(1).step_by(2).collect();
    let unknown: Vec<&str> =
        quoted.iter().copied().filter(|quote| !OF_OTHERS.contains(quote) && !said.contains(quote)).collect();
    assert!(unknown.is_empty() && quoted.len() > 5, "{unknown:?} of {quoted:?}");
}
