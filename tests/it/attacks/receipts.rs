//! Callers that read receipts: as much as they like, and nothing that was posted.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use postern_shared::id::ReceiptId;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::{Client, Method};

use crate::harness::call::Call;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, apply, eventually};
use crate::standalone::Standalone;

const PATH: &str = "/trigger?workflow_trigger=web_lead";

/// A run of the receipt becomes 9,001.
const MANY: &str = "INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, started_at, ended_at)
    SELECT receipt, 1 + n, workflow, version, (CASE n WHEN 8000 THEN 'failed' ELSE 'finished' END)::run_state, 3,
        started_at, ended_at
    FROM runs, generate_series(1, 9000) AS n";

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_are_polled_by_many_do_not_slow_down_the_posts_of_others() {
    let servers = Servers::new().await;
    // Without a broker, so that posts need the database.
    let standalone = Standalone::on_with(&servers, &[]).await;
    let options = DatabaseOptions::new(&servers.database_url, 2);
    apply(&Store::new(&options, "postern-tests").unwrap(), &DEMO.replace("127.0.0.1", "127.0.0.0/8")).await;
    let form = |n: usize| format!("lastname=Lovelace&email=ada{n}@example.org");
    let post = async |n: usize| Call::new(Method::POST, standalone.public, PATH).form(form(n)).send().await;
    let first = post(0).await.header("location");
    let reader = Client::builder().local_address(Some([127, 0, 0, 2].into())).build().unwrap();
    let read = async |path: &str| {
        let answer = reader.get(format!("http://{}{path}", standalone.public)).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"), answer.text().await.unwrap())
    };
    eventually("it has run", async || read(&first).await.2.contains("\"finished\"").then_some(())).await;
    standalone.connection().await.execute(MANY, &[]).await.unwrap();
    let (stop, seen) = (AtomicBool::new(false), AtomicBool::new(false));
    let poll = async |n: usize| {
        while !stop.load(Ordering::Relaxed) {
            let path = if n.is_multiple_of(2) { first.clone() } else { format!("/receipts/{}", ReceiptId::new()) };
            match read(&path).await {
                (200, ..) => seen.store(true, Ordering::Relaxed),
                (429 | 503, true, _) => tokio::task::yield_now().await,
                answer => panic!("{answer:?}"),
            }
        }
    };
    let honest = async {
        for n in 0..100 {
            let answer = post(n).await;
            assert_eq!(answer.status, 202, "{n}: {}", answer.json);
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(join_all((0..100).map(poll)), honest);
    assert!(seen.load(Ordering::Relaxed));
    let many = eventually("it is answered again", async || Some(read(&first).await).filter(|one| one.0 == 200)).await;
    let many: serde_json::Value = serde_json::from_str(&many.2).unwrap();
    assert_eq!((&many["status"], &many["runs_left_out"]), (&"failed".into(), &8_901.into()));
    let runs = many["runs"].as_array().unwrap();
    assert!(runs.len() == 100 && runs.iter().any(|run| run["status"] == "failed"), "{runs:?}");
}

/// Steps that say what was posted, each in another way.
const SAYING: &str = r#"
permission: all
addresses: 127.0.0.1
workflows: [1, 2, 3, 4, 5, 6]
---
workflow: 1
start: {without_record: true, next: end}
steps: {end: {stop: failed, message: '$env["a"]'}}
---
workflow: 2
start: {without_record: true, next: end}
steps: {end: {stop: failed, message: 'no mail address: $env["a"]'}}
---
workflow: 3
start: {without_record: true, keep_log: none, next: end}
steps: {end: {stop: failed, message: 'step end: $env["a"]'}}
---
workflow: 4
start: {without_record: true, condition: '$env["a"] * $env["b"]', next: end}
steps: {end: {stop: finished}}
---
workflow: 5
start: {without_record: true, next: change}
steps: {change: {set_value: {a: b}, record: '$env["a"]'}}
---
workflow: 6
start: {without_record: true, next: end}
steps: {end: {stop: finished, message: the end}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_its_caller_why_and_no_posted_value() {
    let postern = Postern::start(SAYING).await;
    for (workflow, pointer, told, whole) in [
        (1, "/runs/0/message", None, Some("secret4711")),
        (1, "/runs/0/path/0/message", None, Some("secret4711")),
        (2, "/runs/0/message", Some("no mail address: …"), Some("no mail address: secret4711")),
        (2, "/runs/0/path/0/message", Some("no mail address: …"), Some("no mail address: secret4711")),
        (3, "/runs/0/message", None, Some("step end: secret4711")),
        (4, "/skipped/0/reason", Some("its condition could not be evaluated: a list cannot be multiplied"), None),
        (5, "/runs/0/message", Some("step change: record: record id … is not a whole number above zero"), None),
        (6, "/runs/0/message", Some("the end"), Some("the end")),
    ] {
        let accepted = postern.post(&format!("/trigger?workflow_id={workflow}")).form("a=secret4711&b[]=secret4711");
        let accepted = accepted.send().await;
        let operators = postern.ended(&accepted).await;
        let callers = postern.call("GET", &accepted.header("location")).send().await;
        assert!(!callers.text.contains("4711"), "{workflow}: {}", callers.text);
        assert_eq!(callers.json.pointer(pointer).and_then(|one| one.as_str()), told, "{workflow}: {}", callers.text);
        let said = operators.pointer(pointer).and_then(|one| one.as_str()).unwrap_or_default();
        assert!(whole.is_none_or(|whole| whole == said) && !said.is_empty(), "{workflow}: {operators}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_reads_too_often_is_told_to_come_again_and_another_is_not() {
    let postern = Postern::without_worker(&DEMO.replace("127.0.0.1", "127.0.0.0/8")).await;
    let ids: Vec<String> = (0..600).map(|_| format!("/receipts/{}", ReceiptId::new())).collect();
    let answers = join_all(ids.iter().map(|path| postern.call("GET", path).send())).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(refused.len() > 10, "only {} were refused", refused.len());
    assert!(refused.iter().all(|one| one.code() == "too_busy" && !one.header("retry-after").is_empty()));
    assert_eq!(postern.call("GET", &ids[0]).from("127.0.0.2").send().await.status, 200);
    let long_ago = "/receipts/9f000000-0000-7000-8000-000000000000";
    assert_eq!(postern.call("GET", long_ago).from("127.0.0.2").send().await.code(), "receipt_unknown");
}
