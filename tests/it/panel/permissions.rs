//! Settings: HTTP handler. Who may post is set in forms and in force at once.

use crate::harness::{DEMO, eventually};

use super::visitor::Visitor;
use super::without_worker;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_permission_lets_its_caller_in_until_it_is_switched_off_and_deleted() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let lead = || postern.post("/trigger?workflow_trigger=web_lead").form("lastname=Ada");
    assert_eq!(lead().send().await.status, 403);
    assert!(visitor.get("/http-handler?address=127.0.0.1").await.text.contains("is denied"));
    let page = visitor.get("/http-handler/new?address=127.0.0.1").await;
    assert!(page.text.contains("127.0.0.1</textarea>"), "{}", page.text);
    let fields = [("title", "This machine"), ("addresses", "127.0.0.1"), ("triggers", "web_lead"), ("enabled", "true")];
    let saved = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(saved.location, "/http-handler/this-machine?done=saved", "{}", saved.text);
    eventually("the caller is let in", async || (lead().send().await.status == 202).then_some(())).await;
    let page = visitor.get(&saved.location).await;
    assert!(page.text.contains("curl -i") && page.text.contains("workflow_trigger=web_lead"), "{}", page.text);
    assert!(visitor.get("/http-handler?address=127.0.0.1").await.text.contains("is let in"));

    let page = visitor.post("/http-handler/this-machine/enabled", &[("enabled", "false")]).await;
    assert_eq!(page.location, "/http-handler?done=disabled");
    eventually("the caller is refused", async || (lead().send().await.status == 403).then_some(())).await;

    let page = visitor.post("/http-handler/this-machine/delete", &[("key", "this machine")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 1);
    let page = visitor.post("/http-handler/this-machine/delete", &[("key", "this-machine")]).await;
    assert_eq!(page.location, "/http-handler?done=deleted");
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 0);
    let noted =
        "SELECT count(*) FROM audit_log WHERE account = 'admin' AND kind = 'permission' AND key = 'this-machine'";
    assert_eq!(postern.count(noted).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_caller_becomes_a_permission_in_three_clicks_and_its_next_post_is_202() {
    let mut postern = without_worker(DEMO).await;
    let lead = || postern.post("/trigger?workflow_id=77").from("127.0.0.9").form("lastname=Ada");
    assert_eq!(lead().send().await.status, 403);
    assert_eq!(lead().send().await.status, 403);
    eventually("the refusal is counted", async || {
        (postern.count("SELECT count(*) FROM rejected_callers WHERE count > 1").await == 1).then_some(())
    })
    .await;
    let private = postern.control.address("the control listener is open").await;
    let mut visitor = Visitor::logged_in_at(private).await;
    let page = visitor.get("/http-handler").await;
    assert!(page.text.contains("Is it a proxy"), "{}", page.text);
    let draft = page.text.split("href=\"/http-handler/new?").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = visitor.get(&format!("/http-handler/new?{draft}")).await;
    assert!(page.text.contains("127.0.0.9</textarea>"), "{}", page.text);
    let fields = [("title", "Neighbour"), ("addresses", "127.0.0.9"), ("workflows", "77"), ("enabled", "true")];
    assert_eq!(visitor.post("/http-handler/new", &fields).await.status, 303);
    let lead = || postern.post("/trigger?workflow_id=77").from("127.0.0.9").form("lastname=Ada");
    eventually("the caller is let in", async || (lead().send().await.status == 202).then_some(())).await;
    assert!(!visitor.get("/http-handler").await.text.contains("Refused callers"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_does_not_parse_is_refused_by_name_and_keeps_what_was_typed() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let fields = [
        ("title", "Office & <friends>"),
        ("addresses", "192.168.0.*\n10.0.0.300"),
        ("triggers", "web_lead"),
        ("ping", "test=test"),
    ];
    let page = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(page.status, 422);
    for expected in
        ["10.0.0.300", "is not an IP address", "Office &#38; &#60;friends&#62;", "test=test", "256 addresses"]
    {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert!(page.text.contains("value=\"web_lead\" checked"), "{}", page.text);
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 0);
    let page = visitor.get("/http-handler/covers?addresses=192.168.0.*%0A10.0.0.0/33").await;
    assert!(page.text.contains("covers 192.168.0.0–192.168.0.255, 256 addresses"), "{}", page.text);
    assert!(page.text.contains("has a wrong prefix length"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_address_gets_a_short_url_that_nobody_can_guess() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let fields = [("title", "Ads"), ("addresses", "any"), ("triggers", "web_lead"), ("enabled", "true")];
    let saved = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(saved.location, "/http-handler/ads?done=saved", "{}", saved.text);
    let made = "SELECT count(*) FROM permissions WHERE length(document->>'short_url') >= 22";
    assert_eq!(postern.count(made).await, 1);
}
