//! Workflows that are on hold, and those of which only some runs are under way at a time.

use serde_json::Value;

use crate::harness::call::Answer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};

const PERMISSION: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\n";

const ALLOWED: [(&str, &str); 1] = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")];

/// Makes a record that tells the number that was posted, and the version that has run.
fn workflow(start: &str, version: &str) -> String {
    format!(
        "workflow: 1\nstart: {{without_record: true, {start}next: {version}}}\nsteps:\n  \
         {version}: {{create_record: Leads, fields: {{n: '$env[\"n\"]', by: {version}}}}}\n"
    )
}

async fn post(postern: &Postern, n: u32) -> Answer {
    let answer = postern.post("/trigger?workflow_id=1").form(format!("n={n}")).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn count_is(postern: &Postern, what: &str, count: i64) {
    eventually(&format!("{what}: {count}"), async || (postern.count(what).await == count).then_some(())).await;
}

const HELD: &str = "SELECT count(*) FROM runs WHERE state = 'held'";

const FINISHED: &str = "SELECT count(*) FROM runs WHERE state = 'finished'";

#[tokio::test(flavor = "multi_thread")]
async fn on_hold_runs_wait_and_then_begin_in_order_with_the_version_that_is_in_force() {
    let mut postern = Postern::start(&format!("{PERMISSION}{}", workflow("hold: true, ", "old"))).await;
    postern.start_worker().await;
    let mut answers = Vec::new();
    for n in 0..10 {
        answers.push(post(&postern, n).await);
    }
    count_is(&postern, HELD, 10).await;
    assert_eq!(postern.call("GET", &answers[0].header("location")).send().await.json["status"], "held");
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 0);
    // An inactive one begins nothing either. One at a time, so that the order shows.
    postern.apply(&workflow("at_most: 1, ", "new").replacen("start:", "active: false\nstart:", 1)).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(postern.count(HELD).await, 10);
    postern.apply(&workflow("at_most: 1, ", "new")).await;
    for answer in &answers {
        let receipt = postern.ended(answer).await;
        assert_eq!((&receipt["status"], &receipt["runs"][0]["version"]), (&"finished".into(), &3.into()), "{receipt}");
    }
    let records = postern.records("Leads").await;
    let numbers: Vec<_> = records.iter().map(|one| one.get("n").unwrap().as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(records.iter().all(|one| one.get("by") == Some(&Value::from("new"))), "{records:?}");
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_begins_once_each_although_workers_are_killed_meanwhile() {
    let mut postern = Postern::start(&format!("{PERMISSION}{}", workflow("hold: true, ", "old"))).await;
    postern.start_worker().await;
    futures_util::future::join_all((0..300).map(|n| post(&postern, n))).await;
    count_is(&postern, HELD, 300).await;
    postern.apply(&workflow("", "new")).await;
    for _ in 0..3 {
        let begun = postern.count("SELECT count(*) FROM records").await;
        eventually("some more have begun", async || {
            (postern.count("SELECT count(*) FROM records").await > begun.min(299)).then_some(())
        })
        .await;
        postern.workers.remove(0).kill();
        postern.start_worker().await;
    }
    count_is(&postern, FINISHED, 300).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 300);
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'n') FROM records").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_runs_than_at_most_reach_outside_at_a_time_over_all_workers() {
    let outside = Outside::start().await;
    let settings = format!(
        "{PERMISSION}workflow: 1\nstart: {{without_record: true, at_most: 2, next: call}}\nsteps:\n  \
         call: {{http_request: '{}', text: '$env[\"n\"]', next: again}}\n  again: {{http_request: '{}', text: again}}\n",
        outside.url("/silent"),
        outside.url("/leads"),
    );
    let mut postern = Postern::without_worker(&settings).await;
    for _ in 0..2 {
        postern.start_worker_with(&ALLOWED).await;
    }
    let mut answers = Vec::new();
    for n in 0..6 {
        answers.push(post(&postern, n).await);
    }
    count_is(&postern, "SELECT count(*) FROM checkpoints WHERE gate = 'passed'", 2).await;
    count_is(&postern, "SELECT count(*) FROM checkpoints WHERE gate = 'closed'", 4).await;
    eventually("two call", async || (outside.got().len() == 2).then_some(())).await;
    // Both workers have looked again.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(outside.got().len(), 2);
    outside.speak();
    for answer in &answers {
        assert_eq!(postern.ended(answer).await["status"], "finished");
    }
    assert_eq!((outside.got().len(), outside.keys().len()), (12, 12));
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
}
