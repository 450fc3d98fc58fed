//! Lists whose items are submissions: C8.

use serde_json::{Value, json};

use super::SETTINGS;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=900";

fn settings() -> String {
    SETTINGS.replace("title: P", "batch: true")
}

/// A list of so many leads.
fn leads(count: usize) -> String {
    let leads: Vec<Value> = (1..=count).map(|number| json!({"lastname": format!("L{number}")})).collect();
    json!(leads).to_string()
}

fn receipts(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json["receipts"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

async fn names(postern: &Postern, count: usize) -> Vec<String> {
    let leads = eventually("all leads are there", async || {
        Some(postern.records("Leads").await).filter(|leads| leads.len() >= count)
    });
    leads.await.iter().map(|lead| lead.0["lead"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_each_object_of_a_list_is_a_submission() {
    let postern = Postern::start(&settings()).await;
    let found = receipts(&postern.post(PATH).json(&leads(3)).send().await);
    assert_eq!(found.len(), 3);
    for (number, receipt) in found.iter().enumerate() {
        let shown = eventually("it has run", async || {
            let shown = postern.call("GET", &format!("/receipts/{receipt}")).send().await;
            (shown.json["status"] == "finished").then_some(())
        });
        shown.await;
        let sql =
            format!("SELECT count(*) FROM receipts WHERE id = '{receipt}' AND env->>'lastname' = 'L{}'", number + 1);
        assert_eq!(postern.count(&sql).await, 1, "{receipt}");
    }
    let one = postern.post(PATH).json(r#"{"lastname":"Alone"}"#).send().await;
    assert!(one.json["receipt"].is_string(), "{}", one.text);
    let text = postern.post(PATH).header("content-type", "text/plain").body(leads(2)).send().await;
    assert_eq!((receipts(&text).len(), receipts(&postern.post(PATH).json("[]").send().await).len()), (2, 0));
    assert_eq!(names(&postern, 6).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_all_items_are_accepted_or_none() {
    let postern = Postern::without_worker(&settings()).await;
    let many = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    for (body, words) in [
        (r#"[{"a":1},7]"#.to_owned(), "item 2 of the list"),
        (r#"[{"a":"x"},{"a":"\u0000"}]"#.to_owned(), "item 2 of the list: field \"a\" holds a NUL"),
        (r#"[{"a":1}"#.to_owned(), "is not JSON"),
        (many(1_001), "more than 1000 items"),
    ] {
        let answer = postern.post(PATH).json(&body).send().await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_body"), "{}", answer.text);
        assert!(answer.message().contains(words), "{}", answer.text);
    }
    assert_eq!(postern.queued().await, 0);
    let kept = "SELECT count(*) FROM refused_bodies WHERE body IS NOT NULL";
    eventually("the lists are kept", async || (postern.count(kept).await == 4).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_a_list_of_a_thousand_goes_through_queue_and_spool() {
    let mut postern = Postern::without_worker(&settings()).await;
    assert_eq!(receipts(&postern.post(PATH).json(&leads(1_000)).send().await).len(), 1_000);
    postern.start_worker().await;
    let mut found = names(&postern, 1_000).await;
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 1_000);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_a_retry_returns_the_same_receipts_and_runs_nothing_again() {
    let postern = Postern::start(&settings()).await;
    let send = |key: &str, body: String| postern.post(PATH).json(&body).header("idempotency-key", key).send();
    let first = receipts(&send("order-7", leads(3)).await);
    assert_eq!(receipts(&send("order-7", leads(3)).await), first);
    assert_ne!(receipts(&send("order-8", leads(3)).await), first);
    let other = send("order-7", leads(2)).await;
    assert_eq!((other.status, other.code()), (400, "invalid_idempotency_key"));
    assert!(other.message().contains("3 items"), "{}", other.text);
    assert_eq!(names(&postern, 6).await.len(), 6);
    // What has been forgotten gets new receipts, whose submissions are duplicates of the first.
    postern.sql("DELETE FROM batch_receipts").await;
    let later = receipts(&send("order-7", leads(3)).await);
    for (later, first) in later.iter().zip(&first) {
        eventually("it is a duplicate", async || {
            let shown = postern.call("GET", &format!("/receipts/{later}")).send().await;
            (shown.json["duplicate_of"] == first.as_str()).then_some(())
        })
        .await;
    }
    assert_eq!(names(&postern, 6).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_a_refused_list_is_replayed_as_a_list() {
    let postern = Postern::start(SETTINGS).await;
    assert_eq!(postern.post(PATH).json(&leads(2)).send().await.code(), "invalid_body");
    eventually("it is kept", async || (postern.count("SELECT count(*) FROM refused_bodies").await == 1).then_some(()))
        .await;
    postern.apply(&settings()).await;
    let done = postern.api("POST", "/refused_body_replays").json(r#"{"permission":"p"}"#).send().await.json;
    assert_eq!(done["replayed"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(names(&postern, 2).await, ["L1", "L2"]);
}
