//! Platforms that prove a new URL before they post, and those that post XML: C9, C10 and C28.

use serde_json::json;

use super::SETTINGS;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=900";

fn with(setting: &str) -> String {
    SETTINGS.replace("title: P", setting)
}

#[tokio::test(flavor = "multi_thread")]
async fn c9_a_challenge_of_the_query_is_repeated_with_the_right_token() {
    let meta = with("verify: {token: T}");
    let graph = with("verify: {query: validationToken}");
    let looks = with("verify: {}");
    let with_query = with("verify: {query: validationToken}\nquery_values: env");
    let hub = "hub.mode=subscribe&hub.challenge=123";
    for (settings, method, query, status, text) in [
        (&meta, "GET", format!("{hub}&hub.verify_token=T"), 200, "123"),
        (&meta, "GET", format!("workflow_id=900&{hub}&hub.verify_token=T"), 200, "123"),
        (&meta, "GET", format!("{hub}&hub.verify_token=t"), 403, "token_denied"),
        (&meta, "GET", hub.to_owned(), 403, "token_denied"),
        (&meta, "GET", "hub.verify_token=T".to_owned(), 405, "method_not_allowed"),
        (&meta, "GET", String::new(), 405, "method_not_allowed"),
        (&looks, "GET", String::new(), 200, ""),
        (&looks, "GET", "workflow_id=900".to_owned(), 200, ""),
        (&looks, "GET", "lastname=Lovelace".to_owned(), 405, "method_not_allowed"),
        (&graph, "POST", "workflow_id=900&validationToken=a%3Cb".to_owned(), 200, "a<b"),
        (&graph, "GET", "validationToken=x".to_owned(), 200, "x"),
        (&with_query, "POST", "workflow_id=900&validationToken=abc".to_owned(), 200, "abc"),
    ] {
        let postern = Postern::without_worker(settings).await;
        let answer = postern.call(method, &format!("/trigger?{query}")).send().await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        let found = if status == 200 { answer.text.as_str() } else { answer.code() };
        assert_eq!(found, text, "{query}");
        assert!(
            status != 200 || text.is_empty() || answer.header("content-type").starts_with("text/plain"),
            "{:?}",
            answer.headers
        );
        assert_eq!(postern.queued().await, 0);
        let stranger = postern.call(method, &format!("/trigger?{query}")).from("127.0.0.2").send().await;
        assert_eq!(stranger.code(), "address_denied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_a_posted_challenge_is_repeated_and_a_lead_runs() {
    let postern = Postern::without_worker(&with("verify: {}")).await;
    for (body, status, answer) in [
        (json!({"challenge": "abc", "type": "url_verification"}), 200, json!({"challenge": "abc"})),
        (json!({"token": "T", "challenge": "3eZb", "type": "url_verification"}), 200, json!({"challenge": "3eZb"})),
        (json!({"challenge": "abc"}), 200, json!({"challenge": "abc"})),
        (json!({"challenge": "abc", "lastname": "Lovelace"}), 202, json!(null)),
        (json!({"type": "event_callback"}), 202, json!(null)),
    ] {
        let got = postern.post(PATH).json(&body.to_string()).send().await;
        assert_eq!(got.status, status, "{body}: {}", got.text);
        assert!(status != 200 || got.json == answer, "{}", got.text);
    }
    // A form is a lead, whatever its fields are called.
    assert_eq!(postern.post(PATH).form("challenge=abc&type=lead").send().await.status, 202);
    assert_eq!(postern.queued().await, 3);
    // A challenge that was refused for its target is no lead when it is replayed.
    let refused = postern.post("/trigger?workflow_id=901").json(r#"{"challenge":"abc"}"#).send().await;
    assert_eq!(refused.code(), "target_denied");
    let id = eventually("it is kept", async || {
        let listed = postern.api("GET", "/refused_bodies").send().await.json;
        Some(listed["refused_bodies"].get(0)?["id"].clone())
    })
    .await;
    let order = json!({"id": id, "workflow": 900}).to_string();
    let replayed = postern.api("POST", "/refused_body_replays").json(&order).send().await.json;
    assert_eq!(replayed["refused"][0]["code"], "invalid_body", "{replayed}");
    postern.apply(SETTINGS).await;
    assert_eq!(postern.post(PATH).json(r#"{"challenge":"abc"}"#).send().await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn c28_any_text_is_a_body_and_from_xml_makes_nested_values_of_it() {
    let settings = with("raw: true").replace("$query[\"utm_term\"]", "{{ ($env[\"body\"]|from_xml).adf.name }}");
    let postern = Postern::start(&settings).await;
    let adf = "<?xml version=\"1.0\"?>\n<?ADF VERSION \"1.0\"?>\n<adf><name part=\"full\">Ada &amp; Co</name></adf>";
    let foreign = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><adf><name>\xcc\xee</name></adf>";
    let bomb = "<!DOCTYPE adf [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><adf><name>&x;</name></adf>";
    for (media_type, body, expected) in [
        ("application/x-adf+xml", adf.as_bytes(), json!({"@part": "full", "#text": "Ada & Co"})),
        ("text/xml", foreign, json!("Мо")),
        ("application/xml; charset=utf-8", "<adf><name>Zoë</name></adf>".as_bytes(), json!("Zoë")),
        ("text/xml", bomb.as_bytes(), json!("&x;")),
        ("text/plain", b"no XML", json!(null)),
    ] {
        let answer = postern.post(PATH).header("content-type", media_type).body(body).send().await;
        let env = postern.env_of(&answer).await;
        assert!(env["body"].is_string() && env.as_object().unwrap().len() == 1, "{env}");
        let found = postern.records("Leads").await.last().unwrap().0.get("tag").cloned().unwrap_or_default();
        assert_eq!(found, expected, "{media_type}");
    }
    let binary = postern.post(PATH).header("content-type", "image/png").body(&b"\x89PNG\xff"[..]).send().await;
    assert_eq!(binary.code(), "invalid_body");
    postern.apply(SETTINGS).await;
    assert_eq!(postern.post(PATH).header("content-type", "text/xml").body(adf).send().await.status, 415);
}
