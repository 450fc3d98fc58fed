//! Every query of the dashboards finds data of a running Postern.

use serde_json::Value;

use super::prometheus::Prometheus;
use crate::harness::{DEMO, Postern};
use crate::tidy::sources::{files, read};

/// The queries of a dashboard, with values for the variables of Grafana.
fn queries(dashboard: &str) -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read(dashboard)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let query =
        |target: &Value| target["expr"].as_str().unwrap().replace("$__rate_interval", "30s").replace("$job", ".*");
    targets.map(query).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_dashboards_finds_data() {
    let mut postern = Postern::start(DEMO).await;
    let prometheus = Prometheus::of(&mut postern).await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Lovelace&email=ada@example.org").await;
    let all = files().into_iter().filter(|path| path.starts_with("deploy/grafana/") && path.ends_with(".json"));
    let asked: Vec<String> = all.flat_map(|dashboard| queries(&dashboard)).collect();
    assert!(asked.len() > 60, "only {} queries were found", asked.len());
    // A connection has a line once a worker has called it, and the demo has none.
    for query in asked.into_iter().filter(|query| !query.contains("postern_connection_away")) {
        prometheus.finds(&query).await;
    }
}
