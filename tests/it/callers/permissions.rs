//! Settings of a permission: C7 and C12 to C14.

use serde_json::json;

use super::SETTINGS;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=900";

fn with(setting: &str) -> String {
    SETTINGS.replace("title: P", setting)
}

/// Replays the only refused call to workflow 900.
async fn replayed(postern: &Postern) {
    let id = eventually("it is kept", async || {
        let listed = postern.api("GET", "/refused_bodies").send().await.json;
        Some(listed["refused_bodies"].get(0)?["id"].clone())
    })
    .await;
    let order = json!({"id": id, "workflow": 900}).to_string();
    let done = postern.api("POST", "/refused_body_replays").json(&order).send().await.json;
    assert!(done["replayed"][0]["receipt"].is_string(), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_query_values_are_env_names_and_the_body_wins() {
    let postern = Postern::start(&with("query_values: env")).await;
    for (query, body, expected) in [
        ("campo=valore1", "", json!({"campo": "valore1"})),
        ("campo=valore1&b=2", "campo=of+the+body", json!({"campo": "of the body", "b": "2"})),
        ("a[x]=1&a[y]=2", "", json!({"a": {"x": "1", "y": "2"}})),
        ("a=1", "a=", json!({"a": ""})),
    ] {
        let answer = postern.post(&format!("{PATH}&{query}")).form(body).send().await;
        assert_eq!(postern.env_of(&answer).await, expected, "{query} {body}");
    }
    // Such a lead has no body, and is kept and replayed as it is.
    let refused = postern.post("/trigger?workflow_id=902&campo=kept").send().await;
    assert_eq!(refused.code(), "target_denied");
    replayed(&postern).await;
    postern.apply(&SETTINGS.replace("title: P", "title: Q")).await;
    let answer = postern.post(&format!("{PATH}&campo=1")).body("").send().await;
    assert_eq!(postern.env_of(&answer).await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_answer_has_the_type_that_its_permission_says() {
    for (answer, status, media_type, body) in [
        ("{type: text/xml, body: <Response/>}", 200, "text/xml", "<Response/>"),
        ("{status: 202, type: application/json, body: '{}'}", 202, "application/json", "{}"),
        ("{status: 200, body: OK}", 200, "text/plain; charset=utf-8", "OK"),
        ("{type: 'text/html; charset=utf-8', body: Спасибо}", 200, "text/html; charset=utf-8", "Спасибо"),
    ] {
        let postern = Postern::without_worker(&with(&format!("answer: {answer}"))).await;
        let got = postern.post(PATH).form("a=1").send().await;
        assert_eq!((got.status, got.header("content-type").as_str(), got.text.as_str()), (status, media_type, body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_permission_lets_its_callers_wait() {
    let answers = "
---
workflow: 901
start: {without_record: true, next: say}
steps: {say: {respond: 200, text: 'hello {{ $env[\"n\"] }}'}}
---
workflow: 902
start: {without_record: true, next: say}
steps: {say: {respond: 201, json: {number: '$env[\"n\"]'}}}
---
workflow: 903
start: {without_record: true, next: end}
steps: {end: {stop: failed, message: x}}
";
    let settings = with("wait: 20").replace("[900]", "[900, 901, 902, 903]");
    let postern = Postern::start(&format!("{settings}{answers}")).await;
    for (workflow, status, text) in [
        (901, 200, "hello 7"),
        (902, 201, "{\"number\":\"7\"}"),
        // No run responds: the ordinary answer, when they have ended.
        (903, 202, "accepted"),
        (900, 202, "accepted"),
    ] {
        let answer = postern.post(&format!("/trigger?workflow_id={workflow}")).form("n=7").send().await;
        assert_eq!(answer.status, status, "{workflow}: {}", answer.text);
        assert!(answer.text.contains(text) && answer.header("location").starts_with("/receipts/"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_takes_no_more_calls_than_its_limit() {
    let postern = Postern::without_worker(&with("limit: 3/h")).await;
    for status in [202, 202, 202, 429, 429] {
        let answer = postern.post(PATH).form("a=1").send().await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(status != 429 || answer.header("retry-after").parse::<u32>().unwrap() > 1_000, "{:?}", answer.headers);
    }
    assert_eq!((postern.call("HEAD", PATH).send().await.status, postern.queued().await), (200, 3));
    postern.apply(SETTINGS).await;
    assert_eq!(postern.post(PATH).form("a=1").send().await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_headers_that_a_permission_names_are_kept_and_secrets_never() {
    let settings = with("headers: [X-GitHub-Event, x-other]")
        .replace("$query[\"utm_term\"]", "$request[\"headers\"][\"x-github-event\"]");
    let postern = Postern::start(&settings).await;
    let call = postern.post(PATH).form("lastname=x").header("x-github-event", "push").header("x-secret", "5ecret");
    let answer = call.header("authorization", "Bearer 5ecret").send().await;
    postern.ended(&answer).await;
    assert_eq!(postern.records("Leads").await[0].0["tag"], "push");
    let row =
        "SELECT count(*) FROM receipts WHERE request::text LIKE '%5ecret%' OR request->'headers'->>'x-other' <> ''";
    assert_eq!(postern.count(row).await, 0);
    assert_eq!(
        postern.count("SELECT count(*) FROM receipts WHERE request->'headers'->>'x-github-event' = 'push'").await,
        1
    );
    // A replay reads them as the call did.
    let refused = postern.post("/trigger?workflow_id=902").form("lastname=y").header("x-github-event", "issues");
    assert_eq!(refused.send().await.code(), "target_denied");
    replayed(&postern).await;
    let tagged = "SELECT count(*) FROM records WHERE fields->>'tag' = 'issues'";
    eventually("it has run", async || (postern.count(tagged).await == 1).then_some(())).await;
}
