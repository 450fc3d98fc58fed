//! A draft that is open in two tabs, and a number that two people want: what was typed is never lost.

use super::visitor::Visitor;
use super::without_worker;
use crate::harness::{DEMO, Postern, eventually};

const DESIGN: &str = "/workflows/77/design";
const DRAFT: &str = "/workflows/77/draft";

async fn draft(postern: &Postern) -> (String, i32) {
    let sql = "SELECT text, base_version FROM workflow_drafts";
    let row = postern.connection().await.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// The mark in the form of the page of a path.
async fn seen(visitor: &mut Visitor, path: &str) -> String {
    mark(&visitor.get(path).await.text)
}

fn mark(page: &str) -> String {
    let rest = page.split("name=\"seen\" value=\"").nth(1).unwrap_or_else(|| panic!("no mark in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_a_second_tab_overwrites_nothing_unseen() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.post(DESIGN, &[("action", "add"), ("step", "note"), ("output", "next"), ("task", "stop")]).await;
    let old = seen(&mut visitor, &format!("{DESIGN}?step=stop")).await;
    let save = |seen, name, stop| {
        [
            ("action", "save"),
            ("step", "stop"),
            ("seen", seen),
            ("name", name),
            ("shown", "stop"),
            ("stop", stop),
            ("shown", "message"),
            ("message", stop),
        ]
    };
    assert_eq!(visitor.post(DESIGN, &save(&old, "stop", "failed")).await.status, 303);
    let (first, _) = draft(&postern).await;
    let page = visitor.post(DESIGN, &save(&old, "halt", "finished")).await;
    assert_eq!((page.status, draft(&postern).await.0), (422, first.clone()), "{}", page.text);
    for expected in [
        "changed in another tab",
        "name=\"name\" value=\"halt\"",
        "<option value=\"finished\" selected>",
        "data-unkept",
    ] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    // The person has read the notice and keeps the form.
    let new = mark(&page.text);
    assert_eq!(visitor.post(DESIGN, &save(&new, "halt", "finished")).await.status, 303);
    assert!(draft(&postern).await.0.contains("  halt:\n    stop: finished\n"), "{}", draft(&postern).await.0);
    // The step has another name now: what was typed stands as a comment in the text.
    let page = visitor.post(DESIGN, &save(&old, "stop", "failed")).await;
    for expected in ["no longer fits", "# stop:\n#   stop: failed\n"] {
        assert!(page.status == 422 && page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_second_tab_overwrites_nothing_unseen() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.post("/preferences", &[("language", "ru"), ("back", "/")]).await;
    let old = seen(&mut visitor, DRAFT).await;
    let text =
        |title: &str| format!("workflow: 77\ntitle: {title}\nstart: {{next: a}}\nsteps: {{a: {{stop: finished}}}}\n");
    let (first, second) = (text("First"), text("Second"));
    assert_eq!(visitor.post(DRAFT, &[("text", &first), ("seen", &old)]).await.location, DESIGN);
    let page = visitor.post(DRAFT, &[("text", &second), ("seen", &old), ("action", "check")]).await;
    assert_eq!(mark(&page.text), old);
    let page = visitor.post(DRAFT, &[("text", &second), ("seen", &old)]).await;
    assert_eq!((page.status, draft(&postern).await.0), (422, first), "{}", page.text);
    assert!(page.text.contains("изменён в другой вкладке") && page.text.contains("title: Second"), "{}", page.text);
    assert_eq!(visitor.post(DRAFT, &[("text", &second), ("seen", &mark(&page.text))]).await.location, DESIGN);
    assert_eq!(draft(&postern).await.0, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_publishes_nothing_unseen() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get(DESIGN).await.text.contains("(p, Enter)\" disabled>"), "nothing is changed yet");
    visitor.post(DESIGN, &[("action", "duplicate"), ("step", "note")]).await;
    let old = seen(&mut visitor, DESIGN).await;
    visitor.post(DESIGN, &[("action", "connect"), ("step", "note"), ("output", "next"), ("to", "note_2")]).await;
    let page = visitor.post("/workflows/77/publish", &[("seen", &old)]).await;
    let page = visitor.get(&page.location).await.text;
    assert!(page.contains("so it is not published yet") && !page.contains("data-unkept"), "{page}");
    let page = visitor.post("/workflows/77/publish", &[("seen", &mark(&page))]).await;
    assert_eq!(page.location, "/workflows/77?done=published", "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_comes_while_the_draft_is_published_is_kept() {
    let mut postern = without_worker(DEMO).await;
    let (mut first, mut second) = (Visitor::logged_in(&mut postern).await, Visitor::logged_in(&mut postern).await);
    first.post(DESIGN, &[("action", "duplicate"), ("step", "note")]).await;
    first.post(DESIGN, &[("action", "connect"), ("step", "note"), ("output", "next"), ("to", "note_2")]).await;
    // A publication waits for this row after it has read the draft.
    let mut connection = postern.connection().await;
    let transaction = connection.transaction().await.unwrap();
    transaction.execute("SELECT FROM settings FOR UPDATE", &[]).await.unwrap();
    let edit = async {
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%settings%'";
        eventually("the publication waits", async || (postern.count(waits).await > 0).then_some(())).await;
        let add = [("action", "add"), ("step", "note_2"), ("output", "next"), ("task", "stop")];
        assert_eq!(second.post(DESIGN, &add).await.status, 303);
        transaction.commit().await.unwrap();
    };
    let (page, ()) = tokio::join!(first.post("/workflows/77/publish", &[]), edit);
    assert_eq!(page.location, "/workflows/77?done=published", "{}", page.text);
    let (text, base) = draft(&postern).await;
    assert!(text.contains("  stop:\n    stop: finished\n") && base == 2, "{base} {text}");
    assert!(first.get(&page.location).await.text.contains("You have a draft"));
    assert_eq!(first.post("/workflows/77/publish", &[]).await.status, 303);
    assert_eq!(postern.count("SELECT version::bigint FROM workflows").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_workflow_never_takes_a_number_that_was_in_use() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/workflows/new").await.text.contains("workflow: 78\n"));
    assert_eq!(visitor.post("/workflows/design", &[]).await.location, "/workflows/78/design");
    assert!(visitor.get("/workflows/new").await.text.contains("workflow: 79\n"));
    // Somebody else publishes another workflow under the number of the draft.
    let theirs = include_str!("../../../deploy/demo/workflow-77.yaml");
    let mine = theirs.replace("workflow: 77", "workflow: 78").replace("title: New lead", "title: Mine");
    assert_eq!(visitor.post("/workflows/78/draft", &[("text", &mine)]).await.status, 303);
    postern.apply(&theirs.replace("workflow: 77", "workflow: 78")).await;
    let page = visitor.post("/workflows/78/publish", &[]).await;
    assert!(page.status == 422 && page.text.contains("Publish under a new number"), "{}", page.text);
    assert!(!page.text.contains("Publish my draft instead"), "{}", page.text);
    let page = visitor.post("/workflows/78/duplicate", &[("move", "true")]).await;
    assert_eq!(page.location, "/workflows/79/design", "{}", page.text);
    assert_eq!(draft(&postern).await, (mine.replace("workflow: 78", "workflow: 79"), 0));
    assert_eq!(visitor.post("/workflows/79/publish", &[]).await.location, "/workflows/79?done=published");
    // The runs of a deleted workflow name its number.
    assert_eq!(visitor.post("/workflows/79/delete", &[("key", "Mine")]).await.status, 303);
    assert!(visitor.get("/workflows/new").await.text.contains("workflow: 80\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_too_long_for_a_draft_is_not_restored_silently() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let long = "UPDATE workflow_versions SET text = repeat('#', 1024 * 1024 + 1)";
    postern.connection().await.execute(long, &[]).await.unwrap();
    postern.apply(&DEMO.replace("title: New lead", "title: Short")).await;
    let page = visitor.post("/workflows/77/restore", &[("version", "1")]).await;
    assert_eq!(page.location, format!("{DRAFT}?refused=long"), "{}", page.text);
    assert!(visitor.get(&page.location).await.text.contains("longer than a draft may be"));
}
