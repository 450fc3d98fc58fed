//! Callers that wait for what a workflow responds: `Prefer: wait`, and the task `respond`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

/// Workflow 1 responds at once, 2 after a delay and from a run that it starts, 3 never, and 4 not soon.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 4]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, store_id: lead, created: say}
  say: {respond: 201, json: {lead: '$env[\"lead\"]', n: '$env[\"n\"]'}, next: again}
  again: {respond: 500, text: too late}
---
workflow: 2
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 300ms}, next: child}
  child: {run_workflow: 5}
---
workflow: 3
start: {without_record: true, next: end}
steps: {end: {set_env: {a: 1}}}
---
workflow: 4
start: {without_record: true, next: wait}
steps: {wait: {delay: {for: 1h}}}
---
workflow: 5
start: {without_record: true, next: say}
steps: {say: {respond: 422, text: '<b>$env[\"n\"]</b>', type: 'text/html; charset=utf-8'}}
";

async fn waits(postern: &Postern, path: &str, form: &str, seconds: u16) -> Answer {
    postern.post(path).form(form).header("prefer", &format!("wait={seconds}")).send().await
}

async fn is_waited_for(postern: &Postern) {
    eventually("the run waits", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await > 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_waits_gets_what_the_workflow_responds_first() {
    let postern = Postern::start(SETTINGS).await;
    let answer = waits(&postern, "/trigger?workflow_id=1", "n=5", 20).await;
    assert_eq!((answer.status, &answer.json), (201, &json!({"lead": 1, "n": "5"})), "{answer:?}");
    let headers = ["content-type", "preference-applied", "x-content-type-options"].map(|name| answer.header(name));
    assert_eq!(headers, ["application/json", "wait=20", "nosniff"]);
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    assert_eq!(postern.count("SELECT count(*) FROM responses WHERE status = 201").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_comes_from_a_run_that_waited_and_from_one_that_it_started() {
    let postern = Postern::start(SETTINGS).await;
    let answer = waits(&postern, "/trigger?workflow_id=2", "n=ä%26", 20).await;
    assert_eq!((answer.status, answer.text.as_str()), (422, "<b>ä&amp;</b>"), "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_response_a_caller_that_waits_gets_the_ordinary_answer() {
    let postern = Postern::start(SETTINGS).await;
    for (path, seconds, applied) in [
        ("/trigger?workflow_id=3", 3_600, "wait=25"),
        ("/trigger?workflow_id=5", 20, ""),
        ("/trigger?workflow_id=4", 1, "wait=1"),
    ] {
        let began = Instant::now();
        let answer = waits(&postern, path, "", seconds).await;
        assert!(began.elapsed() < Duration::from_secs(15), "{path}");
        assert_eq!(answer.header("preference-applied"), applied, "{answer:?}");
        if applied.is_empty() {
            assert_eq!(answer.code(), "target_denied");
        } else {
            assert_eq!((answer.status, &answer.json["status"]), (202, &json!("accepted")), "{answer:?}");
            assert!(answer.header("location").ends_with(answer.json["receipt"].as_str().unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_caller_that_does_not_wait_nothing_is_kept() {
    let postern = Postern::start(SETTINGS).await;
    let answer = postern.post("/trigger?workflow_id=1").form("n=5").send().await;
    assert_eq!((answer.status, answer.header("preference-applied")), (202, String::new()));
    postern.ended(&answer).await;
    assert_eq!(postern.count("SELECT count(*) FROM responses").await, 0);
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%LISTEN postern_responses%'";
    assert_eq!(postern.count(listening).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_twice_gets_the_response_of_the_first() {
    let postern = Postern::start(SETTINGS).await;
    let send = async || {
        let call = postern.post("/trigger?workflow_id=1").form("n=5").header("idempotency-key", "k");
        call.header("prefer", "wait=20").send().await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!((first.status, second.status, &first.json), (201, 201, &second.json));
    assert_ne!(first.header("location"), second.header("location"));
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_of_which_no_notification_comes_arrives_all_the_same() {
    let postern = Postern::start(SETTINGS).await;
    let answer = waits(&postern, "/trigger?workflow_id=4", "", 20);
    let respond = async {
        is_waited_for(&postern).await;
        let session = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%LISTEN postern_responses%'";
        assert_eq!(postern.sql(session).await, 1);
        postern.sql("INSERT INTO responses (receipt, status, content_type, body) SELECT id, 200, 'text/plain', 'late' FROM receipts").await;
    };
    let (answer, ()) = tokio::join!(answer, respond);
    assert_eq!((answer.status, answer.text.as_str()), (200, "late"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_answers_those_who_wait_at_once_with_the_ordinary_answer() {
    let mut postern = Postern::start(SETTINGS).await;
    let waiting = waits(&postern, "/trigger?workflow_id=4", "", 25);
    let stop = async {
        is_waited_for(&postern).await;
        postern.ingress.terminate();
        Instant::now()
    };
    let (answer, stopped) = tokio::join!(waiting, stop);
    assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
    assert_eq!((answer.status, &answer.json["status"]), (202, &json!("accepted")), "{answer:?}");
    assert!(postern.ingress.ended().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_too_large_fails_the_step() {
    let postern = Postern::start(&SETTINGS.replace("text: too late", "text: '$env[\"n\"]'")).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", &format!("n={}", "x".repeat(262_145))).await;
    let message = receipt["runs"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("step say: the response has 2"), "{message}");
}
