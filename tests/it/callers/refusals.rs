//! Refusals leave a trace: C5, C1, and what strangers cannot push out.

use serde_json::{Value, json};

use super::SETTINGS;
use crate::harness::{Postern, eventually};

const BODY: &str = "lastname=Lovelace";
const SECRET: &str = "/0123456789abcdefghijklmn";

/// Beside P a permission for any address, with a short URL of its own.
fn with_any() -> String {
    format!("{SETTINGS}---\npermission: anybody\naddresses: any\nworkflows: [900]\nshort_url: {SECRET}\n")
}

/// The refusals that are listed, once there are so many; the newest first.
async fn listed(postern: &Postern, count: usize) -> Vec<Value> {
    eventually("the refusals are listed", async || {
        let listed = postern.api("GET", "/refused_bodies").send().await.json;
        Some(listed["refused_bodies"].as_array()?.clone()).filter(|listed| listed.len() >= count)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_a_call_to_a_wrong_target_is_kept_and_replayed_to_the_right_one() {
    let postern = Postern::start(SETTINGS).await;
    for (path, origin, code, setting) in [
        ("/trigger?workflow_trigger=web-lead", "", "target_denied", "triggers"),
        ("/trigger?workflow_trigger=web+lead", "", "invalid_selector", ""),
        ("/trigger?workflow_id=901&workflow=900", "", "target_denied", "workflows"),
        ("/triger?workflow_id=900", "", "unknown_short_url", "short_url"),
        ("/trigger?workflow_id=900&workflow_trigger=a", "", "ambiguous_target", ""),
        // C1 of the callers.
        ("/trigger?workflow_id=900", "https://shop.example", "origin_denied", "origins"),
    ] {
        let before = postern.count("SELECT count(*) FROM refused_bodies").await;
        let call = postern.post(path).form(BODY);
        let call = if origin.is_empty() { call } else { call.header("origin", origin) };
        assert_eq!(call.send().await.code(), code, "{path}");
        let kept = listed(&postern, usize::try_from(before).unwrap() + 1).await;
        let found = (&kept[0]["code"], &kept[0]["permission"], &kept[0]["bytes"]);
        assert_eq!(found, (&json!(code), &json!("p"), &json!(BODY.len())), "{path}");
        assert_eq!(kept[0]["setting"].as_str().unwrap_or_default(), setting, "{path}");
        let called = (&kept[0]["method"], &kept[0]["path"], &kept[0]["proof"]);
        assert_eq!(called, (&json!("POST"), &json!(path.split('?').next()), &json!("not_asked")), "{path}");
    }
    let ids: Vec<Value> = listed(&postern, 6).await.iter().map(|one| one["id"].clone()).collect();
    for id in &ids {
        let order = json!({"id": id, "workflow": 900}).to_string();
        let done = postern.api("POST", "/refused_body_replays").json(&order).send().await.json;
        assert!(done["replayed"][0]["receipt"].is_string(), "{done}");
    }
    eventually("all have run", async || (postern.records("Leads").await.len() == ids.len()).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_a_stranger_under_any_address_is_kept_only_if_it_knew_the_short_url() {
    let postern = Postern::without_worker(&with_any()).await;
    let stranger = |path: &str| postern.post(path).from("127.0.0.9").form(BODY).send();
    assert_eq!(stranger("/trigger?workflow_id=900").await.code(), "unknown_short_url");
    assert_eq!(stranger("/guessed?workflow_id=900").await.code(), "unknown_short_url");
    assert_eq!(stranger(&format!("{SECRET}?workflow_id=901")).await.code(), "target_denied");
    let kept = listed(&postern, 1).await;
    assert_eq!((kept.len(), &kept[0]["permission"], &kept[0]["code"]), (1, &json!("anybody"), &json!("target_denied")));
    let counted = "SELECT coalesce(sum(count), 0)::bigint FROM rejected_callers WHERE reason = 'unknown_short_url'";
    eventually("the others are counted", async || (postern.count(counted).await == 2).then_some(())).await;
    // A listed caller that misses the short URL is kept under the permission that lists it.
    assert_eq!(postern.post("/other").form(BODY).send().await.code(), "unknown_short_url");
    assert_eq!(listed(&postern, 2).await[0]["permission"], "p");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_by_another_method_than_post_is_kept_and_replayed() {
    let postern = Postern::start(SETTINGS).await;
    for (method, path, body) in [
        ("GET", "/trigger?workflow_id=900&lastname=Lovelace", ""),
        ("PUT", "/trigger?workflow_id=900", BODY),
        ("PATCH", "/trigger?workflow_id=900", BODY),
        ("post", "/trigger?workflow_id=900", BODY),
        ("GET", "/triger?workflow_id=900&lastname=Lovelace", ""),
    ] {
        let before = postern.count("SELECT count(*) FROM refused_bodies").await;
        let answer = postern.call(method, path).form(body).send().await;
        let code = if path.starts_with("/triger") { "unknown_short_url" } else { "method_not_allowed" };
        assert_eq!(answer.code(), code, "{method} {path}");
        let kept = listed(&postern, usize::try_from(before).unwrap() + 1).await;
        assert_eq!((&kept[0]["code"], &kept[0]["bytes"]), (&json!(code), &json!(BODY.len())), "{method} {path}");
        let order = json!({"id": kept[0]["id"]}).to_string();
        let done = postern.api("POST", "/refused_body_replays").json(&order).send().await.json;
        assert!(done["replayed"][0]["receipt"].is_string(), "{method} {path}: {done}");
    }
    let leads = "SELECT count(*) FROM records WHERE fields ->> 'lead' = 'Lovelace'";
    eventually("all have run", async || (postern.count(leads).await == 5).then_some(())).await;
    // What only looks at the URL is counted, and HEAD and OPTIONS are not refused.
    for (method, path) in [("GET", "/trigger?workflow_id=900"), ("DELETE", "/trigger"), ("HEAD", "/triger?a=1")] {
        postern.call(method, path).send().await;
    }
    let counted = "SELECT coalesce(sum(count), 0)::bigint FROM rejected_callers WHERE address = '127.0.0.1'";
    eventually("they are counted", async || (postern.count(counted).await == 2).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM refused_bodies").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_visitor_beyond_the_limit_is_kept() {
    let page =
        "limit: 1/h\nanswer: {redirect: 'https://shop.example/thanks', redirect_error: 'https://shop.example/sorry'}";
    for (settings, mode, status) in [(page, "", 303), ("limit: 1/h", "navigate", 429)] {
        let postern = Postern::start(&SETTINGS.replace("title: P", settings)).await;
        let visitor = || {
            let call = postern.post("/trigger?workflow_id=900").form(BODY).without_redirects();
            if mode.is_empty() { call } else { call.header("sec-fetch-mode", mode) }
        };
        assert!(visitor().send().await.status < 400);
        assert_eq!(visitor().send().await.status, status, "{settings}");
        let kept = listed(&postern, 1).await;
        let found = (&kept[0]["code"], &kept[0]["setting"], &kept[0]["bytes"]);
        assert_eq!(found, (&json!("too_busy"), &json!("limit"), &json!(BODY.len())), "{settings}");
        let order = json!({"id": kept[0]["id"]}).to_string();
        postern.api("POST", "/refused_body_replays").json(&order).send().await;
        eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
        // A program sends it again.
        let program = postern.post("/trigger?workflow_id=900").form(BODY).header("sec-fetch-mode", "cors");
        assert_eq!(program.send().await.code(), "too_busy");
        assert_eq!(postern.count("SELECT count(*) FROM refused_bodies").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_a_person_may_replay_under_another_permission() {
    let postern = Postern::start(&format!(
        "{SETTINGS}---\npermission: q\naddresses: 10.0.0.1\ntriggers: [t]\nworkflows: [900]\n"
    ))
    .await;
    assert_eq!(postern.post("/trigger?workflow_trigger=t").form(BODY).send().await.code(), "target_denied");
    let id = listed(&postern, 1).await[0]["id"].clone();
    let replay = |order: Value| postern.api("POST", "/refused_body_replays").json(&order.to_string()).send();
    for (order, code) in [
        (json!({"id": id, "workflow": 901}), "target_denied"),
        (json!({"id": id, "under": "gone"}), "address_denied"),
        (json!({"id": id}), "target_denied"),
    ] {
        let answer = replay(order.clone()).await.json;
        assert_eq!(answer["refused"][0]["code"], code, "{order}: {answer}");
    }
    assert_eq!(replay(json!({"id": id, "workflow": 900, "trigger": "t"})).await.status, 400);
    let done = replay(json!({"id": id, "under": "q", "workflow": 900})).await.json;
    let receipt = done["replayed"][0]["receipt"].as_str().unwrap().to_owned();
    let sql = format!("SELECT count(*) FROM receipts WHERE id = '{receipt}' AND permission = 'q'");
    eventually("it has run", async || (postern.count(&sql).await == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_strangers_evict_no_body_of_another_permission() {
    let postern = Postern::without_worker(&with_any()).await;
    assert_eq!(postern.post("/trigger?workflow_id=901").form(BODY).send().await.status, 403);
    listed(&postern, 1).await;
    postern
        .sql(
            "INSERT INTO refused_bodies (permission, address, code, message, query, body, refused_at)
            SELECT 'anybody', '192.0.2.1', 'target_denied', 'm', 'q', convert_to(repeat('x', 500), 'UTF8'), now()
            FROM generate_series(1, 100000)",
        )
        .await;
    // Whatever is refused next makes room.
    let stranger = postern.post(&format!("{SECRET}?workflow_id=901")).from("127.0.0.9").form(BODY);
    assert_eq!(stranger.send().await.status, 403);
    let of_any = "SELECT count(*) FROM refused_bodies WHERE permission = 'anybody'";
    eventually("the oldest of strangers are gone", async || (postern.count(of_any).await < 10_000).then_some(())).await;
    let newest = "SELECT count(*) FROM refused_bodies WHERE permission = 'anybody' AND address = '127.0.0.9'";
    assert_eq!(postern.count(newest).await, 1);
    assert_eq!(
        postern.count("SELECT count(*) FROM refused_bodies WHERE permission = 'p' AND body IS NOT NULL").await,
        1
    );
}
