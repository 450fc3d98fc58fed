//! A receipt with thousands of runs, or a workflow of which thousands go on at once: a delay, a child and a lead of others
//! do not stand behind them.

use std::time::{Duration, Instant};

use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

/// Far above what it takes, and far below what thousands of runs take.
const SOON: Duration = Duration::from_secs(10);

/// Workflow 1 starts itself in a loop, and delays; 2 starts 900 runs of 7, and each of these six of 3, which delays; 4
/// starts a run of 5.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 4, 6]
---
workflow: 1
start: {without_record: true, next: [a, b, c]}
steps:
  a: {run_workflow: 1, next: d}
  b: {run_workflow: 1, next: d}
  c: {run_workflow: 1, next: d}
  d: {delay: {for: 1s}, next: a}
---
workflow: 2
start: {without_record: true, next: all}
steps:
  all: {run_workflow: 7, for_each: '$env[\"items\"]'}
---
workflow: 3
start: {without_record: true, next: wait}
steps: {wait: {delay: {for: 1s}}}
---
workflow: 4
start: {without_record: true, next: start}
steps: {start: {run_workflow: 5}}
---
workflow: 5
start: {without_record: true, next: make}
steps: {make: {create_record: Children}}
---
workflow: 6
start: {without_record: true, next: wait}
steps: {wait: {delay: {for: 1s}}}
---
workflow: 7
start: {without_record: true, next: all}
steps:
  all: {run_workflow: 3, for_each: [1, 2, 3, 4, 5, 6]}
";

async fn post(postern: &Postern, workflow: u32, json: &str) -> Answer {
    let answer = postern.post(&format!("/trigger?workflow_id={workflow}")).json(json).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn others_go_on(postern: &Postern, workflows: &[u32]) {
    for workflow in workflows {
        let began = Instant::now();
        let receipt = postern.ended(&post(postern, *workflow, "{}").await).await;
        assert_eq!(receipt["status"], "finished", "{receipt}");
        assert!(began.elapsed() < SOON, "workflow {workflow} took {:?}", began.elapsed());
    }
}

async fn are_due(postern: &Postern, count: i64) {
    let due = "SELECT count(*) FROM spool WHERE lane = 1 AND due_at <= now()";
    eventually("many runs are due", async || (postern.count(due).await >= count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_starts_runs_in_a_loop_holds_up_no_delay_of_others() {
    let postern = Postern::start(SETTINGS).await;
    post(&postern, 1, "{}").await;
    are_due(&postern, 500).await;
    others_go_on(&postern, &[6, 4, 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_with_thousands_of_delays_holds_up_none_of_its_workflow() {
    let postern = Postern::start(SETTINGS).await;
    let items: Vec<u32> = (0..900).collect();
    post(&postern, 2, &serde_json::json!({"items": items}).to_string()).await;
    are_due(&postern, 1_000).await;
    others_go_on(&postern, &[3, 6, 4]).await;
}
