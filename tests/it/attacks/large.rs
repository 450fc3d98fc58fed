//! Large submissions take the place of many: a few of a flow are a burst, and stand before no submission of another.

use futures_util::{StreamExt, stream};
use postern_shared::lane::Lane;

use crate::harness::{Postern, eventually};

/// The attacker's workflow copies all that was posted, and waits; the other one makes a record.
const SETTINGS: &str = r#"
permission: attacker
addresses: 127.0.0.2
workflows: [1]
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
workflow: 2
start: {without_record: true, next: make}
steps: {make: {create_record: Leads}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn large_posts_whose_runs_wait_hold_up_no_plain_run_of_another() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    let form = format!("big={}", "x".repeat(900_000));
    let posts = stream::iter(0..30).map(|_| postern.post("/trigger").from("127.0.0.2").form(form.clone()).send());
    posts.buffer_unordered(4).for_each(async |answer| assert_eq!(answer.status, 202, "{}", answer.json)).await;
    let before = postern.servers().queued_env_in(Lane::Default).await.len();
    assert!((1..10).contains(&before), "{before} large ones stand before what others post");
    let plain = postern.post("/trigger").form("n=1").send().await;
    postern.start_worker().await;
    assert_eq!(postern.ended(&plain).await["status"], "finished");
    eventually("the large ones wait", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 30).then_some(())
    })
    .await;
}
