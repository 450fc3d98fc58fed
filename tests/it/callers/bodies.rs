//! Bodies: C15 to C23.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::SETTINGS;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=900";

/// Waits until so many refused bodies are kept, and returns those that were kept whole.
async fn kept(postern: &Postern, count: i64) -> Vec<Value> {
    let sql = format!("SELECT count(*) FROM refused_bodies HAVING count(*) >= {count}");
    eventually("they are kept", async || postern.connection().await.query_opt(&sql, &[]).await.unwrap()).await;
    let listed = postern.api("GET", "/refused_bodies").send().await.json;
    let listed = listed["refused_bodies"].as_array().unwrap().clone();
    listed.into_iter().filter(|one| !one["bytes"].is_null()).collect()
}

async fn replay(postern: &Postern, order: Value) -> Value {
    postern.api("POST", "/refused_body_replays").json(&order.to_string()).send().await.json
}

async fn env(postern: &Postern, answer: Answer) -> Value {
    assert_eq!(answer.status, 202, "{}", answer.json);
    postern.env_of(&answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_what_is_sent_as_a_form_and_is_none_is_refused_and_kept() {
    let postern = Postern::start(SETTINGS).await;
    let bodies = [
        "{\"email\": \"a@example.org\",",
        "<lead><email>a@example.org</email></lead>",
        "[{\"email\":\"a@example.org\"}]",
        "--XX\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.org\r\n--XX--",
        "%7B%22email%22%3A%22a%40example.org%22%7D=",
        "{email: a@example.org}",
    ];
    for body in bodies {
        let answer = postern.post(PATH).form(body).send().await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_body"), "{body}");
        assert!(!answer.text.contains("example.org"), "{}", answer.text);
    }
    let kept = kept(&postern, 6).await;
    assert_eq!(kept.len(), bodies.len());
    // The newest first: the JSON that is escaped as a whole.
    let order = json!({"id": kept[1]["id"], "type": "application/json"});
    assert!(replay(&postern, order.clone()).await["replayed"][0]["receipt"].is_string(), "{order}");
    // A form whose first name has an escape of XML in it, too long for a name that is shown.
    let text = format!("the+address+is+{}=1&a%3Cb=2&c%0D%0Ad=3&plain=4", "x".repeat(64));
    let answer = postern.post(PATH).form(text).send().await;
    postern.ended(&answer).await;
    let receipt = postern.call("GET", &answer.header("location")).send().await.json;
    assert_eq!(receipt["unread"], json!(["•••", "•••", "•••", "plain"]), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c16_a_charset_is_no_encoding_and_what_is_not_read_is_kept() {
    let postern = Postern::start(SETTINGS).await;
    let encoded =
        |encoding: &str, body: &[u8]| postern.post(PATH).header("content-encoding", encoding).form(body).send();
    let zlib = b"\x78\x9c\x4b\xb4\x35\x54\x4b\xb2\x35\x02\x00\x07\x7b\x01\xc7";
    let brotli = b"\x0b\x03\x80a=1&b=2\x03";
    for (encoding, body) in [
        ("UTF-8", &b"a=1&b=2"[..]),
        ("windows-1251", b"a=1&b=2"),
        ("8bit", b"a=1&b=2"),
        ("deflate", zlib),
        ("deflate", &zlib[2..11]),
        ("br", brotli),
        ("utf-8, br", brotli),
    ] {
        assert_eq!(env(&postern, encoded(encoding, body).await).await, json!({"a": "1", "b": "2"}), "{encoding}");
    }
    for (encoding, body, status) in [("zstd", &b"a=1"[..], 415), ("br", b"a=1", 400), ("gzip, br", brotli, 415)] {
        assert_eq!(encoded(encoding, body).await.status, status, "{encoding}");
    }
    assert_eq!(kept(&postern, 3).await.len(), 3);
    for kept in kept(&postern, 3).await {
        let again = replay(&postern, json!({"id": kept["id"]})).await;
        // The plain form under the name of an encoding is read; the others say which encoding is wrong.
        let found = (again["replayed"][0]["receipt"].is_string(), again["refused"][0]["message"].as_str());
        let is_told = found.1.is_some_and(|message| message.contains("br"));
        assert!(found.0 || is_told, "{again}");
    }
    // gzip that no header names, in two members.
    let gzip = |plain: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let packed = [gzip(b"a=1&"), gzip(b"b=2")].concat();
    assert_eq!(env(&postern, postern.post(PATH).form(packed).send().await).await, json!({"a": "1", "b": "2"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn c17_json_of_any_type_is_read_and_a_replay_may_name_the_type() {
    let postern = Postern::start(SETTINGS).await;
    let typed = |kind: &str, body: &str| postern.post(PATH).header("content-type", kind).body(body).send();
    for kind in ["text/json", "application/octet-stream", "*/*", "text/html", "json", "application/javascript"] {
        assert_eq!(env(&postern, typed(kind, r#"{"a":1}"#).await).await, json!({"a": 1}), "{kind}");
    }
    assert_eq!(typed("application/octet-stream", "a=1&b=2").await.status, 415);
    let id = kept(&postern, 1).await[0]["id"].clone();
    assert_eq!(replay(&postern, json!({"id": id})).await["refused"][0]["code"], "unsupported_type");
    let done = replay(&postern, json!({"id": id, "type": "application/x-www-form-urlencoded"})).await;
    assert!(done["replayed"][0]["receipt"].is_string(), "{done}");
    eventually("it has run", async || (postern.records("Leads").await.len() == 7).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_whole_numbers_as_keys_are_a_list() {
    let postern = Postern::start(SETTINGS).await;
    for (form, expected) in [
        ("tags[0]=web&tags[2]=news", json!({"tags": ["web", "news"]})),
        ("a[5]=x&a[]=y", json!({"a": ["x", "y"]})),
        ("a[2][id]=7&a[0][id]=5", json!({"a": [{"id": "5"}, {"id": "7"}]})),
        ("a[1]=x&a[k]=y", json!({"a": {"1": "x", "k": "y"}})),
    ] {
        assert_eq!(env(&postern, postern.post(PATH).form(form).send().await).await, expected, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c19_an_order_of_one_mib_goes_through_and_a_hostile_body_does_not() {
    let postern = Postern::start(SETTINGS).await;
    let item = r#"{"id":12345,"name":"A thing of some length","price":"12.50","taxes":[{"id":1,"total":"2.10"}]}"#;
    for items in [8, 1_000, 1024 * 1024 / (item.len() + 1) - 1] {
        let order = format!("{{\"items\":[{}]}}", [item].repeat(items).join(","));
        let env = env(&postern, postern.post(PATH).json(&order).send().await).await;
        assert_eq!(env["items"].as_array().unwrap().len(), items);
    }
    for hostile in
        [format!("{{\"a\":[{}1]}}", "[],".repeat(300_000)), format!("{{{}\"b\":1}}", "\"a\":1,".repeat(150_000))]
    {
        let answer = postern.post(PATH).json(&hostile).send().await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_body"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c20_nested_fields_make_two_submissions_the_same() {
    for (path, first, second) in [
        ("data[FIELDS][ID]", "data[FIELDS][ID]=7&a=1", "data[FIELDS][ID]=7&a=2"),
        ("data.FIELDS.ID", "data[FIELDS][ID]=7&a=1", r#"{"data":{"FIELDS":{"ID":"7"}}}"#),
        ("items.0.id", "items[][id]=7", "items[3][id]=7&a=2"),
    ] {
        let postern = Postern::start(&SETTINGS.replace("title: P", &format!("dedupe_by: '{path}'"))).await;
        postern.ended(&postern.post(PATH).form(first).send().await).await;
        let again = postern.ended(&postern.post(PATH).form(second).send().await).await;
        assert_eq!(again["status"], "duplicate", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c21_c22_parts_of_json_are_values_and_ascii_is_never_mojibake() {
    let postern = Postern::start(SETTINGS).await;
    let send = |part: &str, content: &str| {
        let body = format!("--XX\r\nContent-Disposition: form-data; name=\"d\"{part}\r\n\r\n{content}\r\n--XX--\r\n");
        postern.post(PATH).header("content-type", "multipart/form-data; boundary=XX").body(body).send()
    };
    for (part, content, expected) in [
        ("; filename=\"blob\"\r\nContent-Type: application/json", r#"{"a":[1]}"#, json!({"d": {"a": [1]}})),
        ("; filename=\"note.txt\"\r\nContent-Type: text/plain", "hello", json!({"d": "hello"})),
        ("\r\nContent-Type: text/plain; charset=US-ASCII", "Zoë", json!({"d": "Zoë"})),
        ("\r\nContent-Type: text/plain; charset=ascii", "Ada", json!({"d": "Ada"})),
    ] {
        assert_eq!(env(&postern, send(part, content).await).await, expected, "{part}");
    }
    assert_eq!(send("; filename=\"blob\"\r\nContent-Type: application/pdf", "%PDF").await.code(), "file_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn c23_half_a_character_becomes_u_fffd_and_the_receipt_tells() {
    let postern = Postern::start(SETTINGS).await;
    let answer =
        postern.post(PATH).json(r#"{"note":"abc\ud83d","n":{"x":["\ude00"]},"ok":"\ud83d\ude00"}"#).send().await;
    let expected = json!({"note": "abc\u{fffd}", "n": {"x": ["\u{fffd}"]}, "ok": "😀"});
    assert_eq!(env(&postern, answer).await, expected);
    let answer = postern.post(PATH).json(r#"{"note":"abc\ud83d"}"#).send().await;
    postern.ended(&answer).await;
    let receipt = postern.call("GET", &answer.header("location")).send().await.json;
    assert_eq!(receipt["altered"], json!(["note"]), "{receipt}");
}
