//! Calls that take longer than the lease of their row, and rows that another worker takes meanwhile.

use crate::harness::call::Answer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};

const ALLOWED: (&str, &str) = ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8");

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: call}
steps: {call: {http_request: '$env[\"url\"]', any_host: true, at_most_once: true, timeout: 120s}}
";

/// A worker that calls a silent target.
async fn calling() -> (Postern, Outside, Answer) {
    let mut postern = Postern::without_worker(SETTINGS).await;
    postern.start_worker_with(&[ALLOWED]).await;
    let target = Outside::start().await;
    let answer = postern.post("/trigger").form(format!("url={}", target.url("/silent"))).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    eventually("it is called", async || (target.got().len() == 1).then_some(())).await;
    (postern, target, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_a_call_is_kept_although_another_worker_took_its_row() {
    let (postern, target, answer) = calling().await;
    postern.sql("UPDATE spool SET lease = lease + 1, due_at = now() + interval '1 hour' WHERE lane = 6").await;
    target.speak();
    let receipt = postern.ended(&answer).await;
    assert_eq!((receipt["status"].as_str(), target.got().len()), (Some("finished"), 1), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_holds_the_row_of_a_call_until_it_has_its_answer() {
    let (mut postern, target, answer) = calling().await;
    postern.workers[0].terminate();
    let due = "SELECT extract(epoch FROM min(due_at))::bigint FROM spool WHERE lane = 6";
    let first = postern.count(due).await;
    postern.start_worker_with(&[ALLOWED]).await;
    // Longer than a lease that is not renewed.
    eventually("it is held on", async || (postern.count(due).await > first + 8).then_some(())).await;
    let lease = postern.count("SELECT max(lease)::bigint FROM spool WHERE lane = 6").await;
    assert_eq!((lease, target.got().len()), (1, 1));
    target.speak();
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    assert!(postern.workers[0].ended().await);
}
