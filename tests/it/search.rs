//! Receipts and records are found by what was posted, soon after it.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{DEMO, Postern, eventually};

const PATH: &str = "/trigger?workflow_id=77";

/// How many receipts and how many records have a text.
async fn found(postern: &Postern, text: &str) -> (usize, usize) {
    let url = reqwest::Url::parse_with_params("http://localhost/find", [("text", text)]).unwrap();
    let found = postern.api("GET", &format!("/find?{}", url.query().unwrap())).send().await.json;
    let count = |name: &str| found[name].as_array().map_or(0, Vec::len);
    (count("receipts"), count("records"))
}

async fn are_found(postern: &Postern, text: &str, receipts: usize, records: usize) {
    eventually(&format!("{text}: {receipts} and {records}"), async || {
        (found(postern, text).await == (receipts, records)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_found_by_email_phone_and_name_in_any_form() {
    let postern = Postern::start(DEMO).await;
    let post = async |form: &str| postern.outcome(PATH, form).await["receipt"].as_str().unwrap().to_owned();
    let first = post("lastname=Иванов&firstname=Иван&email=Ivan@Example.org&tel=%2B7 (912) 345-67-89").await;
    let failed = post("lastname=Иванов&email=nonsense").await;
    are_found(&postern, "ivan@example.ORG", 1, 1).await;
    for (text, expected) in [("8 912 3456789", (1, 0)), ("иванов", (2, 1)), ("ИВАН иванов", (1, 1)), ("петров", (0, 0))]
    {
        assert_eq!(found(&postern, text).await, expected, "{text}");
    }
    let printed = Cli::of(&postern).run("find ИВАНОВ").text();
    assert_eq!(printed, format!("receipt {failed}\nreceipt {first}\nrecord 1 Leads\n"));
    assert_eq!(Cli::of(&postern).run("find nobody@example.org").code, 1);
    assert_eq!(postern.count("SELECT count(*) FROM digest_queue").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_what_it_is_now_and_no_longer_when_it_is_gone() {
    let postern = Postern::start(
        "permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2, 3]\n---\n\
         workflow: 1\nstart: {without_record: true, next: a}\nsteps: {a: {create_record: Leads, fields: {name: '$env[\"name\"]'}}}\n---\n\
         workflow: 2\nstart: {module: Leads, next: a}\nsteps: {a: {set_value: {name: '$env[\"name\"]'}}}\n---\n\
         workflow: 3\nstart: {module: Leads, next: a}\nsteps: {a: {delete_record: true}}\n",
    )
    .await;
    postern.outcome("/trigger?workflow_id=1", "name=Lovelace").await;
    are_found(&postern, "lovelace", 1, 1).await;
    postern.outcome("/trigger?workflow_id=2&record_id=1", "name=King").await;
    are_found(&postern, "king", 1, 1).await;
    assert_eq!(found(&postern, "lovelace").await, (1, 0));
    postern.outcome("/trigger?workflow_id=3&record_id=1", "").await;
    are_found(&postern, "king", 1, 0).await;
    eventually("its keys are gone", async || {
        (postern.count("SELECT count(*) FROM record_keys").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_for_is_refused() {
    let postern = Postern::without_worker(DEMO).await;
    for query in ["", "?text=", "?text=%20", "?text=a%00", &format!("?text={}", "a".repeat(201))] {
        let answer = postern.api("GET", &format!("/find{query}")).send().await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.json);
    }
    let nothing: Value = postern.api("GET", "/find?text=-").send().await.json;
    assert_eq!(nothing, json!({"receipts": [], "records": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_of_large_receipts_takes_the_memory_of_one() {
    let mut postern = Postern::without_worker(DEMO).await;
    let fill = "INSERT INTO receipts (id, accepted_at, settings_version, workflow, permission, ip, env)
        SELECT overlay(postern_uuid_floor(now())::text placing to_char(n, 'FM000000000000') from 25)::uuid, now(), 1, 77,
            'loopback', '127.0.0.1', json_build_object('text', repeat('x', 1000000), 'name', 'Ada')
        FROM generate_series(1, 150) n";
    postern.sql(fill).await;
    postern.sql("INSERT INTO digest_queue (receipts, records) SELECT array_agg(id), '{}' FROM receipts").await;
    postern.start_worker().await;
    are_found(&postern, "ada", 20, 0).await;
    let peak = postern.workers[0].peak_megabytes();
    assert!(peak < 120.0, "the worker took {peak:.0} MB");
}
