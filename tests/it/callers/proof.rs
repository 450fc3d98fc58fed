//! What a refused call has proven: what is kept of strangers, and what a person must vouch for when it is replayed.

use serde_json::{Value, json};

use super::signing::{counted, is_denied, kept, signature, signed, start};
use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::Visitor;

const PATH: &str = "/trigger?workflow_id=900";
const URL: &str = "/0123456789abcdefghijklmn";
const GITHUB: &str = "signature: {preset: github, secret: '$secret[\"hook\"]'}";
const BODY: &[u8] = b"lastname=Lovelace";

/// The refusals that are listed, once there are so many; the newest first.
async fn listed(postern: &Postern, count: usize) -> Vec<Value> {
    eventually("the refusals are listed", async || {
        let listed = postern.api("GET", "/refused_bodies").send().await.json;
        Some(listed["refused_bodies"].as_array()?.clone()).filter(|listed| listed.len() >= count)
    })
    .await
}

async fn replay(postern: &Postern, order: Value) -> Value {
    postern.api("POST", "/refused_body_replays").json(&order.to_string()).send().await.json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_the_right_token_is_kept_whatever_else_is_wrong() {
    let postern = start("title: P").await;
    let url = "/0123456789abcdefghijklmn";
    let token = "token: {query: key, value: '$secret[\"token\"]'}";
    postern.apply(&format!("permission: any\naddresses: any\nworkflows: [900]\nshort_url: {url}\n{token}\n")).await;
    for key in ["a-token%2Fof%2Bthe+caller", "nonsense"] {
        let put = postern.call("PUT", &format!("{url}?key={key}")).from("127.0.0.9").form("a=1");
        assert_eq!(put.send().await.code(), "method_not_allowed");
        let framed = postern.post(&format!("{url}?key={key}")).from("127.0.0.9").header("origin", "https://a.example");
        assert_eq!(framed.form("a=1").send().await.code(), "origin_denied");
    }
    let kept = "SELECT count(*) FROM refused_bodies";
    eventually("the two with the token are kept", async || (postern.count(kept).await == 2).then_some(())).await;
    counted(&postern, "origin_denied").await;
    assert_eq!(postern.count("SELECT count(*) FROM refused_bodies WHERE query LIKE '%token%'").await, 0);
}

/// A permission for any address, whose callers sign.
async fn start_with_any() -> Postern {
    let postern = start("title: P").await;
    postern
        .apply(&format!("permission: anybody\naddresses: any\nworkflows: [900]\nshort_url: {URL}\n{GITHUB}\n"))
        .await;
    postern
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_does_not_sign_leaves_no_body() {
    let postern = start_with_any().await;
    let stranger = |query: &str| postern.post(&format!("{URL}{query}")).from("127.0.0.9");
    assert_eq!(stranger("?workflow_id=901").body(BODY).send().await.code(), "target_denied");
    let wrong = signature(b"another");
    assert_eq!(
        stranger("?workflow_id=x").header("x-hub-signature-256", &wrong).send().await.code(),
        "invalid_selector"
    );
    assert!(is_denied(&stranger("").body(BODY).send().await));
    let put = postern.call("PUT", URL).from("127.0.0.9").body(BODY).send().await;
    assert_eq!(put.code(), "method_not_allowed");
    let large = vec![b'x'; 1024 * 1024 + 1];
    let large = stranger("").header("x-hub-signature-256", &signature(&large)).body(large).send().await;
    assert_eq!(large.code(), "body_too_large");
    assert_eq!(counted(&postern, "body_too_large").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_call_of_a_stranger_is_kept_wherever_it_is_refused() {
    let postern = start_with_any().await;
    let signature = signature(BODY);
    let by = |method: &str, query: &str| {
        let call = postern.call(method, &format!("{URL}{query}")).from("127.0.0.9");
        call.header("x-hub-signature-256", &signature)
    };
    for (method, query, origin, code) in [
        ("POST", "?workflow_id=901", "", "target_denied"),
        ("POST", "?workflow_id=x", "", "invalid_selector"),
        ("PUT", "", "", "method_not_allowed"),
        ("POST", "", "https://a.example", "origin_denied"),
    ] {
        let call = by(method, query).form(BODY);
        let call = if origin.is_empty() { call } else { call.header("origin", origin) };
        assert_eq!(call.send().await.code(), code, "{method} {query}");
    }
    assert_eq!(by("POST", "").header("content-type", "image/png").body(BODY).send().await.code(), "unsupported_type");
    kept(&postern, 5, "right").await;
    let listed = listed(&postern, 5).await;
    let called = |one: &Value| (one["method"].clone(), one["path"].clone(), one["permission"].clone());
    assert!(listed.iter().any(|one| called(one) == (json!("PUT"), json!(URL), json!("anybody"))), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_that_was_signed_is_replayed_without_its_signature() {
    let mut postern = start("signature: {preset: github, secrets: ['$secret[\"other\"]', '$secret[\"hook\"]']}").await;
    postern.start_worker().await;
    let answer = signed(&postern, PATH, BODY).header("content-type", "image/png").send().await;
    assert_eq!(answer.status, 415, "{}", answer.text);
    kept(&postern, 1, "right").await;
    let order = json!({"id": listed(&postern, 1).await[0]["id"], "type": "application/x-www-form-urlencoded"});
    let done = replay(&postern, order).await;
    assert!(done["replayed"][0]["receipt"].is_string(), "{done}");
    eventually("it has run", async || (postern.records("Leads").await.len() == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_is_replayed_only_if_a_person_vouches_for_it() {
    let mut postern = start(GITHUB).await;
    postern.start_worker().await;
    assert!(is_denied(&postern.post(PATH).form(BODY).send().await));
    // Refused before its signature is looked at.
    assert_eq!(postern.post("/trigger?workflow_id=901").form(BODY).send().await.code(), "target_denied");
    kept(&postern, 2, "wrong_signature").await;
    for order in [json!({"permission": "p"}), json!({"id": 1}), json!({"id": 2, "workflow": 900})] {
        let done = replay(&postern, order.clone()).await;
        let message = done["refused"][0]["message"].as_str().unwrap();
        assert!(done["replayed"] == json!([]) && message.contains("anybody may have sent it"), "{order}: {done}");
    }
    let codes: Vec<Value> = listed(&postern, 2).await.iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["target_denied", "signature_denied"], "the reason of the refusal stays");
    let cli = Cli::of(&postern);
    let shown = cli.run("refused show 1").text();
    assert!(shown.contains("proof: wrong signature") && shown.contains("change it: signature"), "{shown}");
    assert!(shown.contains("call: POST /trigger\n"), "{shown}");
    assert_eq!(cli.run("refused replay 1 --unverified").code, 0);
    let done = replay(&postern, json!({"id": 2, "workflow": 900, "unverified": true})).await;
    assert!(done["replayed"][0]["receipt"].is_string(), "{done}");
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    let noted = "SELECT count(*) FROM audit_log WHERE kind = 'refused_body' AND document->>'proof' = 'wrong_signature'";
    assert_eq!(postern.count(noted).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_what_is_not_proven_and_lets_a_person_vouch_for_it() {
    let mut postern = start("token: '$secret[\"token\"]'").await;
    assert!(is_denied(&postern.post(PATH).form(BODY).send().await));
    kept(&postern, 1, "wrong_token").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for path in ["/refused", "/refused/1"] {
        let page = visitor.get(path).await.text;
        assert!(page.contains("anybody may have sent it") && page.contains("POST /trigger"), "{page}");
    }
    assert!(visitor.get("/refused/1").await.text.contains("name=\"unverified\""));
    let page = visitor.post("/refused/1", &[]).await;
    assert!(page.status == 422 && page.text.contains("so anybody may have sent it"), "{}", page.text);
    let page = visitor.post("/refused/1", &[("unverified", "1")]).await;
    assert!(page.location.starts_with("/receipts/"), "{} {}", page.status, page.text);
}
