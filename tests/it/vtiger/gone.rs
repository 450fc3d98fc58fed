//! Records that are gone in vtiger, and persons who are forgotten here and not there.

use postern_vtiger::Variant;
use serde_json::json;

use super::{Crm, WITH_KEY, path};
use crate::cli::Cli;
use crate::harness::eventually;
use crate::panel::visitor::Visitor;

/// Workflow 78 changes the lead that a call is on, 79 deletes it.
const MORE: &str = "---
permission: more
addresses: 127.0.0.1
workflows: [78, 79]
---
workflow: 78
start: {without_record: true, next: change}
steps:
  change: {set_value: {city: C}, record: '$env[\"lead\"]'}
---
workflow: 79
start: {module: Leads, next: gone}
steps:
  gone: {delete_record: true}
";

/// The runs of a workflow on a lead, by its name in `$env` and by its number; returns how the run ended.
async fn run(crm: &Crm, workflow: u8, number: &str) -> String {
    let path = format!("/trigger?workflow_id={workflow}&record_id={}", if workflow == 79 { number } else { "" });
    let answer = crm.postern.post(&path).form(format!("lead=crm/Leads/{number}")).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    crm.postern.ended(&answer).await["status"].as_str().unwrap().to_owned()
}

/// How many of the records that runs have touched are gone.
async fn gone(crm: &Crm, count: i64) {
    let gone = "SELECT count(*) FROM connected_records WHERE gone_at IS NOT NULL";
    let undigested = "SELECT count(*) FROM digest_queue";
    eventually("all is digested", async || (crm.postern.count(undigested).await == 0).then_some(())).await;
    assert_eq!(crm.postern.count(gone).await, count);
}

/// Creates a lead; its number.
async fn created(crm: &Crm, email: &str) -> String {
    let run = crm.run(&crm.post(0, &[("lastname", "L"), ("email", email)]).await).await;
    assert_eq!(path(&run)[0], "lead created", "{run}");
    let leads = crm.vtiger.records("Leads");
    leads.iter().find(|lead| lead["email"] == email).unwrap()["id"]
        .as_str()
        .unwrap()
        .trim_start_matches("10x")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_a_step_misses_in_vtiger_is_shown_as_gone() {
    let mut crm = Crm::start(Variant::A, &format!("{WITH_KEY}{MORE}")).await;
    let (first, second) = (created(&crm, "a@example.org").await, created(&crm, "b@example.org").await);
    assert_eq!(run(&crm, 78, &first).await, "finished");
    gone(&crm, 0).await;
    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    let list = "/records?connection=crm&module=Leads";
    assert!(!visitor.get(list).await.text.contains("Gone since"));
    // A person deletes it there, and a step of a run finds that out.
    crm.vtiger.crm().remove(first.parse().unwrap());
    assert_eq!(run(&crm, 78, &first).await, "failed");
    gone(&crm, 1).await;
    let page = visitor.get(list).await.text;
    assert_eq!(page.matches("Gone since").count(), 1, "{page}");
    let page = visitor.get(&format!("/records/{first}?connection=crm&module=Leads")).await.text;
    assert!(page.contains("Gone since") && page.contains("does not show the record any more"), "{page}");
    // One that a run deletes, and one that a run is to begin on and cannot read.
    assert_eq!(run(&crm, 79, &second).await, "finished");
    gone(&crm, 2).await;
    let third = created(&crm, "c@example.org").await;
    crm.vtiger.crm().remove(third.parse().unwrap());
    assert_eq!(run(&crm, 79, &third).await, "unmatched");
    gone(&crm, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_a_person_names_the_records_in_vtiger() {
    let mut crm = Crm::start(Variant::B, WITH_KEY).await;
    let (ada, _) = (created(&crm, "ada.planted@example.org").await, created(&crm, "bob@example.org").await);
    gone(&crm, 0).await;
    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    let link = format!("href=\"/records/{ada}?connection=crm&#38;module=Leads\"");
    let asked = visitor.post("/forget", &[("texts", "ada.planted@example.org")]).await.text;
    assert!(asked.contains("Records of other systems") && asked.contains(&link), "{asked}");
    let told = Cli::of(&crm.postern).arguments(&["forget", "ada.planted@example.org", "--yes"]);
    let named: Vec<&str> = told.stdout.lines().filter(|line| line.starts_with("crm/Leads/")).collect();
    let expected = format!("crm/Leads/{ada}");
    assert_eq!((told.code, named), (0, vec![expected.as_str(), expected.as_str()]), "{told:?}");
    let reports = crm.postern.api("GET", "/forgettings").send().await.json;
    assert_eq!(reports["forgettings"][0]["elsewhere"], json!([expected]), "{reports}");
    assert!(visitor.get("/forget").await.text.contains(&link));
    // There the person stays until somebody removes it.
    assert_eq!(crm.values("email").get("ada.planted@example.org"), Some(&1));
    let left = "SELECT count(*) FROM receipts WHERE env::text LIKE '%planted%'";
    assert_eq!(crm.postern.count(left).await, 0);
}
