//! Large submissions take the place of many: a few of a flow are a burst, and stand before no submission of another.

use futures_util::{StreamExt, stream};
use postern_shared::lane::Lane;

use crate::harness::{Postern, eventually};

/// The attacker's workflow copies all that was posted, and waits; the other one makes a record.
const SETTINGS: &str = r#"
permission: attacker
addresses: 127.0.0.2
workflows: [1, 3]
---
permission: honest
addresses: 127.0.0.1
workflows: [2]
---
workflow: 1
start: {without_record: true, next: copy}
steps:
  copy: {set_env: {copy: '$env["big"]'}, next: wait}
  wait: {delay: {for: 1h}}
---
workflow: 3
start: {without_record: true, next: copy}
steps:
  copy: {set_env: {a: '$env["big"]', b: '$env["big"]', c: '$env["big"]', d: '$env["big"]', e: '$env["big"]'}, next: wait}
  wait: {delay: {for: 1s}, next: end}
  end: {stop: finished}
---
workflow: 2
start: {without_record: true, next: make}
steps: {make: {create_record: Leads}}
"#;

/// Posts so many large values to a workflow of the attacker.
async fn post_large(postern: &Postern, count: usize, workflow: u32) {
    let form = format!("big={}", "x".repeat(900_000));
    let path = format!("/trigger?workflow_id={workflow}");
    let posts = stream::iter(0..count).map(|_| postern.post(&path).from("127.0.0.2").form(form.clone()).send());
    posts.buffer_unordered(4).for_each(async |answer| assert_eq!(answer.status, 202, "{}", answer.json)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_posts_whose_runs_wait_hold_up_no_plain_run_of_another() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    post_large(&postern, 30, 1).await;
    let before = postern.servers().queued_env_in(Lane::Default).await.len();
    assert!((1..10).contains(&before), "{before} large ones stand before what others post");
    let plain = postern.post("/trigger?workflow_id=2").form("n=1").send().await;
    postern.start_worker().await;
    assert_eq!(postern.ended(&plain).await["status"], "finished");
    eventually("the large ones wait", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 30).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_large_runs_is_returned_after_their_end() {
    let postern = Postern::start(SETTINGS).await;
    let before = postern.workers[0].resident_megabytes();
    post_large(&postern, 16, 3).await;
    eventually("all have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 16).then_some(())
    })
    .await;
    let kept = postern.workers[0].resident_megabytes() - before;
    assert!(kept < 200.0, "the worker keeps {kept:.0} MB");
}
