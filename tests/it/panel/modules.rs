//! Modules are declared, mended and deleted; what is typed is held against the workflows that are stored.

use super::visitor::Visitor;
use super::{started, without_worker};
use crate::harness::DEMO;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_declared_its_fault_is_found_at_its_line_and_its_fields_are_shown() {
    let mut postern = without_worker("trigger: a\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/modules").await.text.contains("There are no modules yet"));
    assert!(visitor.get("/modules/new").await.text.contains("No mistakes"));
    let right =
        "module: Leads\r\nstrict: true\r\nfields:\r\n  lastname: text\r\n  stage: {type: choice, options: [new, won]}";
    let wrong = right.replace("lastname: text", "lastname: txt");
    let page = visitor.post("/modules/new", &[("text", &wrong), ("action", "save")]).await;
    assert!(page.status == 422 && page.text.contains("<span id=\"line-4\" class=\"bad\">"), "{}", page.text);
    let checked = visitor.post("/modules/check", &[("text", &wrong)]).await;
    assert!(checked.text.contains("data-line=\"4\"") && checked.text.contains("there is no type"), "{}", checked.text);
    let page = visitor.post("/modules/new", &[("text", right), ("action", "save")]).await;
    assert_eq!(page.location, "/modules/Leads?done=saved", "{}", page.text);
    let page = visitor.get(&page.location).await;
    assert!(page.text.contains("new · won") && page.text.contains("these fields and no others"), "{}", page.text);
    assert!(visitor.post("/modules/new", &[("text", right)]).await.text.contains("This key is taken"));
    let other = visitor.post("/modules/Leads", &[("text", &right.replace("Leads", "Leads2"))]).await;
    assert_eq!((other.status, other.text.contains("the name cannot be changed")), (422, true));
    assert_eq!(visitor.post("/modules/Leads/delete", &[("key", "leads")]).await.status, 422);
    assert_eq!(visitor.post("/modules/Leads/delete", &[("key", "Leads")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM modules").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_only_has_records_is_declared_by_what_they_hold_and_by_what_workflows_do() {
    let mut postern = started(DEMO).await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Hopper&email=grace@example.org").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let list = visitor.get("/modules").await.text;
    assert!(list.contains("not declared") && list.contains("/modules/new?module=Leads"), "{list}");
    let draft = visitor.get("/modules/new?module=Leads").await.text;
    assert!(draft.contains("email: email") && draft.contains("lastname: text"), "{draft}");
    let strict = "module: Leads\nstrict: true\nfields: {lastname: text}\n";
    let page = visitor.post("/modules/new", &[("text", strict), ("action", "save")]).await;
    assert!(page.status == 422 && page.text.contains("workflow 77: steps.lead.fields.street"), "{}", page.text);
}
