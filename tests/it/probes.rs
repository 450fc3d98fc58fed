//! Health and metrics on the private listeners.

use crate::harness::call::Call;
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually, private};

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_tell_what_became_of_a_lead() {
    let mut postern = Postern::start(DEMO).await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Lovelace&email=ada@example.org").await;
    postern.post("/trigger?workflow_id=77").from("127.0.0.2").send().await;
    let ingress = private(&mut postern.ingress, "/metrics").await.1;
    for line in [
        r#"postern_http_answers_total{status="202"} 1"#,
        r#"postern_http_answers_total{status="403"} 1"#,
        r#"postern_ready{component="ingress"} 1"#,
        r#"postern_broker_breaker_open{component="ingress"} 0"#,
        r#"postern_broker_blocked{component="ingress"} 0"#,
        r#"postern_database_up{component="ingress"} 1"#,
        r#"postern_refusals_total{code="address_denied",permission="none"} 1"#,
        "postern_http_request_seconds_count 2",
    ] {
        assert!(ingress.lines().any(|one| one == line), "{line} is not in\n{ingress}");
    }
    let worker = private(&mut postern.workers[0], "/metrics").await.1;
    for line in [
        r#"postern_submissions_total{outcome="claimed"} 1"#,
        r#"postern_runs_total{state="finished",workflow="77"} 1"#,
        r#"postern_runs_total{state="failed",workflow="77"} 0"#,
        r#"postern_ready{component="worker"} 1"#,
        "postern_lead_seconds_count 1",
        r#"postern_spool_messages{component="worker"} 0"#,
        r#"postern_slots{kind="bundle",state="free"} 4"#,
        r#"postern_slots{kind="bundle",state="used"} 0"#,
    ] {
        assert!(worker.lines().any(|one| one == line), "{line} is not in\n{worker}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_for_its_database_stops_when_it_is_told_to() {
    let mut servers = Servers::new().await;
    servers.database_url = "postgres://postern@127.0.0.1:1/none".into();
    for binary in ["postern-ingress", "postern-worker", "postern-control"] {
        let mut process = Process::start(binary, &servers, &[]);
        eventually("it waits", async || process.log().contains("waits for its database").then_some(())).await;
        assert_eq!(private(&mut process, "/health/ready").await.0, 503);
        process.terminate();
        assert!(process.ended().await, "{}", process.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_starts_and_accepts_while_the_database_takes_no_writes() {
    let postern = Postern::without_worker(DEMO).await;
    postern.sql("DELETE FROM tokens").await;
    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', \
                     current_database()); END $$";
    postern.sql(read_only).await;
    let mut ingress = Process::start("postern-ingress", postern.servers(), &[]);
    let public = ingress.address("the public listener is open").await;
    eventually("it accepts", async || {
        let post = Call::new("POST".parse().unwrap(), public, "/trigger?workflow_id=77").form("lastname=Lovelace");
        (post.send().await.status == 202).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_schema_waits_alive_and_unready() {
    let mut postern = Postern::without_worker(DEMO).await;
    postern.sql("DELETE FROM schema_versions").await;
    let worker = postern.launch_worker();
    assert_eq!(private(worker, "/health/live").await.0, 200);
    assert_eq!(private(worker, "/health/ready").await.0, 503);
    eventually("it says why it waits", async || worker.log().contains("run `postern migrate`").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_seen_while_no_worker_runs() {
    let mut postern = Postern::without_worker(DEMO).await;
    for n in 0..20 {
        let form = format!("lastname=Lovelace&email=ada{n}@example.org");
        assert_eq!(postern.post("/trigger?workflow_id=77").form(form).send().await.status, 202);
    }
    shows(&mut postern.control, r#"postern_backlog_leads{component="control"} 20"#).await;
    shows(&mut postern.control, r#"postern_seconds_to_drain{component="control"} inf"#).await;
    postern.start_worker().await;
    shows(&mut postern.workers[0], r#"postern_backlog_leads{component="worker"} 0"#).await;
    shows(&mut postern.workers[0], r#"postern_seconds_to_drain{component="worker"} 0"#).await;
}

/// Waits until the metrics of a process have a line.
async fn shows(process: &mut Process, line: &str) {
    eventually(line, async || private(process, "/metrics").await.1.lines().any(|one| one == line).then_some(())).await;
}
