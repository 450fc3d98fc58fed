//! What people write in workflows, and what happens: a test for each row, named after it.

use serde_json::json;

use crate::harness::Postern;
use crate::harness::outside::Outside;
use crate::workflows::settings;

const ALLOWED: [(&str, &str); 2] = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"), ("POSTERN_ZONE", "Asia/Tokyo")];

/// A Postern with workflows that listen to `go`, with a worker in Tokyo.
async fn start(workflows: &str) -> Postern {
    let mut postern = Postern::without_worker(&settings(workflows)).await;
    postern.start_worker_with(&ALLOWED).await;
    postern
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_zone_is_of_the_installation_or_of_the_workflow() {
    let steps = "steps: {a: {create_record: Times, fields: {t: \"$[Now,0,'T']\", at: '$env[\"at\"]'}}}\n";
    let start_at = "start: {triggers: [go], without_record: true, next: a}\n";
    let postern = start(&format!(
        "---\nmodule: Times\nfields: {{at: datetime}}\n---\nworkflow: 1\n{start_at}{steps}---\nworkflow: 2\nzone: Europe/Moscow\n{start_at}{steps}"
    ))
    .await;
    postern.outcome("/trigger?workflow_trigger=go", "at=01.05.2026%2010:30").await;
    let mut times: Vec<String> = postern.records("Times").await.iter().map(ToString::to_string).collect();
    times.sort();
    assert_eq!(
        times,
        [r#"{"t":"JST","at":"2026-05-01T01:30:00.000Z"}"#, r#"{"t":"MSK","at":"2026-05-01T07:30:00.000Z"}"#,]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l17_an_answer_is_decoded_by_its_charset() {
    let step = "a: {http_request: '$env[\"url\"]', any_host: true, store: answer, next: b}\n  b: {create_record: Said, fields: {text: '$env[\"answer\"][\"body\"]'}}\n";
    let postern =
        start(&format!("---\nworkflow: 1\nstart: {{triggers: [go], without_record: true, next: a}}\nsteps:\n  {step}"))
            .await;
    let outside = Outside::start().await;
    let receipt = postern.outcome("/trigger?workflow_trigger=go", &format!("url={}", outside.url("/cyrillic"))).await;
    assert_eq!(receipt["runs"][0]["status"], "finished", "{receipt}");
    assert_eq!(postern.records("Said").await[0].to_string(), json!({"text": "Привет"}).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn l18_a_failed_call_leaves_status_error_and_body() {
    let step = "a: {http_request: '$env[\"url\"]', any_host: true, retries: 0, store: answer, failed: b}\n  b: {create_record: Said, fields: {status: '$env[\"answer\"][\"status\"]', error: '$env[\"answer\"][\"error\"]', body: '$env[\"answer\"][\"body\"]'}}\n";
    let postern =
        start(&format!("---\nworkflow: 1\nstart: {{triggers: [go], without_record: true, next: a}}\nsteps:\n  {step}"))
            .await;
    let outside = Outside::start().await;
    postern.outcome("/trigger?workflow_trigger=go", &format!("url={}", outside.url("/status/500"))).await;
    let said = json!({"body": "no", "error": "the target answered 500", "status": 500});
    assert_eq!(postern.records("Said").await[0].to_string(), said.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn l19_a_delay_is_a_text_in_either_language() {
    let steps = "a: {delay: 1 секунда, next: b}\n  b: {delay: 1 second, next: c}\n  c: {create_record: Waited}\n";
    let postern = start(&format!(
        "---\nworkflow: 1\nstart: {{triggers: [go], without_record: true, next: a}}\nsteps:\n  {steps}"
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_trigger=go", "").await;
    assert_eq!(receipt["runs"][0]["path"].as_array().unwrap().len(), 3, "{receipt}");
    assert_eq!(postern.records("Waited").await.len(), 1);
}
