//! The runs of a receipt as a list: which are shown of many, and how each is named.

use serde_json::{Value, json};

use crate::harness::Postern;

const SETTINGS: &str = "permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: go}
steps: {go: {run_workflow: 2}}
---
workflow: 2
start: {without_record: true, next: a}
steps: {a: {run_workflow: 3}}
---
workflow: 3
start: {without_record: true, next: a}
steps: {a: {stop: failed}}
";

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_those_that_failed_are_shown_before_those_that_are_held() {
    let postern = Postern::start(SETTINGS).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let id = receipt["receipt"].as_str().unwrap();
    for (state, from, to) in [("held", 10, 130), ("failed", 200, 204), ("finished", 300, 420)] {
        postern
            .sql(&format!(
                "INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, started_at)
                 SELECT '{id}', n, 2, 1, '{state}', 0, now() FROM generate_series({from}, {to}) AS n"
            ))
            .await;
    }
    let shown = postern.api("GET", &format!("/receipts/{id}")).send().await.json;
    let count = |state: &str| shown["runs"].as_array().unwrap().iter().filter(|run| run["status"] == state).count();
    assert_eq!((count("failed"), count("held"), count("finished")), (6, 94, 0), "{shown}");
    assert_eq!(shown["runs_left_out"], 150);
}

/// The names of runs, as a person gives them to the API.
async fn names(postern: &Postern, query: &str) -> Vec<String> {
    let runs = postern.api("GET", &format!("/runs{query}")).send().await.json;
    let name = |run: &Value| format!("{}.{}", run["receipt"].as_str().unwrap(), run["number"]);
    runs["runs"].as_array().unwrap().iter().map(name).collect()
}

/// Every pattern in the document of the API that is one of a run's name.
fn patterns(document: &Value, found: &mut Vec<Value>) {
    match document {
        Value::Object(map) => {
            if map.get("pattern").and_then(Value::as_str).is_some_and(|pattern| pattern.contains("{36}")) {
                found.push(document.clone());
            }
            map.values().for_each(|inner| patterns(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| patterns(inner, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_pattern_takes_the_names_of_child_runs_and_their_replays() {
    let postern = Postern::start(SETTINGS).await;
    postern.outcome("/trigger?workflow_id=1", "").await;
    let failed = names(&postern, "?workflow=3").await.remove(0);
    let replayed = postern.api("POST", &format!("/runs/{failed}/replays")).json("{}").send().await;
    assert!(replayed.status < 300, "{failed}: {}", replayed.json);
    let names = names(&postern, "").await;
    assert!(names.len() == 4 && names[3].ends_with(".4"), "{names:?}");
    let mut found = Vec::new();
    patterns(&postern.api("GET", "/openapi.json").send().await.json, &mut found);
    assert!(!found.is_empty());
    for schema in found {
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("run.json", schema.clone()).unwrap();
        let index = compiler.compile("run.json", &mut schemas).unwrap();
        for name in &names {
            assert!(schemas.validate(&json!(name), index).is_ok(), "{name} is refused by {schema}");
        }
        assert!(schemas.validate(&json!("nonsense.5"), index).is_err());
    }
}
