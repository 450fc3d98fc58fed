//! `switch`: one value, several cases.

use serde_json::{Value, json};

use crate::harness::Postern;
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::workflows::settings;

const BY_CITY: &str = "
---
workflow: 1
start: {without_record: true, next: city}
steps:
  city:
    switch: $env[\"city\"]
    cases: {Rome: [south, note], Oslo: north, 7: north, '': nobody, else: south}
    else: other
  south: {create_record: South}
  north: {create_record: North}
  note: {create_record: Notes}
  nobody: {stop: finished, message: no city}
  other: {stop: failed}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_leaves_by_the_case_that_is_equal() {
    let postern = Postern::start(&settings(BY_CITY)).await;
    let way = async |form: &str| {
        let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
        let path = receipt["runs"][0]["path"].as_array().unwrap().clone();
        path.iter().map(|step| format!("{}>{}", step["step"], step["output"]).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(way("city=Rome").await, ["city>= Rome", "south>created", "note>created"]);
    assert_eq!(way("city=7").await, ["city>= 7", "north>created"]);
    assert_eq!(way("city=else").await, ["city>= else", "south>created"]);
    assert_eq!(way("").await, ["city>=", "nobody>null"]);
    assert_eq!(way("city=rome").await, ["city>else", "other>null"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_and_the_statistics_show_the_cases() {
    let mut postern = Postern::with_ingress(&settings(BY_CITY), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    postern.outcome("/trigger?workflow_id=1", "city=Rome").await;
    let outputs = crate::harness::eventually("the step is counted", async || {
        let found = postern.api("GET", "/workflows/1/statistics").send().await.json;
        let step = found["steps"].as_array()?.iter().find(|step| step["step"] == "city")?.clone();
        Some(step["outputs"].clone())
    })
    .await;
    assert_eq!((&outputs[0]["output"], &outputs[0]["percent"]), (&json!("= Rome"), &Value::from(100.0)), "{outputs}");
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get("/workflows/1").await.text;
    assert!(page.contains("= Rome") && page.contains("= Oslo"), "{page}");
}
