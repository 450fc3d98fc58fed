//! L6: a record that a step has just found or created is read by its stored id.

use serde_json::json;

use crate::harness::Postern;
use crate::workflows::settings;

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_record_just_found_is_read_by_its_stored_id() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: find}
steps:
  find: {find_record: Leads, where: {email: '$env[\"email\"]'}, store_id: lead_id, found: count, not_found: make}
  count: {set_value: {visits: '{{ $(lead_id: (Leads) visits)|int + 1 }}'}, record: '$env[\"lead_id\"]', next: tell}
  make: {create_record: Leads, fields: {email: '$env[\"email\"]', visits: 1}, store_id: lead_id, created: tell}
  tell: {stop: finished, message: '$(lead_id: (Leads) visits) visits of $(lead_id: (Leads) email)'}
",
    ))
    .await;
    for n in 1..=3 {
        let receipt = postern.outcome("/trigger?workflow_id=1", "email=a@x.org").await;
        assert_eq!(receipt["runs"][0]["message"], format!("{n} visits of a@x.org"), "{receipt}");
    }
    assert_eq!(json!(postern.records("Leads").await), json!([{"email": "a@x.org", "visits": 3}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_what_was_only_posted_names_no_record() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: tell}
steps:
  tell: {stop: finished, message: 'x$(lead_id: (Leads) email)x'}
---
workflow: 2
start: {without_record: true, next: mean}
steps:
  mean: {set_env: {lead: '$env[\"lead_id\"]'}, next: tell}
  tell: {stop: finished, message: 'x$(lead: (Leads) email)x$(lead: (Others) email)x'}
",
    ))
    .await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{\"email\":\"a\"}')").await;
    for (workflow, expected) in [(1, "xx"), (2, "xaxx")] {
        let receipt = postern.outcome(&format!("/trigger?workflow_id={workflow}"), "lead_id=7").await;
        assert_eq!(receipt["runs"][0]["message"], expected, "{receipt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_many_callers_at_once_count_one_record_exactly() {
    let mut postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: a, fields: {visits: 0}, store_id: id, created: count, existing: count}
  count: {set_value: {visits: '{{ $(id: (Leads) visits) + 1 }}'}, record: '$env[\"id\"]'}
",
    ))
    .await;
    postern.start_worker().await;
    futures_util::future::join_all((0..60).map(|_| postern.outcome("/trigger?workflow_id=1", ""))).await;
    assert_eq!(json!(postern.records("Leads").await), json!([{"visits": 60}]));
}
