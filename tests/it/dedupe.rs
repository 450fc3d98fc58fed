//! A second submission with the same key makes no second run.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

const SETTINGS: &str = "
permission: ads
addresses: 127.0.0.1
workflows: [1]
dedupe_by: lead_id
ping: test=test
---
permission: office
addresses: 127.0.0.3
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
";

const PATH: &str = "/trigger?workflow_id=1";

async fn post(postern: &Postern, form: &str, key: Option<&str>) -> Answer {
    let call = postern.post(PATH).form(form);
    let answer = match key {
        Some(key) => call.header("idempotency-key", key).send().await,
        None => call.send().await,
    };
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn status(postern: &Postern, answer: &Answer) -> (Value, Value) {
    let receipt = postern.ended(answer).await;
    (receipt["status"].clone(), receipt["duplicate_of"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_submission_with_the_same_idempotency_key_is_a_duplicate_of_the_first() {
    let postern = Postern::start(SETTINGS).await;
    let first = post(&postern, "n=1", Some("a")).await;
    assert_eq!(status(&postern, &first).await, ("finished".into(), Value::Null));
    let second = post(&postern, "n=2", Some("a")).await;
    assert_eq!(status(&postern, &second).await, ("duplicate".into(), first.json["receipt"].clone()));
    assert_eq!(status(&postern, &post(&postern, "n=3", Some("b")).await).await.0, "finished");
    assert_eq!(postern.records("Leads").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_can_tell_the_same_by_a_posted_field() {
    let postern = Postern::start(SETTINGS).await;
    let first = post(&postern, "lead_id=7&n=1", None).await;
    assert_eq!(status(&postern, &first).await.0, "finished");
    let read = post(&postern, "lead_id=9&n=1&test=no&typo=1", None).await;
    assert_eq!(postern.ended(&read).await["unread"], json!(["typo"]));
    let second = post(&postern, "lead_id=7&n=2", None).await;
    assert_eq!(status(&postern, &second).await, ("duplicate".into(), first.json["receipt"].clone()));
    for form in ["lead_id=8", "lead_id=", "lead_id=", "n=1", "n=1"] {
        assert_eq!(status(&postern, &post(&postern, form, None).await).await.0, "finished", "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_two_permissions_do_not_meet_and_an_expired_one_counts_no_more() {
    let postern = Postern::start(SETTINGS).await;
    assert_eq!(status(&postern, &post(&postern, "n=1", Some("a")).await).await.0, "finished");
    let call = postern.post(PATH).from("127.0.0.3").form("n=1").header("idempotency-key", "a");
    assert_eq!(call.send().await.status, 202);
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    postern.sql("UPDATE claims SET expires_at = now() - interval '1 second'").await;
    assert_eq!(status(&postern, &post(&postern, "n=2", Some("a")).await).await.0, "finished");
    assert_eq!(status(&postern, &post(&postern, "n=3", Some("a")).await).await.0, "duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_at_once_with_one_key_one_runs_whatever_bundles_and_workers_they_meet_in() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    join_all((0..100).map(|n| post(&postern, if n % 2 == 0 { "n=0" } else { "n=1" }, Some("a")))).await;
    for _ in 0..3 {
        postern.start_worker().await;
    }
    join_all((0..100).map(|_| post(&postern, "n=2", Some("a")))).await;
    eventually("all have ended", async || (postern.count("SELECT count(*) FROM receipts").await == 200).then_some(()))
        .await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM receipts WHERE duplicate_of IS NOT NULL").await, 199);
    assert_eq!(postern.count("SELECT count(DISTINCT duplicate_of) FROM receipts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_one_is_refused() {
    let postern = Postern::without_worker(SETTINGS).await;
    let refused = postern.post(PATH).form("n=1").header("idempotency-key", "").send().await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_idempotency_key"));
}
