//! Workflows and triggers are made, mended and deleted.

use super::visitor::Visitor;
use super::{started, without_worker};
use crate::harness::{DEMO, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_pasted_its_fault_is_found_at_its_line_and_it_is_saved_and_drawn() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let right = include_str!("../../../deploy/demo/workflow-77.yaml").replace('\n', "\r\n");
    let wrong = right.replace("then: lead", "then: laed");
    let page = visitor.post("/workflows/new", &[("text", &wrong), ("action", "save")]).await;
    assert_eq!(page.status, 422);
    let line = wrong.lines().position(|line| line.contains("laed")).unwrap() + 1;
    assert!(page.text.contains(&format!("<span id=\"line-{line}\" class=\"bad\">")), "{}", page.text);
    assert!(page.text.contains("and there is no such step") && page.text.contains("then: laed"), "{}", page.text);
    assert!(!page.text.contains("class=\"graph"), "{}", page.text);
    let checked = visitor.post("/workflows/check", &[("text", &wrong)]).await;
    assert!(checked.text.contains(&format!("data-line=\"{line}\"")), "{}", checked.text);

    let page = visitor.post("/workflows/new", &[("text", &right), ("action", "check")]).await;
    assert_eq!((page.status, postern.count("SELECT count(*) FROM workflows").await), (422, 0));
    let page = visitor.post("/workflows/new", &[("text", &right), ("action", "save")]).await;
    assert_eq!(page.location, "/workflows/77?done=saved", "{}", page.text);
    let page = visitor.get(&page.location).await;
    assert!(page.text.contains("class=\"graph") && page.text.contains(">reject</text>"), "{}", page.text);
    let other = visitor.post("/workflows/77", &[("text", &right.replace("workflow: 77", "workflow: 78"))]).await;
    assert_eq!((other.status, other.text.contains("the number cannot be changed")), (422, true));
    let again = visitor.post("/workflows/new", &[("text", &right)]).await;
    assert_eq!((again.status, again.text.contains("already")), (422, true));
    let second = visitor.post("/workflows/77", &[("text", &right.replace("title: New lead", "title: Lead"))]).await;
    assert_eq!(second.status, 303, "{}", second.text);
    assert_eq!(postern.count("SELECT version::bigint FROM workflows WHERE id = 77").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_put_on_hold_and_let_go_on_by_a_button() {
    let mut postern = started(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/workflows/77/hold", &[("hold", "true")]).await;
    assert_eq!(page.location, "/workflows/77?done=held", "{}", page.text);
    postern.settings_are_in_force().await;
    let accepted = postern.post("/trigger?workflow_id=77").form("lastname=Lovelace&email=ada@example.org").send().await;
    eventually("it is held", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'held'").await == 1).then_some(())
    })
    .await;
    let page = visitor.get(&page.location).await;
    for expected in ["on hold</span>", "1 run waits", "Let it go on", "hold: true"] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert!(visitor.get("/workflows").await.text.contains("on hold</span>"));
    let receipt = accepted.json["receipt"].as_str().unwrap();
    for list in ["/runs?state=held".to_owned(), format!("/receipts/{receipt}")] {
        let page = visitor.get(&list).await;
        assert!(page.text.contains("on hold</span>"), "{list}: {}", page.text);
    }
    let page = visitor.post("/workflows/77/hold", &[("hold", "false")]).await;
    assert_eq!(page.location, "/workflows/77?done=let-go", "{}", page.text);
    assert_eq!(postern.ended(&accepted).await["status"], "finished");
    assert!(!visitor.get("/workflows/77").await.text.contains("hold: true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_is_made_renamed_and_deleted() {
    let mut postern = without_worker(include_str!("../../../deploy/demo/workflow-77.yaml")).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/triggers").await.text.contains("There are no triggers yet"));
    let wrong = visitor.post("/triggers/new", &[("trigger", "web lead"), ("title", "Web form")]).await;
    assert!(
        wrong.status == 422 && wrong.text.contains("may hold only Latin letters") && wrong.text.contains("Web form")
    );
    assert_eq!(visitor.post("/triggers/new", &[("trigger", "web_lead"), ("title", "Web form")]).await.status, 303);
    assert!(visitor.post("/triggers/new", &[("trigger", "web_lead")]).await.text.contains("This key is taken"));
    assert!(visitor.get("/triggers").await.text.contains("New lead #77"));
    assert_eq!(visitor.post("/triggers/web_lead", &[("title", "Form")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM triggers WHERE document->>'title' = 'Form'").await, 1);
    assert_eq!(visitor.post("/triggers/web_lead/delete", &[("key", "web_lead")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM triggers").await, 0);
}
