//! Who signs: tokens and signatures of callers, by secrets.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::SETTINGS;
use crate::harness::call::{Answer, Call};
use crate::harness::{Postern, eventually, private};
use crate::panel::visitor::PASSWORD;

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
];
const PATH: &str = "/trigger?workflow_id=900";
const TOKEN: &str = "a-token/of+the caller";
const BODY: &str = r#"{"lastname":"Lovelace"}"#;

/// P with another setting, and secrets that it may name.
pub async fn start(setting: &str) -> Postern {
    let mut postern = Postern::with_ingress("", &ENVIRONMENT).await;
    // The tests look into the queue of the broker.
    eventually("the broker takes messages", async || {
        private(&mut postern.ingress, "/metrics").await.1.contains(crate::harness::BROKER_TAKES).then_some(())
    })
    .await;
    for (name, value) in [("token", TOKEN), ("other", "another-token"), ("hook", "a-signing-secret")] {
        let body = json!({"value": value}).to_string();
        let set = postern.api("PUT", &format!("/secrets/{name}")).json(&body).send().await;
        assert_eq!(set.status, 204, "{}", set.text);
    }
    postern.apply(&SETTINGS.replace("title: P", setting)).await;
    postern
}

pub fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a-signing-secret").unwrap();
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

pub fn signed(postern: &Postern, path: &str, body: &[u8]) -> Call {
    postern.post(path).header("x-hub-signature-256", &signature(body)).body(body)
}

/// Waits until so many refused bodies are kept, all of this proof.
pub async fn kept(postern: &Postern, count: i64, proof: &str) {
    let kept = "SELECT count(*) FROM refused_bodies";
    eventually("they are kept", async || (postern.count(kept).await == count).then_some(())).await;
    assert_eq!(postern.count(&format!("{kept} WHERE proof = '{proof}' AND body IS NOT NULL")).await, count, "{proof}");
}

/// Everything that is kept of refusals, once a caller of this code is counted.
pub async fn counted(postern: &Postern, code: &str) -> i64 {
    let count = format!("SELECT count(*) FROM rejected_callers WHERE reason = '{code}'");
    eventually("the refusal is counted", async || (postern.count(&count).await == 1).then_some(())).await;
    postern.count("SELECT count(*) FROM refused_bodies").await
}

pub fn is_denied(answer: &Answer) -> bool {
    let (status, code) = (answer.status, answer.code());
    let tells = ["bearer", "header", "secret", "key", "hook"].iter().any(|word| answer.text.contains(word));
    status == 403 && ["token_denied", "signature_denied"].contains(&code) && !tells
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_shows_its_token_where_its_permission_says() {
    let encoded = "a-token%2Fof%2Bthe+caller";
    for (setting, header, query) in [
        ("token: '$secret[\"token\"]'", ("authorization", format!("Bearer {TOKEN}")), String::new()),
        ("token: {header: X-Key, value: '$secret[\"token\"]'}", ("x-key", TOKEN.to_owned()), String::new()),
        ("token: {query: key, value: '$secret[\"token\"]'}", ("x-none", "1".to_owned()), format!("&key={encoded}")),
    ] {
        let postern = start(setting).await;
        let right = postern.post(&format!("{PATH}{query}")).header(header.0, &header.1).json(BODY).send().await;
        assert_eq!(right.status, 202, "{setting}: {}", right.text);
        let wrong = format!("{}x", header.1);
        for call in [
            postern.post(PATH),
            postern.post(&format!("{PATH}&key=nonsense")).header("x-key", "nonsense"),
            postern.post(PATH).header(header.0, if query.is_empty() { &wrong } else { "1" }),
            postern.post(PATH).header("authorization", "Basic nonsense"),
        ] {
            let answer = call.json(BODY).send().await;
            assert!(is_denied(&answer), "{setting}: {}", answer.text);
        }
        // Its address is listed.
        kept(&postern, 4, "wrong_token").await;
        assert_eq!(postern.queued().await, 1, "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_without_a_token_lands_on_the_error_page() {
    let pages = "answer: {redirect: 'https://shop.example/thanks', redirect_error: 'https://shop.example/sorry'}";
    let postern = start(&format!("token: {{query: key, value: '$secret[\"token\"]'}}\n{pages}")).await;
    let visitor = |mode: &str| postern.post(&format!("{PATH}&key=x")).form("a=1").header("sec-fetch-mode", mode);
    let answer = visitor("navigate").without_redirects().send().await;
    assert_eq!((answer.status, answer.header("location").as_str()), (303, "https://shop.example/sorry"));
    assert!(is_denied(&visitor("cors").send().await));
    kept(&postern, 2, "wrong_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_query_is_kept_nowhere() {
    let mut postern = start("token: {query: key, value: '$secret[\"token\"]'}\nheaders: [x-key]").await;
    postern.start_worker().await;
    let query = "key=a-token%2Fof%2Bthe+caller&utm_term=spring";
    let answer = postern.post(&format!("{PATH}&{query}")).json(BODY).send().await;
    postern.ended(&answer).await;
    assert_eq!(postern.records("Leads").await[0].0["tag"], "spring");
    let misspelt = format!("/trigger?workflow_id=901&{}", query.replace("key=", "Key="));
    for path in [misspelt, format!("/trigge?{query}"), format!("{PATH}&amp;{query}")] {
        let answer = postern.post(&path).header("content-type", "image/png").body(&b"\x89"[..]).send().await;
        assert!(answer.status >= 400 && !answer.text.contains("token/"), "{}", answer.text);
    }
    let kept = "SELECT count(*) FROM refused_bodies";
    eventually("the refusals are kept", async || (postern.count(kept).await == 3).then_some(())).await;
    for (table, column) in [("refused_bodies", "query"), ("receipts", "query"), ("receipts", "request")] {
        let held = format!("SELECT count(*) FROM {table} WHERE {column}::text ~ 'token.{{1,3}}of'");
        assert_eq!(postern.count(&held).await, 0, "{table}.{column}");
    }
    assert!(!postern.ingress.log().contains("token/of"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_token_is_a_variable_at_other_short_urls() {
    let mut postern = start("title: P\nquery_values: env\nheaders: [x-key]").await;
    postern
        .apply(
            "
permission: by_query
addresses: 127.0.0.1
workflows: [900]
short_url: /coded
token: {query: code, value: '$secret[\"token\"]'}
---
permission: by_header
addresses: any
workflows: [900]
short_url: /0123456789abcdefghijklmn
token: {header: X-Key, value: '$secret[\"token\"]'}
---
workflow: 900
start: {without_record: true, next: keep}
steps:
  keep: {create_record: Leads, fields: {topic: '$request[\"headers\"][\"x-key\"]'}}
",
        )
        .await;
    postern.start_worker().await;
    let answer = postern.post(&format!("{PATH}&code=AB&utm_term=1")).header("x-key", "topic").send().await;
    assert_eq!(postern.env_of(&answer).await, json!({"code": "AB", "utm_term": "1"}));
    assert_eq!(postern.records("Leads").await[0].0["topic"], "topic");
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_at_one_url_are_told_apart_by_their_tokens() {
    let postern = start("token: '$secret[\"token\"]'").await;
    let other = "
permission: q
addresses: 127.0.0.1
workflows: [901]
token: '$secret[\"other\"]'
---
workflow: 901
start: {without_record: true, next: end}
steps: {end: {stop: finished}}
";
    postern.apply(other).await;
    for (token, path, code) in [
        (TOKEN, "/trigger", ""),
        ("another-token", "/trigger", ""),
        (TOKEN, "/trigger?workflow_id=901", "target_denied"),
        ("another-token", "/trigger?workflow_id=901", ""),
        ("nonsense", "/trigger?workflow_id=901", "token_denied"),
    ] {
        let call = postern.post(path).header("authorization", &format!("Bearer {token}"));
        assert_eq!(call.json(BODY).send().await.code(), code, "{token} {path}");
    }
    let targets = postern.servers().queued_env().await;
    assert_eq!(targets.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_signed_as_it_was_sent() {
    let postern = start("signature: {preset: github, secret: '$secret[\"hook\"]'}").await;
    assert_eq!(signed(&postern, PATH, BODY.as_bytes()).send().await.status, 202);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(BODY.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(signed(&postern, PATH, &packed).header("content-encoding", "gzip").send().await.status, 202);
    for call in [
        postern.post(PATH).json(BODY),
        postern.post(PATH).header("x-hub-signature-256", &signature(b"{}")).json(BODY),
        postern
            .post(PATH)
            .header("x-hub-signature-256", &signature(BODY.as_bytes()))
            .header("content-encoding", "gzip")
            .body(packed),
        postern.post(PATH).header("x-hub-signature-256", "sha256=00").json(BODY),
    ] {
        let answer = call.send().await;
        assert!(is_denied(&answer), "{}", answer.text);
    }
    // Its address is listed; what came packed is kept as it is read.
    kept(&postern, 4, "wrong_signature").await;
    let read = format!("SELECT count(*) FROM refused_bodies WHERE body = '{BODY}'");
    assert_eq!((postern.count(&read).await, postern.queued().await), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_missing_callers_are_told_to_come_again() {
    for setting in ["token: '$secret[\"gone\"]'", "signature: {preset: github, secret: '$secret[\"gone\"]'}"] {
        let postern = start(setting).await;
        let answer = signed(&postern, PATH, BODY.as_bytes()).header("authorization", "Bearer x").send().await;
        assert_eq!((answer.status, answer.code()), (503, "unavailable"), "{}", answer.text);
        assert!(!answer.text.contains("gone") && !answer.header("retry-after").is_empty(), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_with_a_wrong_signature_take_nothing_of_the_limit() {
    let postern = start("signature: {preset: github, secret: '$secret[\"hook\"]'}\nlimit: 2/h").await;
    let mut statuses = Vec::new();
    for body in [&b"{}"[..], b"{}", BODY.as_bytes(), BODY.as_bytes(), BODY.as_bytes()] {
        let call = postern.post(PATH).header("x-hub-signature-256", &signature(BODY.as_bytes())).body(body);
        statuses.push(call.header("content-type", "application/json").send().await.status);
    }
    assert_eq!(statuses, [403, 403, 202, 202, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_the_platform_repeats_is_a_duplicate() {
    let mut postern = start("signature: {preset: github, secret: '$secret[\"hook\"]'}").await;
    postern.start_worker().await;
    let deliver = async |delivery: &str, key: Option<&str>| {
        let mut call = signed(&postern, PATH, BODY.as_bytes()).header("content-type", "application/json");
        call = call.header("x-github-delivery", delivery);
        if let Some(key) = key {
            call = call.header("idempotency-key", key);
        }
        let answer = call.send().await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let receipt = answer.json["receipt"].clone();
        (receipt, postern.ended(&answer).await["duplicate_of"].clone())
    };
    let (first, of_first) = deliver("72d3162e-cc78-11e3-81ab-4c9367dc0958", None).await;
    assert_eq!(of_first, Value::Null);
    for (delivery, key, expected) in [
        ("72d3162e-cc78-11e3-81ab-4c9367dc0958", None, &first),
        ("72d3162e-cc78-11e3-81ab-4c9367dc0959", None, &Value::Null),
        ("72d3162e-cc78-11e3-81ab-4c9367dc0958", Some("another"), &Value::Null),
        ("x", Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"), &first),
    ] {
        assert_eq!(deliver(delivery, key).await.1, *expected, "{delivery} {key:?}");
    }
    assert_eq!(postern.records("Leads").await.len(), 3);
    let unsigned = SETTINGS.replace("title: P", "headers: [x-github-delivery]");
    postern.apply(&unsigned).await;
    let (_, of_unsigned) = deliver("72d3162e-cc78-11e3-81ab-4c9367dc0958", None).await;
    assert_eq!(of_unsigned, Value::Null, "a header that no signature stands beside is no key");
}
