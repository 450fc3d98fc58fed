//! A submission that started nothing is kept, and runs with the workflows of today when it is replayed.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
triggers: [web_lead]
files: drop
dedupe_by: n
---
trigger: web_lead
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
";

const LISTENER: &str = "
workflow: 3
start: {without_record: true, triggers: [web_lead], next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]', utm: '$query[\"utm\"]', at: '$request[\"time\"]'}}
";

async fn post(postern: &Postern, path: &str, n: &str) -> Value {
    postern.outcome(path, &format!("n={n}")).await
}

async fn replay(postern: &Postern, order: Value) -> Answer {
    postern.api("POST", "/unmatched_replays").json(&order.to_string()).send().await
}

async fn finished(postern: &Postern, receipt: &Value) -> Value {
    let path = format!("/receipts/{}", receipt["receipt"].as_str().unwrap());
    eventually("it has finished", async || {
        let receipt = postern.call("GET", &path).send().await.json;
        (receipt["status"] == "finished").then_some(receipt)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_started_nothing_is_replayed_under_its_receipt_with_the_workflows_of_today() {
    let postern = Postern::start(SETTINGS).await;
    let before = post(&postern, "/trigger?workflow_trigger=web_lead&utm=a", "1").await;
    assert_eq!(before["status"], "unmatched", "{before}");
    postern.apply(LISTENER).await;
    let done = replay(&postern, json!({"receipt": before["receipt"]})).await;
    assert_eq!((done.status, &done.json["replayed"]), (200, &json!(1)), "{}", done.json);
    let after = finished(&postern, &before).await;
    assert_eq!((&after["accepted_at"], &after["skipped"]), (&before["accepted_at"], &Value::Null));
    let made = serde_json::to_value(&postern.records("Leads").await).unwrap();
    assert_eq!(made, json!([{"n": "1", "utm": "a", "at": before["accepted_at"]}]));
    // It holds its dedupe key still.
    assert_eq!(post(&postern, "/trigger?workflow_trigger=web_lead", "1").await["duplicate_of"], before["receipt"]);
    let log = postern.api("GET", "/audit_log?kind=receipt").send().await.json;
    assert_eq!((&log["changes"][0]["key"], &log["changes"][1]), (&before["receipt"], &Value::Null), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_replays_of_a_submission_that_started_nothing_at_once_one_runs() {
    let postern = Postern::start(SETTINGS).await;
    let before = post(&postern, "/trigger?workflow_trigger=web_lead", "1").await;
    postern.apply(LISTENER).await;
    let order = json!({"trigger": "web_lead"});
    let answers = futures_util::future::join_all((0..8).map(|_| replay(&postern, order.clone()))).await;
    assert_eq!(answers.iter().map(|answer| answer.json["replayed"].as_i64().unwrap()).sum::<i64>(), 1);
    finished(&postern, &before).await;
    assert_eq!(postern.count("SELECT count(*) FROM runs").await, 1);
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_started_nothing_is_replayed_as_a_whole() {
    let postern = Postern::start(SETTINGS).await;
    let ran = post(&postern, "/trigger?workflow_id=1", "1").await;
    let twice = post(&postern, "/trigger?workflow_trigger=web_lead", "1").await;
    assert_eq!((&ran["status"], &twice["status"]), (&json!("finished"), &json!("duplicate")));
    for receipt in [&ran, &twice] {
        assert_eq!(replay(&postern, json!({"receipt": receipt["receipt"]})).await.code(), "conflict");
    }
    let unknown = json!({"receipt": "0193a5c8-7d00-7abc-8def-0123456789ab"});
    assert_eq!(replay(&postern, unknown).await.status, 404);
    for wrong in [json!({}), json!({"trigger": "a", "workflow": 1}), json!({"workflow": 0})] {
        assert_eq!(replay(&postern, wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(postern.count("SELECT count(*) FROM receipts").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_started_nothing_is_listed_and_replayed_by_what_it_was_to_run() {
    let postern = Postern::start(SETTINGS).await;
    let cli = Cli::of(&postern);
    for n in 1..=25 {
        let path = if n > 22 { "/trigger?workflow_id=2" } else { "/trigger?workflow_trigger=web_lead" };
        assert_eq!(post(&postern, path, &n.to_string()).await["status"], "unmatched");
    }
    let listed = cli.run("unmatched list --workflow 2").text();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("\tworkflow 2\ttest\tthere is no workflow 2"), "{listed}");
    let page = postern.api("GET", "/unmatched?trigger=web_lead&last=20").send().await.json;
    let next = page["next"].as_str().unwrap();
    let rest = postern.api("GET", &format!("/unmatched?trigger=web_lead&before={next}")).send().await.json;
    assert_eq!((rest["unmatched"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null), "{rest}");
    postern.apply(LISTENER).await;
    // More than one transaction of them.
    assert_eq!(cli.run("unmatched replay --trigger web_lead").text(), "22 replayed, 0 left\n");
    eventually("all have run", async || (postern.records("Leads").await.len() == 22).then_some(())).await;
    assert_eq!(cli.run("unmatched list").text().lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_left_out_is_noted_on_the_receipt() {
    let postern = Postern::start(SETTINGS).await;
    let file = reqwest::multipart::Part::bytes(b"x".to_vec()).file_name("photo.png");
    let form = reqwest::multipart::Form::new().text("n", "1").part("photo", file);
    let accepted = postern.post("/trigger?workflow_trigger=web_lead").multipart(form).send().await;
    assert_eq!(accepted.json["dropped_files"], json!(["photo"]));
    let before = postern.ended(&accepted).await;
    assert_eq!(before["dropped_files"], json!(["photo"]), "{before}");
    postern.apply(LISTENER).await;
    replay(&postern, json!({"receipt": before["receipt"]})).await;
    assert_eq!(finished(&postern, &before).await["dropped_files"], json!(["photo"]));
}
