//! A refused body is not lost: it is read again when what refused it was mended, once, as the call that it was.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=1&utm=a";

/// `Привет` in windows-1251.
const CYRILLIC: &[u8] = b"n=%CF%F0%E8%E2%E5%F2";

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]', utm: '$query[\"utm\"]', ip: '$request[\"ip\"]', at: '$request[\"time\"]'}}
";

/// Posts what is refused, and waits until it is kept; returns its number.
async fn refused(postern: &Postern, key: &str) -> i64 {
    let before = postern.count("SELECT count(*) FROM refused_bodies").await;
    let call = postern.post(PATH).form(CYRILLIC);
    let call = if key.is_empty() { call } else { call.header("idempotency-key", key) };
    assert_eq!(call.send().await.code(), "invalid_body");
    let kept = format!("SELECT count(*) FROM refused_bodies HAVING count(*) > {before}");
    eventually("it is kept", async || postern.connection().await.query_opt(&kept, &[]).await.unwrap()).await;
    postern.count("SELECT max(id) FROM refused_bodies").await
}

async fn replay(postern: &Postern, order: Value) -> Answer {
    postern.api("POST", "/refused_body_replays").json(&order.to_string()).send().await
}

/// What became of a receipt that a replay gave.
async fn ended(postern: &Postern, receipt: &Value) -> Value {
    let path = format!("/receipts/{}", receipt.as_str().unwrap());
    eventually("it has ended", async || {
        let receipt = postern.call("GET", &path).send().await.json;
        (receipt["status"] != "queued" && receipt["status"] != "running").then_some(receipt)
    })
    .await
}

fn with_charset() -> String {
    SETTINGS.replace("workflows: [1]", "workflows: [1]\ncharset: windows-1251")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_replayed_under_its_permission_as_it_is_now_and_as_the_call_that_it_was() {
    let postern = Postern::start(SETTINGS).await;
    let id = refused(&postern, "").await;
    let kept = postern.api("GET", &format!("/refused_bodies/{id}")).send().await.json;
    let again = replay(&postern, json!({"id": id})).await.json;
    assert_eq!(again["refused"][0]["code"], "invalid_body", "{again}");
    assert_eq!(postern.count("SELECT count(*) FROM refused_bodies WHERE tried_at IS NOT NULL").await, 1);
    // Of the store at once: nobody waits until the ingress holds what was mended.
    postern.apply(&with_charset()).await;
    let done = replay(&postern, json!({"id": id})).await.json;
    assert_eq!(ended(&postern, &done["replayed"][0]["receipt"]).await["status"], "finished", "{done}");
    let made = serde_json::to_value(&postern.records("Leads").await).unwrap();
    assert_eq!(made, json!([{"n": "Привет", "utm": "a", "ip": "127.0.0.1", "at": kept["refused_at"]}]));
    assert_eq!(replay(&postern, json!({"id": id})).await.status, 404);
    let log = postern.api("GET", "/audit_log?kind=refused_body").send().await.json;
    assert_eq!(log["changes"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log["changes"][0]["document"]["receipt"], done["replayed"][0]["receipt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_charset_that_a_person_names_makes_other_letters_of_utf_8() {
    let postern = Postern::start(SETTINGS).await;
    let charsets = ["us-ascii", "iso-8859-1", "windows-1251"];
    for (number, charset) in charsets.iter().enumerate() {
        let call = postern.post("/trigger?workflow_id=2").json("{\"n\":\"Привет\"}");
        assert_eq!(call.send().await.code(), "target_denied");
        let kept = format!("SELECT count(*) FROM refused_bodies HAVING max(id) > {number}");
        eventually("it is kept", async || postern.connection().await.query_opt(&kept, &[]).await.unwrap()).await;
        let id = postern.count("SELECT max(id) FROM refused_bodies").await;
        let done = replay(&postern, json!({"id": id, "charset": charset, "workflow": 1})).await.json;
        assert_eq!(ended(&postern, &done["replayed"][0]["receipt"]).await["status"], "finished", "{done}");
        assert_eq!(postern.records("Leads").await[number].0["n"], "Привет", "{charset}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_names_another_record_than_the_caller() {
    let postern = Postern::start(SETTINGS).await;
    let call = postern.post("/trigger?workflow_id=1&record_id=abc").form("n=1");
    assert_eq!(call.send().await.code(), "invalid_record_id");
    let kept = "SELECT count(*) FROM refused_bodies HAVING count(*) > 0";
    eventually("it is kept", async || postern.connection().await.query_opt(kept, &[]).await.unwrap()).await;
    for (order, status, code) in [
        (json!({"id": 1}), 200, "invalid_record_id"),
        (json!({"id": 1, "workflow": 1}), 200, "invalid_record_id"),
        (json!({"id": 1, "record": -1}), 400, ""),
    ] {
        let answer = replay(&postern, order.clone()).await;
        let found = answer.json["refused"][0]["code"].as_str().unwrap_or_default();
        assert_eq!((answer.status, found), (status, code), "{order}");
    }
    let done = Cli::of(&postern).run("refused replay 1 --record 0");
    assert_eq!(done.code, 0, "{done:?}");
    eventually("it has run", async || (postern.records("Leads").await.len() == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_replays_of_a_refused_body_at_once_one_is_submitted() {
    let postern = Postern::start(&with_charset().replace("windows-1251", "utf-8")).await;
    let id = refused(&postern, "").await;
    let order = json!({"id": id, "charset": "cp1251"});
    let answers = futures_util::future::join_all((0..8).map(|_| replay(&postern, order.clone()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404, 404, 404]);
    let done = answers.iter().find(|answer| answer.status == 200).unwrap();
    ended(&postern, &done.json["replayed"][0]["receipt"]).await;
    assert_eq!(postern.count("SELECT count(*) FROM receipts").await, 1);
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_refused_when_the_permission_is_gone_off_expired_or_another_and_says_so() {
    let postern = Postern::without_worker(SETTINGS).await;
    let id = refused(&postern, "").await;
    for (setting, reason) in [
        ("enabled: false", "the permission test is switched off"),
        ("expires: 2020-01-01", "the permission test has expired"),
        ("addresses: 10.0.0.1", "the permission test does not let 127.0.0.1 in any more"),
        ("workflows: [2]", "the permission does not allow this target"),
    ] {
        let (name, _) = setting.split_once(':').unwrap();
        let rest = ["addresses: 127.0.0.1", "workflows: [1]"].into_iter().filter(|line| !line.starts_with(name));
        let lines: Vec<&str> = rest.chain([setting]).collect();
        postern.apply(&format!("permission: test\n{}\n", lines.join("\n"))).await;
        let answer = replay(&postern, json!({"id": id, "charset": "windows-1251"})).await.json;
        assert_eq!(answer["refused"][0]["message"], reason, "{answer}");
    }
    assert_eq!(postern.api("DELETE", "/permissions/test").send().await.status, 204);
    let answer = replay(&postern, json!({"id": id})).await.json;
    assert_eq!(answer["refused"][0]["message"], "the permission test is gone");
    let listed = postern.api("GET", "/refused_bodies").send().await.json;
    assert_eq!(listed["refused_bodies"][0]["message"], "the permission test is gone", "the new reason is kept");
    for wrong in [json!({}), json!({"id": 1, "permission": "test"}), json!({"id": 1, "charset": "latin-77"})] {
        assert_eq!(replay(&postern, wrong.clone()).await.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_refused_bodies_of_a_permission_are_replayed_and_what_is_refused_again_says_why() {
    let postern = Postern::start(SETTINGS).await;
    for body in ["[1]", "{\"n\":"] {
        assert_eq!(postern.post(PATH).json(body).send().await.status, 400);
    }
    refused(&postern, "").await;
    let last = refused(&postern, "").await;
    postern.apply(&with_charset()).await;
    let end = Cli::of(&postern).run("refused replay --permission test");
    let lines: Vec<&str> = end.stdout.lines().collect();
    assert_eq!((end.code, lines.len()), (1, 5), "{end:?}");
    assert!(lines[1].starts_with(&format!("{last}: receipt ")), "{lines:?}");
    assert!(lines[2].ends_with("refused again: invalid_body: the JSON body is not an object"), "{lines:?}");
    assert_eq!(lines[4], "2 left");
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_body_keeps_the_idempotency_key_that_its_caller_sent() {
    let postern = Postern::start(SETTINGS).await;
    let id = refused(&postern, "k").await;
    let mended = postern.post(PATH).header("idempotency-key", "k").form("n=mended").send().await;
    postern.ended(&mended).await;
    let done = replay(&postern, json!({"id": id, "charset": "windows-1251"})).await.json;
    let receipt = ended(&postern, &done["replayed"][0]["receipt"]).await;
    assert_eq!((&receipt["status"], &receipt["duplicate_of"]), (&json!("duplicate"), &mended.json["receipt"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_shows_the_shapes_of_its_values_until_someone_asks_for_more_which_is_noted() {
    let postern = Postern::without_worker(SETTINGS).await;
    let sent = b"lastname=Lovelace&x=%FF";
    assert_eq!(postern.post("/trigger?workflow_id=1&utm=secret").form(sent).send().await.status, 400);
    let cli = Cli::of(&postern);
    let list = eventually("it is kept", async || {
        let list = cli.run("refused list").text();
        (!list.is_empty()).then_some(list)
    })
    .await;
    let shown = cli.run("refused show 1").text();
    assert!(shown.contains("lastname: L••• (8)") && shown.contains("utm=s••• (6)"), "{shown}");
    assert!(shown.contains("workflow_id=1"), "{shown}");
    let json = postern.api("GET", "/refused_bodies/1").send().await.text;
    for text in [&list, &shown, &json] {
        assert!(!text.contains("Lovelace") && !text.contains("secret"), "{text}");
    }
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE kind = 'refused_body'").await, 0);
    assert_eq!(cli.bytes("refused show 1 --raw"), sent);
    let whole = postern.api("GET", "/refused_bodies/1?values=true").send().await.json;
    assert_eq!(
        (&whole["body"], &whole["query"]),
        (&json!("lastname=Lovelace&x=%FF"), &json!("workflow_id=1&utm=secret"))
    );
    let noted = "SELECT count(*) FROM audit_log WHERE kind = 'refused_body' AND action = 'show' AND key = '1'";
    assert_eq!(postern.count(noted).await, 2);
}
