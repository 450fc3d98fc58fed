//! A long history is not felt on the first screen.

use std::time::{Duration, Instant};

use crate::harness::{DEMO, eventually};

use super::visitor::Visitor;
use super::without_worker;

/// Of the last half hour, so that every figure is counted over all of them.
const HISTORY: &str = "
INSERT INTO receipts (id, permission, target, env, query, request, accepted_at, settings_version, skipped)
SELECT overlay(gen_random_uuid()::text PLACING substr(postern_uuid_floor(now() - n * interval '9 ms')::text, 1, 13)
        FROM 1 FOR 13)::uuid,
    'loopback', '{\"workflow\":77}', '{}', '{}', '{}', now(), 1, '[]'
FROM generate_series(1, 200000) AS n;
INSERT INTO runs (receipt, workflow, version, place, state, steps, started_at, ended_at)
SELECT id, 77, 1, 1, CASE WHEN random() < 0.02 THEN 'failed' ELSE 'finished' END, 3, now(), now() FROM receipts";

/// What the page may take: twice what PANEL asks for, since this is a debug build beside other tests.
const LIMIT: Duration = Duration::from_millis(100);

/// Older figures than these are counted again.
const OLD: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_is_quick_with_a_long_history_and_its_figures_come_after() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.get("/").await;
    postern.connection().await.batch_execute(&format!("SET statement_timeout = 0; {HISTORY}")).await.unwrap();
    let mut took = Vec::new();
    for _ in 0..3 {
        let since = Instant::now();
        eventually("the figures are old", async || (since.elapsed() > OLD).then_some(())).await;
        let asked = Instant::now();
        assert_eq!(visitor.get("/").await.status, 200);
        took.push(asked.elapsed());
    }
    assert!(took.iter().min().unwrap() < &LIMIT, "{took:?}");
    eventually("the figures are there", async || {
        visitor.get("/").await.text.contains("200000 accepted in 24 hours").then_some(())
    })
    .await;
    println!("the first page with 200,000 receipts and runs: {took:?}");
}
