//! Records by what they are now, and which receipts did something to them.

use serde_json::{Value, json};

use super::{are_found, digested, found};
use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::Visitor;

const SETTINGS: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2, 3, 4]\n---\n\
    workflow: 1\nstart: {without_record: true, next: a}\n\
    steps: {a: {create_record: Leads, fields: {name: '$env[\"name\"]'}}}\n---\n\
    workflow: 2\nstart: {module: Leads, next: a}\nsteps: {a: {set_value: {name: '$env[\"name\"]'}}}\n---\n\
    workflow: 3\nstart: {module: Leads, next: a}\nsteps: {a: {delete_record: true}}\n---\n\
    workflow: 4\nstart: {module: Leads, keep_log: none, next: wait}\n\
    steps: {wait: {delay: {for: 1s}, next: note}, note: {comment: later}}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_what_it_is_now_and_no_longer_when_it_is_gone() {
    let postern = Postern::start(SETTINGS).await;
    postern.outcome("/trigger?workflow_id=1", "name=Lovelace").await;
    are_found(&postern, "lovelace", 1, 1).await;
    postern.outcome("/trigger?workflow_id=2&record_id=1", "name=King").await;
    are_found(&postern, "king", 1, 1).await;
    assert_eq!(found(&postern, "lovelace").await, (1, 0));
    postern.outcome("/trigger?workflow_id=3&record_id=1", "").await;
    are_found(&postern, "king", 1, 0).await;
    eventually("its keys are gone", async || {
        (postern.count("SELECT count(*) FROM record_keys").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_names_the_receipts_that_touched_it_and_they_name_it() {
    let mut postern =
        Postern::with_ingress(SETTINGS, &[("POSTERN_ADMIN_PASSWORD", crate::panel::visitor::PASSWORD)]).await;
    postern.start_worker().await;
    let mut receipts = Vec::new();
    for (workflow, form) in [("1", "name=Ada"), ("2&record_id=1", "name=King"), ("4&record_id=1", "")] {
        let receipt = postern.outcome(&format!("/trigger?workflow_id={workflow}"), form).await;
        receipts.push(receipt["receipt"].as_str().unwrap().to_owned());
    }
    postern.outcome("/trigger?workflow_id=1", "name=Eve").await;
    digested(&postern).await;
    receipts.reverse();
    let record = postern.api("GET", "/record/1").send().await.json;
    let listed: Vec<&Value> = record["receipts"].as_array().unwrap().iter().map(|one| &one["receipt"]).collect();
    assert_eq!(json!(listed), json!(receipts), "{record}");
    let created = postern.api("GET", &format!("/receipts/{}", receipts[2])).send().await.json;
    assert_eq!(created["records"], json!([1]), "{created}");
    assert!(Cli::of(&postern).run("record 1").text().contains(&format!("receipt {} finished", receipts[2])));
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let long = visitor.get(&format!("/search?q={}", "x".repeat(300))).await.text;
    assert!(long.contains("longer than 200 characters"), "{long}");
    let page = visitor.get("/records/1").await.text;
    assert!(receipts.iter().all(|receipt| page.contains(&format!("href=\"/receipts/{receipt}\""))), "{page}");
    assert!(visitor.get(&format!("/receipts/{}", receipts[2])).await.text.contains("href=\"/records/1\""));
}
