//! Dead letters whose receipts the history cannot hold run when they are replayed: under new receipts, and once.

use std::time::{Duration, SystemTime};

use postern_shared::id::ReceiptId;
use postern_shared::submission::{self, SUBMISSIONS_V1};
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::poison;

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
permission: other
addresses: 127.0.0.2
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Leads of an ingress that took a wrong clock's word, which are dead letters now; returns their receipts.
async fn dead(postern: &Postern) -> [String; 2] {
    let now = SystemTime::now();
    let receipts = [now - 400 * DAY, now + 400 * DAY].map(ReceiptId::at);
    let numbered = |(receipt, number): (&ReceiptId, usize)| {
        let text = String::from_utf8(poison::submission(*receipt)).unwrap();
        text.replace(r#""number":1"#, &format!(r#""number":{number}"#)).into_bytes()
    };
    let bundle: Vec<Vec<u8>> = receipts.iter().zip(1..).map(numbered).collect();
    postern.servers().publish(SUBMISSIONS_V1, &submission::bundle(bundle.iter().map(Vec::as_slice))).await;
    eventually("they are dead letters", async || {
        (postern.count("SELECT count(*) FROM dead_letters").await == 2).then_some(())
    })
    .await;
    receipts.map(|receipt| receipt.to_string())
}

async fn replay(postern: &Postern, order: Value) -> Value {
    let answer = postern.api("POST", "/dead_letter_replays").json(&order.to_string()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

async fn receipt(postern: &Postern, id: &str) -> Value {
    postern.call("GET", &format!("/receipts/{id}")).send().await.json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_outside_the_history_runs_under_a_new_receipt() {
    let postern = Postern::start(SETTINGS).await;
    let olds = dead(&postern).await;
    assert_eq!(replay(&postern, json!({"all": true})).await, json!({"replayed": 2, "left": 0}));
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    for old in &olds {
        let shown = receipt(&postern, old).await;
        assert_eq!(shown["status"], "replayed", "{shown}");
        let new = shown["replayed_as"].as_str().unwrap();
        let made = new.parse::<ReceiptId>().unwrap().time();
        assert!(SystemTime::now().duration_since(made).unwrap_or_default() < DAY, "{new}");
        let shown = receipt(&postern, new).await;
        assert_eq!((&shown["status"], &shown["replay_of"]), (&json!("finished"), &json!(old)), "{shown}");
        let of_api = postern.api("GET", &format!("/receipts/{old}")).send().await.json;
        assert_eq!((&of_api["replayed_as"], &of_api["permission"]), (&json!(new), &json!("test")), "{of_api}");
        assert!(Cli::of(&postern).run(&format!("receipt {old}")).text().contains(&format!("replayed as {new}")));
        assert!(Cli::of(&postern).run(&format!("receipt {new}")).text().contains(&format!("replay of {old}")));
        let strange = postern.call("GET", &format!("/receipts/{old}")).from("127.0.0.2").send().await;
        assert_eq!(strange.status, 404, "{}", strange.json);
        let log = postern.api("GET", &format!("/audit_log?kind=dead_letter&key={old}")).send().await.json;
        assert_eq!(log["changes"][0]["document"]["replayed_as"], json!(new), "{log}");
    }
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_with_a_new_receipt_is_no_loss_and_runs_once() {
    let postern = Postern::start(SETTINGS).await;
    let [old, _] = dead(&postern).await;
    let twice = "INSERT INTO dead_letters (receipt, kind, body, reason, attempt, permission, target)
        SELECT receipt, kind, body, 'again', 0, permission, target FROM dead_letters";
    postern.sql(twice).await;
    let now = "INSERT INTO answered (instance, hour, numbers, at)
        VALUES (5, extract(epoch FROM now())::bigint / 3600, '{[1,3)}', now() - interval '1 day')";
    postern.sql(now).await;
    let first = "SELECT min(id) FROM dead_letters WHERE reason <> 'again'";
    let id = postern.count(first).await;
    assert_eq!(replay(&postern, json!({"id": id, "env": {"n": "edited"}})).await["replayed"], 1);
    eventually("it has run", async || (postern.records("Leads").await.len() == 1).then_some(())).await;
    let new = receipt(&postern, &old).await["replayed_as"].clone();
    assert_eq!(replay(&postern, json!({"all": true})).await["replayed"], 3);
    eventually("nothing waits", async || (postern.count("SELECT count(*) FROM spool").await == 0).then_some(())).await;
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    assert_eq!(receipt(&postern, &old).await["replayed_as"], new, "it has kept its new receipt");
    let leads = postern.records("Leads").await;
    assert!(leads.iter().any(|lead| lead.get("n") == Some(&json!("edited"))), "{leads:?}");
    assert_eq!(postern.count("SELECT count(*) FROM receipts").await, 2);
    let audit = postern.api("GET", "/audit").send().await.json;
    assert_eq!(audit["losses"], json!([]), "{audit}");
    let hour = audit["hours"].as_array().unwrap().last().unwrap();
    assert_eq!((&hour["finished"], &hour["lost"]), (&json!(2), &json!(0)), "{hour}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_slow_runs_that_the_databases_clock_put_off_are_due_now() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    // Messages of runs that do not exist: each is taken, and found to be nothing. That of a delay stays.
    let body = r#"{"receipt":"0193a5c8-7d00-7abc-8def-0123456789ab","number":1,"workflow":1,"revision":1}"#;
    let rows = format!(
        "INSERT INTO spool (lane, kind, body, attempt, due_at, workflow, target)
         SELECT lane, 'resume.v1', '{body}', 0, now() + interval '40 days', 1, 'http://a.test' FROM unnest('{{1,6,7}}'::int[]) lane"
    );
    postern.sql(&rows).await;
    postern.start_worker().await;
    let of = async |lane: &str| postern.count(&format!("SELECT count(*) FROM spool WHERE lane IN ({lane})")).await;
    eventually("the call and the slow run are taken", async || (of("6, 7").await == 0).then_some(())).await;
    assert_eq!(of("1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_that_the_databases_clock_put_off_for_weeks_are_due_now() {
    let mut postern = Postern::with_ingress(SETTINGS, &[("AMQP_URL", "amqp://127.0.0.1:1")]).await;
    assert_eq!(postern.post("/trigger?workflow_id=1").form("n=1").send().await.status, 202);
    postern.sql("UPDATE spool SET due_at = now() + interval '40 days'").await;
    postern.start_worker().await;
    eventually("it has run", async || (postern.records("Leads").await.len() == 1).then_some(())).await;
}
