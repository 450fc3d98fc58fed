//! Steps that send mails: by the operator's mail server, in the clear only where he says so, under one `Message-ID`.

use serde_json::{Value, json};

use crate::harness::mail_server::MailServer;
use crate::harness::tls::certify;
use crate::harness::{Postern, eventually};

fn settings(step: &str) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: tell}}
steps:
  tell: {{send_mail: '$env[\"to\"]', subject: 'New lead $env[\"lastname\"]', {step}, store: sent, next: after, failed: lost}}
  after: {{create_record: Sent, fields: {{said: '$env[\"sent\"]'}}}}
  lost: {{create_record: Lost, fields: {{said: '$env[\"sent\"]'}}}}
"
    )
}

async fn start(step: &str, url: &str) -> Postern {
    let mut postern = Postern::without_worker(&settings(step)).await;
    let environment = [("POSTERN_SMTP_URL", url), ("POSTERN_MAIL_FROM", "Postern <leads@example.com>")];
    postern.start_worker_with(&environment).await;
    postern
}

/// The outcome of a post, and its message at the step.
async fn outcome(postern: &Postern, form: &str) -> (Value, String) {
    let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
    let message = receipt["runs"][0]["path"][0]["message"].as_str().unwrap_or_default().to_owned();
    (receipt, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_as_text_and_html_under_the_id_of_its_step() {
    let server = MailServer::start().await;
    let step = "text: 'Ring $env[\"phone\"]', html: '<b>Ring</b> $env[\"phone\"]', bcc: [c@example.org, d@example.org], reply_to: 'Ada <ada@example.org>'";
    let settings = settings(step).replace("'$env[\"to\"]'", "'{{ $env[\"to\"]|safe }}'");
    let mut postern = Postern::without_worker(&settings).await;
    let url = server.url();
    let environment = [("POSTERN_SMTP_URL", &*url), ("POSTERN_MAIL_FROM", "Postern <leads@example.com>")];
    postern.start_worker_with(&environment).await;
    let form = "to=a@example.org,%20B%20<b@example.org>&lastname=L%C3%B6velace&phone=040";
    let (receipt, _) = outcome(&postern, form).await;
    let said = json!({"said": {"status": 250, "reply": "2.0.0 taken as 5"}});
    assert_eq!(json!(postern.records("Sent").await), json!([said]), "{receipt}");
    let got = server.got();
    assert_eq!((got.len(), got[0].from.as_str()), (1, "leads@example.com"));
    assert_eq!(got[0].to, ["a@example.org", "b@example.org", "c@example.org", "d@example.org"]);
    let header = |name: &str| got[0].header(name).unwrap();
    assert_eq!((header("From"), header("Reply-To")), ("Postern <leads@example.com>", "Ada <ada@example.org>"));
    assert_eq!((header("To"), got[0].header("Bcc")), ("a@example.org, B <b@example.org>", None));
    assert_eq!(header("Subject"), "New lead =?utf-8?b?TMO2dmVsYWNl?=");
    assert_eq!(header("Message-ID"), format!("<{}.1.1@example.com>", receipt["receipt"].as_str().unwrap()));
    assert!(got[0].text.contains("\n\nRing 040\n") && got[0].text.contains("\n\n<b>Ring</b> 040\n"), "{}", got[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_asks_for_later_is_asked_again_with_the_same_mail_and_what_it_refuses_is_not() {
    let server = MailServer::start().await;
    let postern = start("text: a, at_most_once: true", &server.url()).await;
    let (receipt, message) = outcome(&postern, "to=later@example.org").await;
    assert_eq!(
        (&receipt["status"], message.as_str()),
        (&"finished".into(), "the mail server answered 451; again in 1 s")
    );
    let ids: Vec<_> = server.got().iter().map(|mail| mail.header("Message-ID").map(str::to_owned)).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    let (_, message) = outcome(&postern, "to=nobody@example.org").await;
    assert_eq!((message.as_str(), server.got().len()), ("the mail server answered 550", 3));
    let said = json!({"said": {"status": 550, "reply": "5.1.1 there is nobody"}});
    assert_eq!(json!(postern.records("Lost").await), json!([said]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_post_adds_no_header_and_nobody_to_a_mail() {
    let server = MailServer::start().await;
    let postern = start("text: \"a\\n.\\nMAIL FROM:<x@example.org>\\n\"", &server.url()).await;
    outcome(&postern, "to=a@example.org&lastname=x%0D%0ABcc:%20evil@example.org%0D%0A%0D%0Aboo").await;
    let got = server.got();
    assert_eq!((got.len(), got[0].to.len(), got[0].header("Bcc")), (1, 1, None), "{got:?}");
    assert_eq!(got[0].header("Subject"), Some("New lead x Bcc: evil@example.org boo"));
    assert!(got[0].text.trim_end().ends_with("\n\na\n.\nMAIL FROM:<x@example.org>"), "{}", got[0].text);
    for to in ["", "a", "a@example.org%0D%0ABcc:%20evil@example.org", "a@example.org>%20<b@example.org"] {
        let (receipt, message) = outcome(&postern, &format!("to={to}")).await;
        let output = &receipt["runs"][0]["path"][0]["output"];
        assert_eq!((&receipt["status"], output), (&json!("finished"), &json!("failed")), "{to}");
        assert!(message.starts_with("send_mail: it is "), "{message}");
    }
    assert_eq!(postern.records("Lost").await.len(), 4);
    assert_eq!(server.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_at_most_once_that_the_server_may_have_taken_waits_for_a_person() {
    let server = MailServer::start().await;
    let postern = start("text: a, at_most_once: true, timeout: 1s", &server.url()).await;
    let answer = postern.post("/trigger?workflow_id=1").form("to=silent@example.org").send().await;
    let message = "step tell: it is not known what came of it: the mail server did not answer within 1000 ms";
    eventually("a person is asked", async || {
        let receipt = postern.call("GET", &answer.header("location")).send().await.json;
        (receipt["status"] == "needs_attention" && receipt["runs"][0]["message"] == message).then_some(())
    })
    .await;
    assert_eq!(server.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_and_no_password_goes_in_the_clear_unless_the_operator_says_so() {
    let server = MailServer::start().await;
    let url = server.url();
    let open = url.split('?').next().unwrap();
    let stranger = url.replace("secret", "wrong");
    let nowhere = "smtp://127.0.0.1:1?tls=never";
    for (url, expected) in [
        (open, "the mail server offers no STARTTLS, or no log-in that Postern knows"),
        (&stranger, "the mail server refuses Postern with 535"),
        (nowhere, "the target refuses connections: nothing listens at its port"),
        ("", "the worker knows no mail server: POSTERN_SMTP_URL is not set"),
    ] {
        let mut postern = Postern::without_worker(&settings("text: a, retries: 0, at_most_once: true")).await;
        let environment = [("POSTERN_SMTP_URL", url), ("POSTERN_MAIL_FROM", "leads@example.com")];
        postern.start_worker_with(if url.is_empty() { &[] } else { &environment }).await;
        assert_eq!(outcome(&postern, "to=a@example.org").await.1, expected, "{url}");
        assert_eq!(json!(postern.records("Lost").await), json!([{"said": {"error": expected}}]));
    }
    assert_eq!(server.got().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_over_tls_if_the_certificate_of_the_server_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let certificate = folder.path().join("cert.pem");
    for (trusted, mails) in [("/dev/null", 0), (certificate.to_str().unwrap(), 1)] {
        let server = MailServer::encrypted(folder.path());
        let url = format!("smtps://postern:secret@localhost:{}", server.address.port());
        let mut postern = Postern::without_worker(&settings("text: a, retries: 1")).await;
        let environment =
            [("POSTERN_SMTP_URL", &*url), ("POSTERN_MAIL_FROM", "leads@example.com"), ("SSL_CERT_FILE", trusted)];
        postern.start_worker_with(&[&environment[..], &[("SSL_CERT_DIR", "/nowhere")]].concat()).await;
        let (receipt, _) = outcome(&postern, "to=a@example.org").await;
        assert_eq!((server.got().len(), postern.records("Sent").await.len()), (mails, mails), "{receipt}");
    }
}
