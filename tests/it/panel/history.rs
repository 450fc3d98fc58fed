//! A long history is not felt on the first screen.

use std::time::{Duration, Instant};

use crate::harness::{DEMO, eventually};

use super::visitor::Visitor;
use super::without_worker;

/// Of the last half hour, so that every figure is counted over all of them.
const HISTORY: &str = "
INSERT INTO receipts (id, permission, workflow, env, ip, accepted_at, settings_version)
SELECT overlay(gen_random_uuid()::text PLACING substr(postern_uuid_floor(now() - n * interval '9 ms')::text, 1, 13)
        FROM 1 FOR 13)::uuid,
    'loopback', 77, '{}', '127.0.0.1', now(), 1
FROM generate_series(1, 200000) AS n;
INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, started_at, ended_at)
SELECT id, 1, 77, 1, (CASE WHEN random() < 0.02 THEN 'failed' ELSE 'finished' END)::run_state, 3, now(), now() FROM receipts";

/// Older figures than these are counted again.
const OLD: Duration = Duration::from_secs(6);

/// What it takes depends on what else the machine does; that it does not wait shows by the figures that it has.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_does_not_wait_until_a_long_history_is_counted_and_has_the_figures_soon() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.get("/").await;
    let since = Instant::now();
    postern.connection().await.batch_execute(&format!("SET statement_timeout = 0; {HISTORY}")).await.unwrap();
    eventually("the figures are old", async || (since.elapsed() > OLD).then_some(())).await;
    let asked = Instant::now();
    let page = visitor.get("/").await;
    println!("the first page with 200,000 receipts and runs: {:?}", asked.elapsed());
    assert!(page.text.contains("0 accepted in 24 hours") && !page.text.contains("200000"), "{}", page.text);
    eventually("the figures are there", async || {
        visitor.get("/").await.text.contains("200000 accepted in 24 hours").then_some(())
    })
    .await;
    let since = Instant::now();
    eventually("they are old again", async || (since.elapsed() > OLD).then_some(())).await;
    let asked = Instant::now();
    visitor.get("/").await;
    println!("the same, when its figures are old: {:?}", asked.elapsed());
}
