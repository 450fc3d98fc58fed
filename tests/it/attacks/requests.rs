//! One idempotency key never carries two requests: what a step has rendered is sent again as it was, after a failure, a
//! crash, or the decision of a person; a replay is a new step with a key of its own.

use crate::harness::call::Answer;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::{Got, Outside};
use crate::harness::{Postern, eventually};

const ALLOWED: (&str, &str) = ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8");

fn settings(step: &str) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
---
workflow: 1
start: {{module: Leads, next: call}}
steps:
  call: {{http_request: '$env[\"url\"]?n=$n', any_host: true, headers: {{x-at: \"$[Now,0,'H:i:s']\"}}, json: {{n: '$n', at: \"$[Now,0,'H:i:s']\"}}{step}}}
---
workflow: 2
start: {{module: Leads, next: tell}}
steps: {{tell: {{send_mail: later@example.org, subject: '$n', text: \"$n $[Now,0,'H:i:s']\", html: '<b>$n</b>'}}}}
"
    )
}

/// A worker, a target, and a record whose field the requests hold.
async fn start(step: &str, environment: &[(&str, &str)]) -> (Postern, Outside) {
    let mut postern = Postern::without_worker(&settings(step)).await;
    postern.start_worker_with(&[&[ALLOWED], environment].concat()).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{\"n\": \"1\"}')").await;
    (postern, Outside::start().await)
}

async fn change_the_record(postern: &Postern) {
    assert_eq!(postern.sql("UPDATE records SET fields = '{\"n\": \"2\"}' WHERE id = 7").await, 1);
}

async fn post(postern: &Postern, url: &str) -> Answer {
    let answer = postern.post("/trigger?workflow_id=1&record_id=7").form(format!("url={url}")).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn is_asked(outside: &Outside, times: usize) -> Vec<Got> {
    eventually("it is asked", async || Some(outside.got()).filter(|got| got.len() >= times)).await
}

/// What came, all but for the connection.
fn whole(got: &Got) -> (String, String, String, String) {
    let header = |name: &str| got.headers[name].clone();
    (got.line.clone(), header("idempotency-key"), header("x-at"), got.body.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_sends_the_same_bytes_whatever_has_changed_meanwhile() {
    let (postern, outside) = start("", &[]).await;
    let answer = post(&postern, &outside.url("/later")).await;
    is_asked(&outside, 1).await;
    change_the_record(&postern).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let got = outside.got();
    assert_eq!((got.len(), whole(&got[0])), (2, whole(&got[1])));
    assert!(got[0].line.contains("n=1") && got[0].body.starts_with(r#"{"n":"1","#), "{:?}", got[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_same_bytes_are_sent_again() {
    let (mut postern, outside) = start("", &[]).await;
    let answer = post(&postern, &outside.url("/silent")).await;
    is_asked(&outside, 1).await;
    postern.workers.pop().unwrap().kill();
    change_the_record(&postern).await;
    outside.speak();
    postern.start_worker_with(&[ALLOWED]).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let got = outside.got();
    assert_eq!((got.len(), whole(&got[0])), (2, whole(&got[1])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_lets_repeat_is_sent_as_it_was() {
    let (postern, outside) = start(", at_most_once: true, timeout: 1s", &[]).await;
    let answer = post(&postern, &outside.url("/silent")).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(receipt["status"], "needs_attention", "{receipt}");
    change_the_record(&postern).await;
    outside.speak();
    let run = format!("/runs/{}.1/decision", receipt["receipt"].as_str().unwrap());
    assert_eq!(postern.api("POST", &run).json(r#"{"decision":"repeat"}"#).send().await.status, 200);
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let got = outside.got();
    assert_eq!((got.len(), whole(&got[0])), (2, whole(&got[1])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_a_new_step_that_renders_anew_under_a_key_of_its_own() {
    let (postern, outside) = start("", &[]).await;
    let receipt = postern.ended(&post(&postern, &outside.url("/status/422")).await).await;
    assert_eq!(receipt["status"], "failed", "{receipt}");
    change_the_record(&postern).await;
    let run = format!("/runs/{}.1/replays", receipt["receipt"].as_str().unwrap());
    assert_eq!(postern.api("POST", &run).json("{}").send().await.status, 201);
    let got = is_asked(&outside, 2).await;
    assert!(got[1].line.contains("n=2") && got[1].body.starts_with(r#"{"n":"2","#), "{:?}", got[1]);
    assert_eq!(outside.keys().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_sent_again_byte_by_byte() {
    let server = MailServer::start().await;
    let url = server.url();
    let (postern, _) = start("", &[("POSTERN_SMTP_URL", &url), ("POSTERN_MAIL_FROM", "leads@example.com")]).await;
    let answer = postern.post("/trigger?workflow_id=2&record_id=7").form("").send().await;
    eventually("it is asked", async || (server.got().len() == 1).then_some(())).await;
    change_the_record(&postern).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let texts: Vec<String> = server.got().into_iter().map(|mail| mail.text).collect();
    assert_eq!((texts.len(), &texts[0]), (2, &texts[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carriage_return_alone_reaches_no_mail_server() {
    let server = MailServer::start().await;
    let mut postern = Postern::without_worker(&settings("").replace(
        "later@example.org, subject: '$n', text: \"$n $[Now,0,'H:i:s']\", html: '<b>$n</b>'",
        "'$env[\"to\"]', subject: '$env[\"a\"]', text: '$env[\"a\"]'",
    ))
    .await;
    let url = server.url();
    postern.start_worker_with(&[("POSTERN_SMTP_URL", &url), ("POSTERN_MAIL_FROM", "leads@example.com")]).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{}')").await;
    let form = "to=a@example.org&a=a%0D.%0DMAIL%20FROM:<x@example.org>%0D%0A.%0Ab";
    let receipt = postern.outcome("/trigger?workflow_id=2&record_id=7", form).await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    let got = server.got();
    assert_eq!((got.len(), got[0].to.len()), (1, 1));
    assert!(!got[0].text.contains('\r'), "{:?}", got[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headers_of_an_answer_count_as_a_part_of_it() {
    let (postern, outside) = start(", max_bytes: 50000, retries: 0", &[]).await;
    let receipt = postern.ended(&post(&postern, &outside.url("/heads")).await).await;
    let message = "step call: the answer has more than 50000 bytes";
    assert_eq!((&receipt["status"], &receipt["runs"][0]["message"]), (&"failed".into(), &message.into()), "{receipt}");
}
