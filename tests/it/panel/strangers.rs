//! What strangers post is text on every page: in values, names, messages, titles and in what is asked for.

use crate::harness::{DEMO, Postern, eventually};

use super::started;
use super::visitor::{PASSWORD, Page, Visitor, form};

const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// A workflow that carries a posted value wherever a run can carry one.
const CARRIES: &str = r#"
---
workflow: 78
start:
  without_record: true
  next: keep
steps:
  keep:
    create_record: Leads
    fields:
      lastname: $env["lastname"]
    store_id: id
    created: [say]
  say:
    comment: $env["lastname"]
    record: $env["id"]
    next: end
  end:
    stop: failed
    message: $env["lastname"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_post_is_text_on_every_page() {
    let mut postern = started(&(DEMO.replace("workflows: [77]", "workflows: [77, 78]") + CARRIES)).await;
    let receipt = post(&postern).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    name_everything(&mut visitor).await;
    refuse_and_kill(&postern).await;
    let changes = postern.count("SELECT max(id) FROM audit_log WHERE key = 'evil'").await;
    let group = postern.connection().await.query_one("SELECT group_id FROM dead_letters LIMIT 1", &[]).await.unwrap();
    let group: String = group.get(0);
    let query = |name| form(&[(name, EVIL)]);
    let mut shown = 0;
    for path in [
        "/",
        "/dead-letters",
        "/dead-letters/1",
        &format!("/dead-letters/groups/{group}"),
        "/refused",
        "/refused/1",
        "/accounts",
        &format!("/accounts/{}", form(&[("", EVIL)]).trim_start_matches('=')),
        "/tokens",
        "/audit",
        &format!("/audit/{changes}"),
        "/workflows/79/versions",
        "/workflows/79/delete",
        &format!("/live?{}", query("page")),
        "/runs",
        &format!("/receipts/{receipt}"),
        "/records",
        "/records/1",
        "/triggers",
        "/triggers/evil",
        "/triggers/evil/delete",
        "/http-handler",
        "/http-handler/evil",
        "/http-handler/evil/delete",
        "/workflows",
        "/workflows/79",
        &format!("/search?{}", query("q")),
        &format!("/http-handler?{}", query("address")),
        &format!("/http-handler/new?{}", query("address")),
        &format!("/http-handler/covers?{}", query("addresses")),
        &format!("/runs?{}&{}", query("state"), query("done")),
        &format!("/records?{}", query("module")),
    ] {
        let page = visitor.get(path).await;
        assert_harmless(path, &page);
        shown += usize::from(page.text.contains("&#60;script&#62;"));
    }
    assert!(shown >= 27, "only {shown} pages showed the text at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_form_is_shown_as_text() {
    let mut postern = started(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for (path, fields) in [
        ("/triggers/new", vec![("trigger", EVIL), ("title", EVIL)]),
        ("/http-handler/new", vec![("permission", EVIL), ("short_url", EVIL), ("origins", EVIL), ("workflows", EVIL)]),
        ("/workflows/new", vec![("text", EVIL)]),
        ("/modules/new", vec![("text", EVIL)]),
        ("/modules/check", vec![("text", "module: A\nfields: {a: <script>}\n")]),
        ("/workflows/check", vec![("text", "workflow: 1\n<script>: <script>\n")]),
    ] {
        let page = visitor.post(path, &fields).await;
        assert!(page.text.contains("&#60;script&#62;"), "{path}: {}", page.text);
        assert_harmless(path, &page);
    }
}

fn assert_harmless(path: &str, page: &Page) {
    assert!(page.status < 500, "{path}: {}", page.status);
    assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{path}: {}", page.text);
}

/// Posts the text in a value, a name, a list, the query and a header; returns the receipt.
async fn post(postern: &Postern) -> String {
    let body = form(&[("lastname", EVIL), (EVIL, EVIL), ("list[]", EVIL)]);
    let query = form(&[("workflow_id", "78"), (EVIL, EVIL)]);
    let accepted = postern.post(&format!("/trigger?{query}")).form(body).header("user-agent", EVIL).send().await;
    assert_eq!(accepted.status, 202, "{}", accepted.json);
    assert_eq!(postern.ended(&accepted).await["status"], "failed");
    accepted.json["receipt"].as_str().unwrap().to_owned()
}

/// A body that is refused, and a message that nobody can read.
async fn refuse_and_kill(postern: &Postern) {
    let query = form(&[("workflow_id", "78"), (EVIL, EVIL)]);
    let body = format!("{}&x=%FF", form(&[("lastname", EVIL), (EVIL, EVIL)]));
    assert_eq!(postern.post(&format!("/trigger?{query}")).form(body).send().await.status, 400);
    postern.servers().publish(EVIL, EVIL.as_bytes()).await;
    for table in ["refused_bodies", "dead_letters"] {
        eventually(table, async || (postern.count(&format!("SELECT count(*) FROM {table}")).await == 1).then_some(()))
            .await;
    }
}

/// Makes an account, a token, a trigger, a permission and a workflow whose titles are the text.
async fn name_everything(visitor: &mut Visitor) {
    let permission = [
        ("title", EVIL),
        ("permission", "evil"),
        ("addresses", "10.0.0.1"),
        ("triggers", "evil"),
        ("status", "200"),
        ("body", EVIL),
    ];
    let title = EVIL.replace('\'', "''");
    let workflow = format!("workflow: 79\ntitle: '{title}'\nstart:\n  next: end\nsteps:\n  end:\n    stop: finished\n");
    for (path, fields) in [
        ("/triggers/new", &[("trigger", "evil"), ("title", EVIL)][..]),
        ("/http-handler/new", &permission),
        ("/workflows/new", &[("text", &workflow)]),
        ("/accounts", &[("name", EVIL), ("password", PASSWORD)]),
    ] {
        let page = visitor.post(path, fields).await;
        assert_eq!(page.status, 303, "{path}: {}", page.text);
    }
    assert_harmless("/tokens", &visitor.post("/tokens", &[("name", EVIL)]).await);
}
