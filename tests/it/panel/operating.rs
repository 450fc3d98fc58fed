//! What waits for a person is seen and dealt with: the first screen, dead letters, refused bodies, tokens, changes.

use crate::harness::{DEMO, eventually};

use super::visitor::Visitor;
use super::{started, without_worker};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_screen_says_whether_leads_come_in_and_what_needs_a_hand() {
    let mut postern = started(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get("/").await;
    assert!(page.text.contains("Four steps to the first lead"), "{}", page.text);
    for form in ["lastname=Ada&email=ada@example.org", "lastname=Eve&email=eve@example.org", "lastname=nobody"] {
        postern.outcome("/trigger?workflow_id=77", form).await;
    }
    // The figures are counted again after a few seconds.
    let page = eventually("the figures are there", async || {
        let page = visitor.get("/").await;
        page.text.contains("3 accepted in 24 hours, 3 of them in this hour.").then_some(page)
    })
    .await;
    for expected in ["2 finished in 24 hours, 1 failed.", "1 run failed in the last 24 hours →", "settings version"] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    let failed = visitor.get("/runs?state=failed&last=hour").await;
    assert_eq!(failed.text.matches("class=\"whole\"").count(), 1);
    let found = eventually("the lead is digested", async || {
        let page = visitor.get("/search?q=ADA@example.org").await.text;
        page.contains("href=\"/records/1\"").then_some(page)
    })
    .await;
    assert!(found.contains("href=\"/receipts/") && found.contains("finished"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_stand_in_groups_and_are_replayed_or_discarded_with_a_reason() {
    let mut postern = started(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/dead-letters").await.text.contains("There are no dead letters"));
    for _ in 0..2 {
        postern.servers().publish("submissions.v1", b"no bundle").await;
    }
    eventually("they are dead", async || (postern.count("SELECT count(*) FROM dead_letters").await == 2).then_some(()))
        .await;
    let page = visitor.get("/dead-letters").await;
    assert!(page.text.contains("title=\"2 dead letters\""), "{}", page.text);
    let group = page.text.split("href=\"/dead-letters/groups/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/dead-letters/groups/{group}");
    assert!(visitor.get("/dead-letters/1").await.text.contains("no bundle"));
    let page = visitor.post("/dead-letters/1", &[("action", "discard"), ("reason", " ")]).await;
    assert!(page.status == 422 && page.text.contains("Say why"), "{}", page.text);
    let page = visitor.post("/dead-letters/1", &[("action", "discard"), ("reason", "a test")]).await;
    assert_eq!(page.location, "/dead-letters?done=discarded");
    assert_eq!(visitor.post(&path, &[("action", "replay")]).await.location, "/dead-letters?done=replayed");
    eventually("it is dead again", async || {
        (postern.count("SELECT count(*) FROM dead_letters WHERE id > 2").await == 1).then_some(())
    })
    .await;
    let audit = visitor.get("/audit").await;
    assert!(audit.text.contains("Replayed: dead letter") && audit.text.contains("Discarded: dead letter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_panel_opens_the_api_until_it_is_deleted_and_is_shown_once() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let private = postern.control.address("the control listener is open").await;
    let made = visitor.post("/tokens", &[("name", "ci")]).await;
    let token = made.text.split("<pre>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let status = async || {
        let call = reqwest::Client::new().get(format!("http://{private}/api/v1/triggers")).bearer_auth(&token);
        call.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status().await, 200);
    let list = visitor.get("/tokens").await;
    assert!(list.text.contains(">ci<") && !list.text.contains(&token));
    let id = postern.count("SELECT id FROM tokens WHERE name = 'ci'").await;
    assert_eq!(visitor.post(&format!("/tokens/{id}/delete"), &[("key", "wrong")]).await.status, 422);
    assert_eq!(visitor.post(&format!("/tokens/{id}/delete"), &[("key", "ci")]).await.status, 303);
    assert_eq!(status().await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_seen_in_versions_and_in_the_audit_log() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let text = include_str!("../../../deploy/demo/workflow-77.yaml").replace("title: New lead", "title: Lead");
    visitor.post("/workflows/77", &[("text", &text)]).await;
    let page = visitor.get("/workflows/77/versions").await;
    for line in
        ["<li class=\"gone\"><span class=\"sign\">−</span><code>title: New lead</code>", "<code>title: Lead</code>"]
    {
        assert!(page.text.contains(line), "{line} is missing in {}", page.text);
    }
    let first = visitor.get("/workflows/77/versions?version=1").await;
    assert!(first.text.contains("title: New lead") && !first.text.contains("title: Lead\n"));
    assert_eq!(visitor.get("/workflows/77/versions?version=9").await.status, 404);
    let back = visitor.get("/workflows/77/versions?version=1&with=2").await;
    assert!(back.text.contains("−</span><code>title: Lead</code>"), "{}", back.text);
    assert!(back.text.contains("<option value=\"2\" selected>v2</option>"), "{}", back.text);
    let change = postern.count("SELECT max(id) FROM audit_log").await;
    let page = visitor.get(&format!("/audit/{change}")).await;
    for line in ["Saved: workflow 77", "admin", "class=\"gone\"", "title: New lead"] {
        assert!(page.text.contains(line), "{line} is missing in {}", page.text);
    }
    assert_eq!(visitor.post("/workflows/77/delete", &[("key", "77")]).await.status, 422);
    assert_eq!(visitor.post("/workflows/77/delete", &[("key", "Lead")]).await.location, "/workflows?done=deleted");
    assert_eq!(visitor.get("/workflows/77").await.status, 404);
    assert_eq!(visitor.get("/workflows/77/versions").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_seen_with_the_reason() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/refused").await.text.contains("No body was refused"));
    assert_eq!(postern.post("/trigger?workflow_id=77").form(*b"lastname=%FF").send().await.status, 400);
    let page = eventually("it is kept", async || {
        let page = visitor.get("/refused/1").await;
        (page.status == 200).then_some(page)
    })
    .await;
    for expected in ["is not text in UTF-8", "lastname", "••• (1)", "workflow_id=77", "/http-handler/loopback"] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert!(!page.text.contains("lastname=%FF"), "{}", page.text);
    assert!(visitor.post("/refused/1/values", &[]).await.text.contains("lastname=%FF"));
    assert!(visitor.get("/audit").await.text.contains("Shown: refused body 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_read_again_by_a_button_or_says_why_not() {
    let mut postern = started(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for _ in 0..2 {
        let body = b"email=a@example.org&lastname=%CF%F0";
        assert_eq!(postern.post("/trigger?workflow_id=77").form(body).send().await.status, 400);
    }
    eventually("both are kept", async || {
        (postern.count("SELECT count(*) FROM refused_bodies").await == 2).then_some(())
    })
    .await;
    assert!(visitor.get("/refused/1").await.text.contains("Read again"));
    let page = visitor.post("/refused/1", &[("charset", "")]).await;
    assert!(page.status == 422 && page.text.matches("is not text in UTF-8").count() == 2, "{}", page.text);
    let page = visitor.post("/refused/1", &[("charset", "latin-77")]).await;
    assert!(page.status == 422 && page.text.contains("No charset has this name"), "{}", page.text);
    let page = visitor.post("/refused/1", &[("charset", "windows-1251")]).await;
    assert!(page.location.starts_with("/receipts/"), "{}", page.text);
    let page = visitor.post("/refused", &[("charset", "cp1251"), ("permission", "loopback")]).await;
    assert_eq!(page.location, "/refused?done=reread");
    assert!(visitor.get("/refused?done=reread").await.text.contains("No body was refused"));
    eventually("both have run", async || (postern.count("SELECT count(*) FROM runs").await == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_started_nothing_is_seen_on_the_first_screen_and_replayed_by_a_button() {
    let mut postern = started(&DEMO.replace("active: true", "active: false")).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let workflow = include_str!("../../../deploy/demo/workflow-77.yaml");
    let mut receipts = Vec::new();
    for name in ["Ada", "Eve"] {
        let form = format!("lastname={name}&email={name}@example.org");
        let receipt = postern.outcome("/trigger?workflow_id=77", &form).await;
        receipts.push(receipt["receipt"].as_str().unwrap().to_owned());
    }
    let page = visitor.get("/").await;
    assert!(page.text.contains("2 submissions of the last 24 hours started nothing"), "{}", page.text);
    let page = visitor.get("/unmatched?target=workflow+77").await;
    assert!(page.text.contains("#77: the workflow is inactive") && page.text.contains("Replay all of them"));
    assert!(visitor.get("/unmatched?target=workflow+78").await.text.matches("class=\"whole\"").count() == 0);
    postern.apply(workflow).await;
    let path = format!("/receipts/{}", receipts[0]);
    assert_eq!(visitor.post(&format!("{path}/replay"), &[]).await.location, path);
    let done = visitor.post("/unmatched", &[("target", "workflow 77")]).await;
    assert_eq!(done.location, "/unmatched?done=replayed");
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    assert!(visitor.get("/unmatched").await.text.contains("Every submission started something"));
}
