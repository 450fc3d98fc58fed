//! What a step sends stays at the origin that its author named: a redirect to another origin gets neither its headers, nor
//! its key, nor its body.

use crate::harness::Postern;
use crate::harness::outside::Outside;

const ALLOWED: (&str, &str) = ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8");

fn settings(method: &str) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: call}}
steps: {{call: {{http_request: '$env[\"url\"]', any_host: true, headers: {{x-api-key: k, authorization: Bearer t}}, {method}, retries: 0}}}}
"
    )
}

/// Calls the first, which redirects to the second; returns the receipt's status and the message of the step.
async fn call(method: &str, status: &str) -> (String, String, Outside) {
    let mut postern = Postern::without_worker(&settings(method)).await;
    postern.start_worker_with(&[ALLOWED]).await;
    let (first, second) = (Outside::start().await, Outside::start().await);
    let url = first.url(&format!("/{status}/to/{}/x", second.address.port()));
    let receipt = postern.outcome("/trigger?workflow_id=1", &format!("url={url}")).await;
    let got = first.got();
    assert_eq!((got.len(), got[0].headers["x-api-key"].as_str()), (1, "k"), "{receipt}");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&receipt["status"]), text(&receipt["runs"][0]["path"][0]["message"]), second)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_origin_is_asked_without_headers_key_and_body() {
    for (method, status) in [("method: GET", "307"), ("json: {a: 1}", "302"), ("json: {a: 1}", "303")] {
        let (state, _, second) = call(method, status).await;
        let got = second.got();
        assert_eq!((state.as_str(), got.len(), got[0].line.as_str()), ("finished", 1, "GET /x HTTP/1.1"), "{status}");
        for name in ["x-api-key", "authorization", "idempotency-key", "content-type", "content-length"] {
            assert!(!got[0].headers.contains_key(name), "{name}: {:?}", got[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_not_sent_to_another_origin() {
    for status in ["307", "308"] {
        let (state, message, second) = call("json: {a: 1}", status).await;
        assert_eq!((state.as_str(), second.got().len()), ("failed", 0));
        let expected = "it was redirected to another origin with the same method and body, which are sent to none but \
            that of its URL";
        assert_eq!(message, expected, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_an_origin_everything_goes_along_and_a_loop_ends() {
    let mut postern = Postern::without_worker(&settings("json: {a: 1}")).await;
    postern.start_worker_with(&[ALLOWED]).await;
    let outside = Outside::start().await;
    let port = outside.address.port();
    let url = outside.url(&format!("/307/to/{port}/x"));
    let receipt = postern.outcome("/trigger?workflow_id=1", &format!("url={url}")).await;
    let got = outside.got();
    assert_eq!((got.len(), got[1].line.as_str()), (2, "POST /x HTTP/1.1"), "{receipt}");
    let what = |one: usize| (got[one].headers["idempotency-key"].clone(), got[one].headers["x-api-key"].clone());
    assert_eq!((what(0), &got[0].body), (what(1), &got[1].body));
    let hops = format!("/307/to/{port}").repeat(6);
    let receipt =
        postern.outcome("/trigger?workflow_id=1", &format!("url={}", outside.url(&format!("{hops}/x")))).await;
    assert_eq!(receipt["runs"][0]["path"][0]["message"], "it was redirected too often", "{receipt}");
    assert_eq!(outside.got().len(), 2 + 6);
}
