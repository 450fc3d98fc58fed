//! What became a dead letter is looked at, replayed with its receipt, or discarded with a reason.

use postern_shared::id::ReceiptId;
use postern_shared::submission::{self, SUBMISSIONS_V1, Submission, Target};
use serde_json::{Value, json};

use crate::harness::{Postern, eventually};

pub const SETTINGS: &str = "\
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 2
start: {without_record: true, next: make}
steps:
  make: {create_record: Contacts, fields: {n: '$env[\"n\"]'}}
";

/// Puts a letter there as a worker would, and returns its receipt.
pub async fn dead(postern: &Postern, workflow: &str, n: &str, reason: &str) -> ReceiptId {
    let receipt = ReceiptId::new();
    let submission = Submission {
        receipt,
        permission: "test".parse().unwrap(),
        target: Target::Workflow(workflow.parse().unwrap()),
        record: None,
        env: serde_json::from_value(json!({ "n": n })).unwrap(),
        query: Default::default(),
        request: Default::default(),
        dedupe: None,
        read: Vec::new(),
        dropped_files: Vec::new(),
        accepted_at_ms: 1,
        settings_version: 1,
        ticket: None,
        waits: false,
        traceparent: None,
        tracestate: None,
    };
    let body = submission::bundle([submission::encode(&submission).unwrap().as_slice()]);
    put(postern, Some(receipt), SUBMISSIONS_V1, &body, reason).await;
    receipt
}

async fn put(postern: &Postern, receipt: Option<ReceiptId>, kind: &str, body: &[u8], reason: &str) {
    use postern_shared::message::Message;
    use postern_shared::store::{self, dead_letters};
    let mut connection = postern.connection().await;
    let transaction = store::begin(&mut connection).await.unwrap();
    let letter = dead_letters::DeadLetter { receipt, kind, body, reason: &Message::said(reason), attempt: 5 };
    dead_letters::put(&transaction, &letter).await.unwrap();
    store::commit(transaction).await.unwrap();
}

async fn post(postern: &Postern, path: &str, body: Value) -> (u16, Value) {
    let answer = postern.api("POST", path).json(&body.to_string()).send().await;
    (answer.status, answer.json)
}

async fn status(postern: &Postern, receipt: ReceiptId, wanted: &str) {
    eventually(wanted, async || {
        let answer = postern.call("GET", &format!("/receipts/{receipt}")).send().await;
        (answer.json["status"] == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_grouped_by_reason_and_workflow_and_a_group_is_replayed_with_its_receipts() {
    let postern = Postern::start(SETTINGS).await;
    let mut receipts = Vec::new();
    for n in ["a", "b", "c"] {
        receipts.push(dead(&postern, "1", n, "it was poison").await);
    }
    let other = dead(&postern, "2", "x", "it was poison").await;
    let groups = postern.api("GET", "/dead_letter_groups").send().await.json;
    let group = &groups["groups"][0];
    assert_eq!((&group["target"], &group["count"]), (&json!("workflow 1"), &json!(3)), "{groups}");
    let name = group["group"].as_str().unwrap();
    let listed = postern.api("GET", &format!("/dead_letters?group={name}")).send().await.json;
    assert_eq!(listed["dead_letters"].as_array().unwrap().len(), 3, "{listed}");
    let done = post(&postern, "/dead_letter_replays", json!({ "group": name })).await;
    assert_eq!(done, (200, json!({"replayed": 3, "left": 0})));
    for receipt in receipts {
        status(&postern, receipt, "finished").await;
    }
    assert_eq!(postern.records("Leads").await.len(), 3);
    status(&postern, other, "dead_letter").await;
    assert_eq!(post(&postern, "/dead_letter_replays", json!({ "group": name })).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_replayed_once_with_an_edited_env_and_the_audit_log_says_who_did_it() {
    let postern = Postern::start(SETTINGS).await;
    let receipt = dead(&postern, "1", "wrong", "it was poison").await;
    let letter = postern.api("GET", "/dead_letters").send().await.json["dead_letters"][0].clone();
    let whole = postern.api("GET", &format!("/dead_letters/{}", letter["id"])).send().await.json;
    assert_eq!(whole["submissions"][0]["env"], json!({"n": "wrong"}));
    let refused = post(&postern, "/dead_letter_replays", json!({"id": letter["id"], "env": {"n": "\0"}})).await;
    assert_eq!(refused.0, 400, "{}", refused.1);
    let order = json!({"id": letter["id"], "env": {"n": "right"}});
    assert_eq!(post(&postern, "/dead_letter_replays", order.clone()).await.0, 200);
    assert_eq!(post(&postern, "/dead_letter_replays", order).await.0, 404);
    status(&postern, receipt, "finished").await;
    let records = postern.records("Leads").await;
    assert_eq!((records.len(), records[0].get("n")), (1, Some(&json!("right"))));
    let log = postern.api("GET", &format!("/audit_log?kind=dead_letter&key={receipt}")).send().await.json;
    let change = &log["changes"][0];
    assert_eq!((&change["account"], &change["action"]), (&json!("token POSTERN_API_TOKEN"), &json!("replay")));
    assert_eq!((&change["document"]["edited"], log["changes"].as_array().unwrap().len()), (&json!(true), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_dead_letters_are_replayed_at_a_rate() {
    let postern = Postern::without_worker(SETTINGS).await;
    for n in ["a", "b", "c", "d"] {
        dead(&postern, "1", n, n).await;
    }
    let done = post(&postern, "/dead_letter_replays", json!({"all": true, "per_second": 0.1})).await;
    assert_eq!(done, (200, json!({"replayed": 4, "left": 0})));
    let spread = "SELECT extract(epoch FROM max(due_at) - min(due_at))::bigint FROM spool";
    assert_eq!(postern.count(spread).await, 30);
    assert_eq!(postern.count("SELECT count(*) FROM spool WHERE attempt = 0").await, 4);
    for wrong in [
        json!({}),
        json!({"all": false}),
        json!({"all": true, "id": 1}),
        json!({"all": true, "env": {}}),
        json!({"all": true, "per_second": 0}),
        json!({"all": true, "reason": "x"}),
        json!({"group": "\0"}),
    ] {
        assert_eq!(post(&postern, "/dead_letter_replays", wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_discarded_with_a_reason_that_the_audit_log_and_the_receipt_keep() {
    let postern = Postern::without_worker(SETTINGS).await;
    let receipt = dead(&postern, "1", "a", "it was poison").await;
    put(&postern, None, "odd.v9", b"\xff\0", "nobody can read it").await;
    assert_eq!(post(&postern, "/dead_letter_discards", json!({"all": true})).await.0, 400);
    let done = post(&postern, "/dead_letter_discards", json!({"all": true, "reason": "a test"})).await;
    assert_eq!(done, (200, json!({"discarded": 2, "left": 0})));
    let shown = postern.api("GET", &format!("/receipts/{receipt}")).send().await.json;
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("dead_letter"), &json!("a person discarded it: a test")));
    let log = postern.api("GET", "/audit_log?kind=dead_letter").send().await.json;
    let reasons: Vec<_> = log["changes"].as_array().unwrap().iter().map(|one| &one["document"]["reason"]).collect();
    assert_eq!(reasons, ["a test", "a test"]);
}
