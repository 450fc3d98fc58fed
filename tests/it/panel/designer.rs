//! Drafts: edited by small forms, taken back, published, and never in the way of another person's work.

use super::visitor::{PASSWORD, Page, Visitor};
use super::without_worker;
use crate::harness::{DEMO, Postern};

const DESIGN: &str = "/workflows/77/design";

async fn draft(postern: &Postern) -> String {
    let row = postern.connection().await.query_one("SELECT text FROM workflow_drafts", &[]).await.unwrap();
    row.get(0)
}

async fn version(postern: &Postern) -> i64 {
    postern.count("SELECT version::bigint FROM workflows WHERE id = 77").await
}

async fn act(visitor: &mut Visitor, fields: &[(&str, &str)]) -> Page {
    let page = visitor.post(DESIGN, fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_taken_back_and_published() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get(DESIGN).await;
    assert!(
        page.text.contains("Nothing is changed yet") && page.text.contains("data-step=\"usable\""),
        "{}",
        page.text
    );
    let page = act(&mut visitor, &[("action", "add"), ("step", "note"), ("output", "next"), ("task", "stop")]).await;
    assert_eq!(page.location, format!("{DESIGN}?step=stop&edit=1"));
    let added = draft(&postern).await;
    assert!(added.contains("\n    next: stop\n") && added.contains("\n  stop:\n    stop: finished\n"), "{added}");
    let exported = "/workflows/77/export?version=draft";
    assert!(visitor.get(DESIGN).await.text.contains(&format!("href=\"{exported}\"")));
    assert_eq!(visitor.get(exported).await.text, added);
    act(&mut visitor, &[("action", "save"), ("step", "stop"), ("name", "Всё"), ("shown", "stop"), ("stop", "failed")])
        .await;
    let renamed = draft(&postern).await;
    assert!(renamed.contains("    next: Всё\n") && renamed.contains("  Всё:\n    stop: failed\n"), "{renamed}");
    act(&mut visitor, &[("action", "undo")]).await;
    act(&mut visitor, &[("action", "undo")]).await;
    assert_eq!(draft(&postern).await, added);
    act(&mut visitor, &[("action", "redo")]).await;
    assert_eq!(version(&postern).await, 1);
    // Another browser finds the draft where this one left it.
    let mut other = Visitor::logged_in(&mut postern).await;
    assert!(other.get("/workflows").await.text.contains("Your drafts"));
    let page = other.post("/workflows/77/publish", &[]).await;
    assert_eq!(page.location, "/workflows/77?done=published", "{}", page.text);
    assert_eq!((version(&postern).await, postern.count("SELECT count(*) FROM workflow_drafts").await), (2, 0));
    assert!(other.get("/workflows/77").await.text.contains("stop: failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_go_with_their_account_whichever_version_removes_it() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    for name in ["olga", "ivan"] {
        admin.post("/accounts", &[("name", name), ("password", PASSWORD), ("role", "editor")]).await;
        let mut editor = Visitor::of(&mut postern).await;
        editor.get("/login").await;
        editor.post("/login", &[("name", name), ("password", PASSWORD)]).await;
        editor.get("/runs").await;
        act(&mut editor, &[("action", "duplicate"), ("step", "note")]).await;
    }
    let drafts = "SELECT count(*) FROM workflow_drafts";
    assert_eq!(postern.count(drafts).await, 2);
    assert_eq!(admin.post("/accounts/olga/delete", &[("key", "olga")]).await.location, "/accounts?done=deleted");
    assert_eq!(postern.count(drafts).await, 1);
    // As version 57 does it.
    postern.sql("DELETE FROM accounts WHERE name = 'ivan'").await;
    assert_eq!(postern.count(drafts).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_never_overwrites_what_was_published_meanwhile() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    act(&mut visitor, &[("action", "duplicate"), ("step", "note")]).await;
    act(&mut visitor, &[("action", "connect"), ("step", "note"), ("output", "next"), ("to", "note_2")]).await;
    postern.apply(&DEMO.replace("title: New lead", "title: Theirs")).await;
    let page = visitor.post("/workflows/77/publish", &[]).await;
    assert_eq!(page.status, 422, "{}", page.text);
    for expected in ["another version was published", "title: Theirs", "note_2", "name=\"base\" value=\"2\""] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert_eq!(version(&postern).await, 2);
    // Meanwhile there is a third one, which the person has not seen.
    postern.apply(&DEMO.replace("title: New lead", "title: Once more")).await;
    assert_eq!(visitor.post("/workflows/77/publish", &[("base", "2")]).await.status, 422);
    let page = visitor.post("/workflows/77/publish", &[("base", "3")]).await;
    assert_eq!((page.status, version(&postern).await), (303, 4), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_tabs_sees_what_the_first_saved() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let text = include_str!("../../../deploy/demo/workflow-77.yaml");
    assert!(visitor.get("/workflows/77").await.text.contains("name=\"base\" value=\"1\""));
    let (first, second) =
        (text.replace("title: New lead", "title: First"), text.replace("title: New lead", "title: Second"));
    assert_eq!(visitor.post("/workflows/77", &[("text", &first), ("base", "1")]).await.status, 303);
    let page = visitor.post("/workflows/77", &[("text", &second), ("base", "1")]).await;
    assert_eq!((page.status, version(&postern).await), (422, 2));
    for expected in ["Another version was saved", "title: First", "title: Second", "name=\"base\" value=\"2\""] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert_eq!(visitor.post("/workflows/77", &[("text", &second), ("base", "2")]).await.status, 303);
    assert_eq!(version(&postern).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_draft_is_drawn_and_not_published() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/workflows/design", &[]).await;
    assert_eq!(page.location, "/workflows/1/design", "{}", page.text);
    let add = [("action", "add"), ("step", ""), ("output", "next"), ("task", "find_record")];
    let page = visitor.post("/workflows/1/design", &add).await;
    let page = visitor.get(&page.location).await;
    for expected in ["class=\"step faulty chosen\"", "✕ 1", "is missing", "thing is to be settled", "autofocus"] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    // Nothing was posted yet: an example shows how a posted value is read.
    assert!(page.text.contains("$env[&#34;email&#34;]"), "{}", page.text);
    let page = visitor.post("/workflows/1/publish", &[]).await;
    assert_eq!(page.location, "/workflows/1/draft?refused=findings");
    assert!(visitor.get(&page.location).await.text.contains("it was not published"));
    assert_eq!(postern.count("SELECT count(*) FROM workflows").await, 0);
    visitor.post("/workflows/1/discard", &[]).await;
    assert_eq!(visitor.get("/workflows/1/design").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_the_designer_cannot_edit_is_mended_as_text() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let flow = "workflow: 77\nstart: {next: a}\nsteps: {a: {stop: finished}, # why\n  b: {stop: failed}}\n";
    let page = visitor.post("/workflows/77/draft", &[("text", flow)]).await;
    assert_eq!(page.location, DESIGN, "{}", page.text);
    assert!(visitor.get(DESIGN).await.text.contains("data-step=\"b\""));
    let page = act(&mut visitor, &[("action", "remove"), ("step", "b")]).await;
    assert_eq!(page.location, "/workflows/77/draft?refused=lines");
    assert!(visitor.get(&page.location).await.text.contains("would have lost a comment"));
    assert_eq!(draft(&postern).await, flow);
    let page = visitor.post("/workflows/77/draft", &[("text", "steps: [")]).await;
    assert!(page.status == 422 && page.text.contains("cannot be drawn"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_restored_and_a_workflow_is_duplicated_and_switched_off() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    postern.apply(&DEMO.replace("title: New lead", "title: Wrong")).await;
    let page = visitor.post("/workflows/77/restore", &[("version", "1")]).await;
    assert_eq!(page.location, format!("{DESIGN}?done=restored"), "{}", page.text);
    assert!(draft(&postern).await.contains("title: New lead"));
    assert_eq!(visitor.post("/workflows/77/publish", &[]).await.status, 303);
    let title = "SELECT count(*) FROM workflow_versions WHERE version = 3 AND document ->> 'title' = 'New lead'";
    assert_eq!(postern.count(title).await, 1);
    let page = visitor.post("/workflows/77/duplicate", &[]).await;
    assert_eq!(page.location, "/workflows/78/design", "{}", page.text);
    let copy = draft(&postern).await;
    assert!(copy.contains("workflow: 78") && copy.contains("active: false") && copy.contains("(copy)"), "{copy}");
    assert_eq!(visitor.post("/workflows/77/hold", &[("active", "false")]).await.location, "/workflows/77?done=saved");
    assert!(visitor.get("/workflows").await.text.contains("inactive"));
}
