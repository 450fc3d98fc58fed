//! Records of other systems are named by connection, module and id, wherever a record is named.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::search::{digested, find};

const SETTINGS: &str = "permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {module: Leads, next: make}
steps: {make: {create_record: Notes}}
";

const RECORD: &str = "crm/Leads/4x852";

/// Sends what an ingress sends of a call on a record of another system; returns its receipt as an operator sees it.
async fn on_connected_record(postern: &Postern) -> Value {
    let receipt = Uuid::now_v7();
    let bundle = json!({"submissions": [{"receipt": receipt, "permission": "test", "target": {"workflow": 1},
        "record": RECORD, "env": {"n": 1}, "query": {}, "request": {"ip": "127.0.0.1", "time": "2026-11-24T13:30:00Z"},
        "accepted_at_ms": 1_795_527_000_000_i64, "settings_version": 1}]});
    postern.servers().publish("submissions.v1", bundle.to_string().as_bytes()).await;
    unmatched(postern, receipt).await
}

async fn unmatched(postern: &Postern, receipt: Uuid) -> Value {
    eventually("it is unmatched", async || {
        let answer = postern.api("GET", &format!("/receipts/{receipt}")).send().await;
        (answer.json["status"] == "unmatched").then_some(answer.json)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_a_record_that_no_connection_reaches_is_kept_and_says_why() {
    let mut postern = Postern::with_ingress(SETTINGS, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let receipt = on_connected_record(&postern).await;
    assert_eq!(receipt["skipped"][0]["reason_code"]["code"], "connection-missing", "{receipt}");
    let text = "there is no connection crm, by which record crm/Leads/4x852 would be reached";
    assert_eq!(receipt["skipped"][0]["reason"], text, "{receipt}");
    let id = receipt["receipt"].as_str().unwrap();
    let named = "SELECT count(*) FROM receipts WHERE record IS NULL AND connected = 'crm/Leads/4x852'";
    assert_eq!(postern.count(named).await, 1);
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get(&format!("/receipts/{id}")).await.text;
    assert!(page.contains("<a href=\"/records/4x852?connection=crm&#38;module=Leads\">crm/Leads/4x852</a>"), "{page}");
    // A replay is on the same record.
    let replayed = postern.api("POST", "/unmatched_replays").json(&json!({"receipt": id}).to_string()).send().await;
    assert!(replayed.status < 300, "{}", replayed.json);
    unmatched(&postern, id.parse().unwrap()).await;
    assert_eq!(postern.count(named).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_found_by_the_record_of_another_system_that_it_touched() {
    let postern = Postern::start(SETTINGS).await;
    let receipt = on_connected_record(&postern).await;
    let id = receipt["receipt"].as_str().unwrap();
    let touched = format!(
        "INSERT INTO digest_queue (receipts, records, touching_connected, touched_connected)
         VALUES ('{{}}', '{{}}', ARRAY['{id}'::uuid], ARRAY['{RECORD}'])"
    );
    postern.sql(&touched).await;
    digested(&postern).await;
    for (text, count) in [(RECORD, 1), ("4x852", 1), ("4x853", 0), ("erp/Leads/4x852", 0)] {
        let found = find(&postern, text, &[]).await;
        assert_eq!(found["receipts"].as_array().unwrap().len(), count, "{text}: {found}");
    }
}
