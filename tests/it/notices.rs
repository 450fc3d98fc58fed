//! People without a monitoring are told once when leads fail, and once when that is over.

use serde_json::{Value, json};

use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::{DEMO, Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};

/// A Postern whose worker may send mails and call a webhook.
async fn quiet(mails: &MailServer) -> Postern {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let url = mails.url();
    let environment = [
        ("POSTERN_SMTP_URL", url.as_str()),
        ("POSTERN_MAIL_FROM", "Postern <postern@example.org>"),
        ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
    ];
    postern.start_worker_with(&environment).await;
    postern
}

/// Names a mail address and a webhook.
async fn tell(postern: &mut Postern, hooks: &Outside) {
    let mut visitor = Visitor::logged_in(postern).await;
    let hook = hooks.url("/hook");
    let form = [
        ("mail", "olga@example.org\r\nivan@example.org"),
        ("webhook", hook.as_str()),
        ("causes", "failed"),
        ("causes", "silent"),
        ("silent_hours", "24"),
        ("language", "en"),
        ("panel", "https://panel.example.org"),
    ];
    let page = visitor.post("/notices", &form).await;
    assert_eq!(page.location, "/notices?done=saved", "{}", page.text);
}

/// Waits until so many notices came by each way; the last ones.
async fn told(mails: &MailServer, hooks: &Outside, count: usize) -> (String, Value) {
    eventually(&format!("notice {count} came by both ways"), async || {
        let (mail, hook) = (mails.got(), hooks.got());
        (mail.len() >= count && hook.len() >= count).then_some(())
    })
    .await;
    let (mail, hook) = (mails.got(), hooks.got());
    assert_eq!((mail.len(), hook.len()), (count, count));
    assert_eq!(mail[count - 1].to, ["olga@example.org", "ivan@example.org"]);
    let subject = mail[count - 1].header("Subject").unwrap().to_owned();
    (subject, serde_json::from_str(&hook[count - 1].body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_once_and_so_is_their_end() {
    let (mails, hooks) = (MailServer::start().await, Outside::start().await);
    let mut postern = quiet(&mails).await;
    tell(&mut postern, &hooks).await;
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    let (subject, hook) = told(&mails, &hooks, 1).await;
    assert_eq!(subject, "Postern: Runs failed in the last hour: 1");
    let link = "https://panel.example.org/runs?state=failed";
    assert_eq!((&hook["state"], &hook["count"], &hook["link"]), (&json!("begun"), &json!(1), &json!(link)));
    // It is seen again, and not told again.
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    eventually("both failures are seen", async || {
        (postern.count("SELECT min(count) FROM notices").await == 2).then_some(())
    })
    .await;
    let over = "UPDATE runs SET ended_at = now() - interval '61 minutes'; UPDATE notices SET seen_at = now() - interval '1 hour'";
    postern.connection().await.batch_execute(over).await.unwrap();
    let (subject, hook) = told(&mails, &hooks, 2).await;
    assert_eq!((subject.as_str(), &hook["state"]), ("Postern: No run failed in the last hour", &json!("ended")));
    eventually("nothing is left to tell", async || {
        (postern.count("SELECT count(*) FROM notices").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_long_after_its_submission_came_is_told() {
    let (mails, hooks) = (MailServer::start().await, Outside::start().await);
    let mut postern = quiet(&mails).await;
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    let moved = "UPDATE runs SET receipt = postern_uuid_floor(now() - interval '3 hours') WHERE state = 'failed'";
    assert_eq!(postern.sql(moved).await, 1);
    tell(&mut postern, &hooks).await;
    let (subject, hook) = told(&mails, &hooks, 1).await;
    assert_eq!(subject, "Postern: Runs failed in the last hour: 1");
    let link = hook["link"].as_str().unwrap().strip_prefix("https://panel.example.org").unwrap();
    let page = Visitor::logged_in(&mut postern).await.get(link).await;
    assert!(page.text.contains("#77 v1"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_names_the_server_of_a_webhook_and_not_its_path() {
    let (mails, hooks) = (MailServer::start().await, Outside::start().await);
    let mut postern = quiet(&mails).await;
    tell(&mut postern, &hooks).await;
    let noted = "SELECT count(*) FROM audit_log WHERE kind = 'notices' AND document::text LIKE ";
    let origin = hooks.url("");
    assert_eq!(postern.count(&format!("{noted} '%\"webhook\":\"{}\"%'", origin.trim_end_matches('/'))).await, 1);
    assert_eq!(postern.count(&format!("{noted} '%/hook%'")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_notices_are_kept_in_the_form() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for (field, value, said) in [
        ("mail", "olga", "no list of e-mail addresses"),
        ("webhook", "hooks.example.org", "begin with https://"),
        ("silent_hours", "soon", "1 to 744"),
    ] {
        let page = visitor.post("/notices", &[(field, value), ("causes", "silent")]).await;
        let is_kept =
            page.text.contains(&format!(">\n{value}</textarea>")) || page.text.contains(&format!("value=\"{value}\""));
        assert!(page.status == 422 && page.text.contains(said) && is_kept, "{field}: {}", page.text);
    }
    assert_eq!(postern.count("SELECT count(*) FROM notice_settings").await, 0);
}
