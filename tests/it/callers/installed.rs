//! Callers as they are installed: a script for each, which posts a form, JSON and multipart, and then 20 forms one behind
//! the other. A script fails unless each answer is 202 with a receipt. `tests/run` leaves out those whose program is missing.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Postern, eventually};

/// A workflow that keeps what was posted.
const SETTINGS: &str = "
permission: p
addresses: 127.0.0.1
workflows: [900]
---
workflow: 900
start: {without_record: true, next: keep}
steps:
  keep: {create_record: Leads, fields: {kind: '$env[\"kind\"]', name: '$env[\"name\"]', tags: '$env[\"tags\"]'}}
";

/// What the scripts post as a name: letters beyond ASCII, and signs that forms and URLs write otherwise.
const NAME: &str = "Žofie & Söhne +1 %41";

/// Posts of a burst.
const BURST: usize = 20;

/// Runs a script, and compares what is stored with what it posts.
async fn posts(program: &str, script: &str) {
    let postern = Postern::start(SETTINGS).await;
    let url = format!("http://{}/trigger?workflow_id=900", postern.public());
    let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/it/callers/installed")).join(script);
    let ran = tokio::task::spawn_blocking({
        let mut command = Command::new(program);
        command.arg(script).arg(url);
        move || command.output()
    });
    let ran = ran.await.unwrap().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let stored = eventually("all leads are stored", async || {
        Some(postern.records("Leads").await).filter(|leads| leads.len() == BURST + 3)
    })
    .await;
    let of_kind = |kind: &str| stored.iter().filter(|lead| lead.0["kind"] == kind).collect::<Vec<_>>();
    for kind in ["form", "json", "multipart"] {
        let lead = of_kind(kind)[0];
        assert_eq!((&lead.0["name"], &lead.0["tags"]), (&json!(NAME), &json!(["a", "b"])), "{kind}");
    }
    let mut numbers: Vec<usize> = of_kind("burst").iter().map(|lead| number(&lead.0["name"])).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..BURST).collect::<Vec<_>>());
}

fn number(value: &Value) -> usize {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn python_requests() {
    posts("python3", "requests_caller.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_urllib() {
    posts("python3", "urllib_caller.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_http_client() {
    posts("python3", "http_client_caller.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_fetch() {
    posts("node", "fetch_caller.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn java_http_client() {
    posts("java", "HttpClientCaller.java").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl() {
    posts("bash", "curl_caller.sh").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn php_curl() {
    posts("php", "curl_caller.php").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn php_streams() {
    posts("php", "streams_caller.php").await;
}
