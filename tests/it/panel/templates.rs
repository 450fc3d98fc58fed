//! New workflows that begin with a template or with a text from elsewhere.

use super::visitor::Visitor;
use super::{started, without_worker};
use crate::harness::DEMO;

const PERMISSION: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_template_is_drawn_without_mistakes_and_published() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let offered = visitor.get("/workflows/new").await.text;
    let keys = offered.split("name=\"template\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let keys: Vec<&str> = keys.collect();
    assert_eq!(keys, ["web-form", "find-or-create", "ask-and-branch", "remind", "round-robin"]);
    for (at, key) in (1..).zip(keys) {
        let page = visitor.post("/workflows/design", &[("template", key)]).await;
        assert_eq!(page.location, format!("/workflows/{at}/design"), "{}", page.text);
        let page = visitor.get(&page.location).await;
        assert!(page.text.contains("No mistakes") && page.text.contains("class=\"graph"), "{}", page.text);
        let page = visitor.post(&format!("/workflows/{at}/publish"), &[]).await;
        assert_eq!(page.location, format!("/workflows/{at}?done=published"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_round_robin_gives_leads_to_people_in_turn() {
    let mut postern = started(PERMISSION).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.post("/workflows/design", &[("template", "round-robin")]).await;
    let page = visitor.post("/workflows/1/publish", &[]).await;
    assert_eq!(page.location, "/workflows/1?done=published", "{}", page.text);
    let people = "INSERT INTO records (module, fields) VALUES
        ('Salespeople', '{\"name\": \"Anna\", \"turn\": \"0\"}'), ('Salespeople', '{\"name\": \"Boris\", \"turn\": \"0\"}')";
    postern.connection().await.execute(people, &[]).await.unwrap();
    postern.settings_are_in_force().await;
    for n in 0..4 {
        let report = postern.outcome("/trigger?workflow_id=1", &format!("lastname=L{n}&email=l{n}@example.org")).await;
        assert_eq!(report["status"], "finished", "{report}");
    }
    let leads = postern.records("Leads").await;
    let owners: Vec<&str> = leads.iter().map(|lead| lead.0["owner"].as_str().unwrap()).collect();
    assert_eq!(owners, ["Anna", "Boris", "Anna", "Boris"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_workflow_is_imported_as_a_draft_of_its_own() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let file = visitor.get("/workflows/77/export?version=1").await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"workflow-77.yaml\"");
    assert!(file.text.starts_with("workflow: 77\n"), "{}", file.text);
    visitor.get("/workflows/new").await;
    let page = visitor.post("/workflows/new", &[("action", "draft"), ("text", &file.text)]).await;
    assert_eq!(page.location, "/workflows/78/design", "{}", page.text);
    let draft = visitor.get("/workflows/78/draft").await.text;
    assert!(draft.contains("workflow: 78\n") && draft.contains("reject:"), "{draft}");
    let page = visitor.post("/workflows/new", &[("action", "draft"), ("text", "- a list")]).await;
    assert_eq!((page.status, postern.count("SELECT count(*) FROM workflow_drafts").await), (422, 1));
}
