//! Steps that reach outside: at least once with one key, or at most once and then a person; never to where nobody
//! allowed.

use serde_json::{Value, json};

use crate::harness::call::Answer;
use crate::harness::outside::Outside;
use crate::harness::tls::{certify, openssl};
use crate::harness::{Postern, eventually, private};

const ALLOWED: [(&str, &str); 1] = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")];

fn settings(step: &str) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: [before, other]}}
steps:
  before: {{create_record: Leads, fields: {{n: '$env[\"n\"]'}}, store_id: lead, created: call}}
  call: {{http_request: '$env[\"url\"]', any_host: true, {step}, store: answer}}
  after: {{set_value: {{status: '$env[\"answer\"][\"status\"]', id: '$env[\"answer\"][\"body\"][\"id\"]', more: '$env[\"answer\"][\"headers\"][\"x-more\"]'}}, record: '$env[\"lead\"]'}}
  lost: {{set_value: {{lost: '$env[\"answer\"][\"error\"] $env[\"answer\"][\"status\"]'}}, record: '$env[\"lead\"]'}}
  other: {{set_env: {{other: 1}}}}
"
    )
}

async fn start(step: &str) -> (Postern, Outside) {
    let mut postern = Postern::without_worker(&settings(step)).await;
    postern.start_worker_with(&ALLOWED).await;
    (postern, Outside::start().await)
}

async fn post(postern: &Postern, url: &str, n: u32) -> Answer {
    let form = reqwest::Url::parse_with_params("http://x/", [("url", url), ("n", &n.to_string())]).unwrap();
    let answer = postern.post("/trigger?workflow_id=1").form(form.query().unwrap()).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

fn path(receipt: &Value) -> Vec<String> {
    let step = |step: &Value| format!("{} {}", step["step"].as_str().unwrap(), step["output"].as_str().unwrap_or("-"));
    receipt["runs"][0]["path"].as_array().unwrap().iter().map(step).collect()
}

const BOTH: &str = "next: after, failed: lost";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_out_in_order_and_its_answer_is_read_in_env() {
    let step = format!(
        "{BOTH}, method: PUT, headers: {{X-N: 'no $env[\"n\"]'}}, json: {{n: '$env[\"n\"]', a: [1, '{{{{ 1 + 1 }}}}']}}"
    );
    let (postern, outside) = start(&step).await;
    let answer = post(&postern, &outside.url("/leads"), 7).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(path(&receipt), ["before created", "call next", "after next", "other next"], "{receipt}");
    assert_eq!(receipt["runs"][0]["path"][1]["message"], "the target answered 201");
    let got = outside.got();
    assert_eq!((got.len(), got[0].line.as_str()), (1, "PUT /leads HTTP/1.1"));
    assert_eq!(serde_json::from_str::<Value>(&got[0].body).unwrap(), json!({"n": "7", "a": [1, 2]}));
    let header = |name: &str| got[0].headers[name].as_str();
    assert_eq!((header("content-type"), header("x-n")), ("application/json", "no 7"));
    assert_eq!(header("idempotency-key"), format!("{}.1.2", receipt["receipt"].as_str().unwrap()));
    let expected = json!({"n": "7", "status": 201, "id": 5, "more": "yes"});
    assert_eq!(Value::Object(postern.records("Leads").await[0].0.clone()), expected);
    assert_eq!(postern.count("SELECT count(*) FROM outside_calls WHERE done_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_asks_for_later_is_asked_again_with_the_same_key_while_other_branches_go_on() {
    let (postern, outside) = start(&format!("{BOTH}, form: {{a: [x, y]}}")).await;
    let answer = post(&postern, &outside.url("/later"), 1).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(path(&receipt), ["before created", "call -", "other next", "call next", "after next"], "{receipt}");
    assert_eq!(receipt["runs"][0]["path"][1]["message"], "the target answered 429; again in 1 s");
    let got = outside.got();
    assert_eq!((got.len(), outside.keys().len(), got[1].body.as_str()), (2, 1, "a=x&a=y"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_refuses_leaves_by_failed_at_once_and_fails_a_run_without_that_output() {
    let (postern, outside) = start(BOTH).await;
    let receipt = postern.ended(&post(&postern, &outside.url("/status/422"), 1).await).await;
    assert_eq!(path(&receipt), ["before created", "call failed", "lost next", "other next"], "{receipt}");
    assert_eq!(postern.records("Leads").await[0].get("lost"), Some(&"the target answered 422 422".into()));
    postern.apply(&settings("expect: [2xx], next: [after, lost]")).await;
    let receipt = postern.ended(&post(&postern, &outside.url("/status/404"), 2).await).await;
    assert_eq!(receipt["runs"][0]["message"], "step call: the target answered 404", "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_come_to_an_end_and_an_answer_that_is_too_large_is_a_failure() {
    let (postern, outside) = start(&format!("{BOTH}, retries: 1, max_bytes: 1000")).await;
    let receipt = postern.ended(&post(&postern, &outside.url("/status/503"), 1).await).await;
    assert_eq!(path(&receipt), ["before created", "call -", "other next", "call failed", "lost next"], "{receipt}");
    assert_eq!(outside.got().len(), 2);
    let receipt = postern.ended(&post(&postern, &outside.url("/large"), 2).await).await;
    assert_eq!(receipt["runs"][0]["path"][1]["message"], "the answer has more than 1000 bytes", "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_targets_are_refused_unless_allowed_also_by_name_and_behind_a_redirect() {
    let mut postern = Postern::without_worker(&settings(BOTH)).await;
    postern.start_worker().await;
    let outside = Outside::start().await;
    let port = outside.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let receipt = postern.ended(&post(&postern, &format!("http://{host}:{port}/x"), 1).await).await;
        let message = receipt["runs"][0]["path"][1]["message"].as_str().unwrap_or_default();
        let expected = "the target has a private address, which POSTERN_ALLOWED_TARGETS does not allow: ";
        assert!(message.starts_with(expected), "{host}: {message}");
    }
    assert_eq!(outside.got().len(), 0);
    // One loopback address is allowed and leads to another.
    postern.workers.pop().unwrap().kill();
    postern.start_worker_with(&[("POSTERN_ALLOWED_TARGETS", "10.9.8.7/32,127.0.0.1/32")]).await;
    let receipt = postern.ended(&post(&postern, &outside.url(&format!("/to/{port}/x")), 1).await).await;
    assert_eq!(path(&receipt)[1], "call next", "{receipt}");
    assert_eq!(outside.got().len(), 2);
    let receipt =
        postern.ended(&post(&postern, &outside.url(&format!("/to/{port}@127.0.0.2:{port}/x")), 1).await).await;
    assert_eq!(path(&receipt)[1], "call failed", "{receipt}");
    assert_eq!(outside.got().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_the_middle_of_a_call_calls_again_with_the_same_key_and_its_records_are_made_once() {
    let (mut postern, outside) = start(BOTH).await;
    let mut answers = Vec::new();
    for n in 0..5 {
        answers.push(post(&postern, &outside.url("/silent"), n).await);
    }
    eventually("all are being called", async || (outside.keys().len() == 5).then_some(())).await;
    postern.workers.pop().unwrap().kill();
    outside.speak();
    postern.start_worker_with(&ALLOWED).await;
    for answer in &answers {
        let receipt = postern.ended(answer).await;
        assert_eq!(path(&receipt), ["before created", "call next", "after next", "other next"], "{receipt}");
    }
    assert_eq!((outside.keys().len(), outside.got().len()), (5, 10));
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 5);
}

/// Wakes a run as a relay that lost its confirm would, and returns when the messages have come.
async fn wake_again(postern: &Postern, answer: &Answer) {
    let receipt = answer.json["receipt"].as_str().unwrap();
    let again = format!(r#"{{"receipt":"{receipt}","number":1,"workflow":1,"revision":1}}"#);
    for _ in 0..5 {
        postern.servers().publish("resume.v1", again.as_bytes()).await;
    }
    postern.servers().publish("resume.v1", b"not json").await;
    eventually("the last message has come", async || {
        (postern.count("SELECT count(*) FROM dead_letters").await == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_woken_again_in_the_middle_of_its_call_takes_no_late_answer_for_that_of_its_next_call() {
    let second = "  second: {http_request: '$env[\"url\"]', any_host: true, next: after}\n  after:";
    let mut postern =
        Postern::without_worker(&settings("next: second, failed: lost").replace("  after:", second)).await;
    postern.start_worker_with(&ALLOWED).await;
    let outside = Outside::start().await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    wake_again(&postern, &answer).await;
    outside.speak();
    let receipt = postern.ended(&answer).await;
    let expected = ["before created", "call next", "second next", "after next", "other next"];
    assert_eq!(path(&receipt), expected, "{receipt}");
    assert_eq!(outside.keys().len(), 2, "each of the two was called, under one key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_woken_again_in_the_middle_of_a_call_at_most_once_does_not_call_twice() {
    let (postern, outside) = start(&format!("{BOTH}, at_most_once: true")).await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    wake_again(&postern, &answer).await;
    outside.speak();
    let receipt = postern.ended(&answer).await;
    assert_eq!(path(&receipt), ["before created", "call next", "after next", "other next"], "{receipt}");
    assert_eq!(outside.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_told_to_stop_in_the_middle_of_a_call_waits_for_its_answer() {
    let (mut postern, outside) = start(BOTH).await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    let mut worker = postern.workers.pop().unwrap();
    worker.terminate();
    eventually("it stops", async || (private(&mut worker, "/health/ready").await.0 == 503).then_some(())).await;
    outside.speak();
    assert!(worker.ended().await, "{}", worker.log());
    postern.start_worker_with(&ALLOWED).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    assert_eq!(outside.got().len(), 1, "the answer that came during the stop counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlasts_the_stop_of_its_worker_is_made_again_with_the_same_key() {
    let mut postern = Postern::without_worker(&settings(BOTH)).await;
    postern.start_worker_with(&[ALLOWED[0], ("POSTERN_DRAIN_TIMEOUT_S", "1")]).await;
    let outside = Outside::start().await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    let mut worker = postern.workers.pop().unwrap();
    worker.terminate();
    assert!(worker.ended().await, "{}", worker.log());
    outside.speak();
    postern.start_worker_with(&ALLOWED).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    assert_eq!((outside.got().len(), outside.keys().len()), (2, 1));
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_target_takes_no_place_of_other_submissions() {
    let mut postern = Postern::without_worker(&settings(BOTH)).await;
    let few = [ALLOWED[0], ("POSTERN_CONCURRENCY", "1"), ("POSTERN_OUTSIDE_CONCURRENCY", "1")];
    postern.start_worker_with(&few).await;
    let outside = Outside::start().await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    postern.apply("workflow: 1\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}").await;
    eventually("others run", async || {
        let receipt = postern.ended(&post(&postern, "", 2).await).await;
        (receipt["status"] == "finished").then_some(())
    })
    .await;
    outside.speak();
    assert_eq!(postern.ended(&answer).await["status"], "finished");
}

/// openssl's own test server.
fn https_target(folder: &std::path::Path) -> (std::process::Child, u16) {
    let mut server = openssl(folder, "s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www").spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(server.stdout.take().unwrap()));
    let accepts = lines.map_while(Result::ok).find(|line| line.starts_with("ACCEPT")).unwrap();
    let port = accepts.rsplit(':').next().unwrap().parse().unwrap();
    (server, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_called_over_https_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let (mut server, port) = https_target(folder.path());
    let mut postern = Postern::without_worker(&settings(&format!("{BOTH}, retries: 0"))).await;
    let certificate = folder.path().join("cert.pem");
    for (file, output) in [(certificate.to_str().unwrap(), "call next"), ("/dev/null", "call failed")] {
        postern.start_worker_with(&[ALLOWED[0], ("SSL_CERT_FILE", file), ("SSL_CERT_DIR", "/nowhere")]).await;
        let receipt = postern.ended(&post(&postern, &format!("https://localhost:{port}/"), 1).await).await;
        assert_eq!(path(&receipt)[1], output, "{receipt}");
        postern.workers.pop().unwrap().kill();
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_at_most_once_that_broke_off_waits_for_a_person_and_is_not_called_twice() {
    let (mut postern, outside) = start(&format!("{BOTH}, at_most_once: true")).await;
    let answer = post(&postern, &outside.url("/silent"), 1).await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    postern.workers.pop().unwrap().kill();
    // Older than its time-out, by the clock of the database.
    postern.sql("UPDATE outside_calls SET intent_at = intent_at - interval '1 hour'").await;
    postern.start_worker_with(&ALLOWED).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!((&receipt["status"], path(&receipt).len()), (&"needs_attention".into(), 1), "{receipt}");
    let message = "step call: it is not known what came of it: the worker broke off while it was at it";
    assert_eq!(receipt["runs"][0]["message"], message);
    assert_eq!(outside.got().len(), 1);
}
