//! The three body formats: what is posted and the `$env` that it gives.

use serde_json::{Value, json};

use crate::harness::call::{Answer, Call};
use crate::harness::{DEMO, Postern};

const WORKFLOW: &str = "/trigger?workflow_id=77";

async fn env(postern: &Postern, call: Call) -> Value {
    let answer = call.send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    postern.env_of(&answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_nests_repeats_and_decodes_as_php_does() {
    let postern = Postern::start(DEMO).await;
    let form = |body: &str| env(&postern, postern.post(WORKFLOW).form(body));
    assert_eq!(form("tags[]=a&tags[]=b").await, json!({"tags": ["a", "b"]}));
    assert_eq!(form("a[b][c]=1").await, json!({"a": {"b": {"c": "1"}}}));
    assert_eq!(form("x=1&x=2&x=3").await, json!({"x": ["1", "2", "3"]}));
    assert_eq!(
        form("street=St James 12&city=New+York&p=50%25&").await,
        json!({"street": "St James 12", "city": "New York", "p": "50%"})
    );
    assert_eq!(form("workflow_id=5&record_id=9").await, json!({"workflow_id": "5", "record_id": "9"}));
    assert_eq!(form("").await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_in_windows_1251_becomes_readable_text() {
    let postern = Postern::start(DEMO).await;
    let cyrillic: &[u8] = b"lastname=%CB%EE%E2%E5%EB%E0%F1&raw=\xC0\xE4\xE0";
    let named = "application/x-www-form-urlencoded; charset=windows-1251";
    let call = postern.post(WORKFLOW).header("content-type", named).body(cyrillic);
    assert_eq!(env(&postern, call).await, json!({"lastname": "Ловелас", "raw": "Ада"}));
    let hidden = [cyrillic, b"&_charset_=windows-1251"].concat();
    let call = postern.post(WORKFLOW).form(hidden);
    assert_eq!(env(&postern, call).await["lastname"], "Ловелас");
    let refused = postern.post(WORKFLOW).form(cyrillic).send().await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_body"));
    assert!(refused.message().contains("lastname"), "{}", refused.message());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multipart_form_gives_its_text_parts() {
    let postern = Postern::start(DEMO).await;
    let form = reqwest::multipart::Form::new().text("lastname", "Lovelace").text("a[b]", "1");
    assert_eq!(
        env(&postern, postern.post(WORKFLOW).multipart(form)).await,
        json!({"lastname": "Lovelace", "a": {"b": "1"}})
    );
    let file = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("cv.pdf");
    let form = reqwest::multipart::Form::new().part("cv", file);
    let refused = postern.post(WORKFLOW).multipart(form).send().await;
    assert_eq!((refused.status, refused.code(), refused.message().contains("cv")), (415, "file_refused", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_keeps_types_digits_and_nesting_under_any_header_that_callers_send() {
    let postern = Postern::start(DEMO).await;
    let text = r#"{"id":12345678901234567890123,"price":1.10,"on":true,"none":null,"list":[1,"a",{"b":[]}]}"#;
    let sent: Value = serde_json::from_str(text).unwrap();
    assert_eq!(env(&postern, postern.post(WORKFLOW).json(text)).await, sent);
    assert_eq!(env(&postern, postern.post(WORKFLOW).body(text)).await, sent);
    assert_eq!(env(&postern, postern.post(WORKFLOW).form(text)).await, sent);
    assert_eq!(env(&postern, postern.post(WORKFLOW).header("content-type", "text/plain").body(text)).await, sent);
    let with_bom = postern.post(WORKFLOW).header("content-type", "application/ld+json").body(format!("\u{feff}{text}"));
    assert_eq!(env(&postern, with_bom).await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzipped_body_is_read_and_a_bomb_is_not() {
    let postern = Postern::start(DEMO).await;
    let post = |body: &[u8]| postern.post(WORKFLOW).header("content-encoding", "gzip").form(gzip(body));
    assert_eq!(env(&postern, post(b"lastname=Lovelace")).await, json!({"lastname": "Lovelace"}));
    let bomb = post(&vec![b'a'; 50 * 1024 * 1024]).send().await;
    assert_eq!((bomb.status, bomb.code()), (413, "body_too_large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let postern = Postern::without_worker(DEMO).await;
    let many = "a&".repeat(100_001);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
    let long_name = format!("{}=1", "n".repeat(257));
    let large = "a".repeat(1024 * 1024 + 1);
    let send = async |kind: &'static str, body: &str| -> Answer {
        postern.post(WORKFLOW).header("content-type", kind).body(body).send().await
    };
    let form = "application/x-www-form-urlencoded";
    for (kind, body, status, part) in [
        (form, large.as_str(), 413, "1048576"),
        (form, many.as_str(), 400, "100000"),
        (form, long_name.as_str(), 400, "256"),
        (form, "a=%00", 400, "\"a\""),
        ("application/json", "[1]", 400, "object"),
        ("application/json", "{", 400, "line"),
        ("application/json", deep.as_str(), 400, "16"),
        ("application/json", r#"{"a":1e999}"#, 400, "a"),
        ("application/xml", "<a/>", 415, "xml"),
        ("text/plain", "hello", 415, "text/plain"),
        ("multipart/form-data", "x", 400, "boundary"),
    ] {
        let answer = send(kind, body).await;
        assert_eq!(answer.status, status, "{kind} {}: {}", &body[..body.len().min(20)], answer.json);
        assert!(answer.message().contains(part), "{kind}: {} lacks {part}", answer.message());
    }
    assert_eq!(postern.queued().await, 0);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
