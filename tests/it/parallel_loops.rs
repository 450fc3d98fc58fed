//! Loops with several items at a time: `for_each` with `parallel`.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints;
use postern_shared::store::runs::Parent;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::workflows::settings;

fn text(start: &str, more: &str, body: &str) -> String {
    settings(&format!(
        "
---
workflow: 1
start: {{{start}without_record: true, next: all}}
steps:
  all: {{for_each: '$env[\"all\"]', each: work, collect: '$env[\"n\"]', store: got, {more} next: end}}
{body}
  end: {{create_record: Ends, fields: {{got: '$env[\"got\"]', item: '$env[\"item\"]'}}}}
"
    ))
}

const WORK: &str = "  work: {delay: {for: 30ms}, next: make}
  make: {create_record: Notes, fields: {item: '$env[\"item\"]'}, created: double}
  double: {set_env: {n: '{{ $env[\"item\"] * 2 }}'}}";

async fn ends(postern: &Postern) -> Value {
    json!(postern.records("Ends").await.into_iter().map(|one| Value::Object(one.0)).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn items_at_a_time_have_runs_of_their_own_and_give_their_values_in_order() {
    let postern = Postern::start(&text("", "parallel: 3,", WORK)).await;
    let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2, 3, 4, 5, 6, 7]}"#).send().await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(ends(&postern).await, json!([{"got": [2, 4, 6, 8, 10, 12, 14]}]), "{receipt}");
    let runs = receipt["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &receipt["status"]), (8, &json!("finished")));
    for (run, item) in runs[1..].iter().zip(1..) {
        assert_eq!(run["started_by"], json!({"run": 1, "workflow": 1, "step": 1, "item": item}), "{run}");
        assert_eq!(run["path"].as_array().unwrap().last().unwrap()["message"], format!("item {item} of 7"), "{run}");
    }
    assert_eq!(postern.records("Notes").await.len(), 7);
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM run_results").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_items_are_under_way_than_are_told() {
    let work = WORK.replace("30ms", "150ms");
    let postern = Postern::start(&text("", "parallel: 2,", &work)).await;
    let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2, 3, 4, 5]}"#).send().await;
    let mut most = 0;
    eventually("all have ended", async || {
        let begun = "SELECT count(*) FROM runs r JOIN checkpoints c ON c.receipt = r.receipt AND c.run = r.number
            WHERE r.parent IS NOT NULL AND NOT c.queued";
        most = most.max(postern.count(begun).await);
        (postern.records("Ends").await.len() == 1).then_some(())
    })
    .await;
    postern.ended(&answer).await;
    assert!((1..=2).contains(&most), "{most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_fails_or_is_cancelled_leaves_by_failed_or_is_collected() {
    let body = "  work: {condition: '$env[\"item\"] == 2', then: bad, else: double}
  double: {set_env: {n: '{{ $env[\"item\"] * 2 }}'}}
  bad: {stop: failed, message: no}";
    for (more, status, expected) in [
        ("parallel: 2, on_error: collect,", "finished", json!([{"got": [2, {"error": "no"}, 6]}])),
        ("parallel: 2, failed: end,", "finished", json!([{}])),
        ("parallel: 2,", "failed", json!([])),
    ] {
        let postern = Postern::start(&text("", more, body)).await;
        let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2, 3]}"#).send().await;
        let receipt = postern.ended(&answer).await;
        assert_eq!((&receipt["status"], ends(&postern).await), (&json!(status), expected), "{more} {receipt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_whose_failure_is_collected_is_no_failed_run() {
    let body = "  work: {set_env: {n: '{{ 12 // $env[\"item\"] }}'}}";
    let postern = Postern::start(&text("", "parallel: 2, on_error: collect,", body)).await;
    let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 0, 3]}"#).send().await;
    let receipt = postern.ended(&answer).await;
    let states: Vec<&str> =
        receipt["runs"].as_array().unwrap().iter().filter_map(|run| run["status"].as_str()).collect();
    assert_eq!((&receipt["status"], states), (&json!("finished"), vec!["finished"; 4]), "{receipt}");
    let got = &ends(&postern).await[0]["got"];
    assert!(got[1]["error"].as_str().unwrap().contains("a divisor may be 0"), "{got}");
    assert_eq!((&got[0], &got[2]), (&json!(12), &json!(4)), "{got}");
    let path = receipt["runs"][0]["path"].to_string();
    assert!(path.contains("1 of them failed") || path.contains("failed"), "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_of_a_run_that_is_alone_on_its_record_do_not_wait_for_it() {
    let body = "  work: {set_value: {sum: '{{ ($sum or 0) + $env[\"item\"] }}'}}";
    let text = text("module: Leads, parallel: false, ", "parallel: 4,", body);
    let postern = Postern::start(&text).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{}')").await;
    let answer = postern.post("/trigger?workflow_id=1&record_id=7").json(r#"{"all": [1, 2, 3, 4]}"#).send().await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(
        (&receipt["status"], json!(postern.records("Leads").await)),
        (&json!("finished"), json!([{"sum": 10}])),
        "{receipt}"
    );
    assert_eq!(postern.count("SELECT count(*) FROM claims").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_neither_lose_nor_repeat_items_at_a_time() {
    let mut postern = Postern::start(&text("", "parallel: 5,", WORK)).await;
    let body = json!({"all": (0..120).collect::<Vec<_>>()}).to_string();
    let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
    postern.kill_workers_while_records_are_made(3).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(receipt["status"], "finished", "{}", receipt["runs"][0]["message"]);
    let doubled: Vec<i32> = (0..120).map(|n| n * 2).collect();
    assert_eq!(ends(&postern).await, json!([{"got": doubled}]));
    assert_eq!(postern.records("Notes").await.len(), 120);
}

/// A loop over so many items, two of which have begun and wait for a day.
async fn two_under_way(postern: &Postern, items: usize) -> String {
    let body = json!({"all": (0..items).collect::<Vec<_>>()}).to_string();
    let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
    eventually("two items wait", async || {
        let wait = "SELECT count(*) FROM spool WHERE due_at > now() + interval '1 hour'";
        (postern.count(wait).await >= 2 && postern.count(QUEUED).await == i64::try_from(items).unwrap() - 2)
            .then_some(())
    })
    .await;
    answer.json["receipt"].as_str().unwrap().to_owned()
}

const QUEUED: &str = "SELECT count(*) FROM checkpoints WHERE queued";

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_item_that_had_not_begun_lets_no_other_begin() {
    let work = "  work: {delay: {for: 1d}}";
    let postern = Postern::start(&text("", "parallel: 2,", work)).await;
    let receipt = two_under_way(&postern, 6).await;
    // Run 1 waits, 2 and 3 have begun.
    Cli::of(&postern).run(&format!("cancel {receipt}.4")).text();
    postern.sql("UPDATE checkpoints SET document = jsonb_set(document::jsonb, '{env,mail}', '\"ada@example.org\"')::json WHERE run = 5").await;
    Cli::of(&postern).run("forget ada@example.org --yes").text();
    eventually("both have ended", async || {
        (postern.count("SELECT count(*) FROM runs WHERE number IN (4, 5) AND state = 'failed'").await == 2)
            .then_some(())
    })
    .await;
    assert_eq!(postern.count(QUEUED).await, 2);
    Cli::of(&postern).run(&format!("cancel {receipt}.2")).text();
    eventually("the next one has begun", async || (postern.count(QUEUED).await == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_item_left_begins_though_another_transaction_looks_at_it() {
    let postern = Postern::start(&text("", "parallel: 2,", "  work: {delay: {for: 1d}}")).await;
    let receipt = two_under_way(&postern, 3).await;
    let (mut others, mut ends) = (postern.connection().await, postern.connection().await);
    let other = others.transaction().await.unwrap();
    other.execute("SELECT FROM checkpoints WHERE run = 4 FOR UPDATE", &[]).await.unwrap();
    let ends = tokio::spawn(async move {
        let end = ends.transaction().await.unwrap();
        let run = RunKey { receipt: receipt.parse().unwrap(), number: 2 };
        let going = checkpoints::child_ended(&end, run, Parent { run: 1, step: 1, item: 1 }, true).await.unwrap();
        end.commit().await.unwrap();
        going
    });
    eventually("the end waits for it", async || {
        (ends.is_finished() || postern.waiting_for_a_lock("-- children::next%").await == 1).then_some(())
    })
    .await;
    other.rollback().await.unwrap();
    let begun: Vec<i16> = ends.await.unwrap().iter().map(|resume| resume.run.number).collect();
    assert_eq!(begun, [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_an_item_does_not_begin_again_at_the_start() {
    let body = "  work: {condition: '$env[\"item\"] == 2', then: bad}\n  bad: {stop: failed, message: no}";
    let postern = Postern::start(&text("", "parallel: 2,", body)).await;
    let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2]}"#).send().await;
    let receipt = postern.ended(&answer).await["receipt"].as_str().unwrap().to_owned();
    for (run, env) in [(2, ""), (2, " --env item=3"), (3, ""), (3, " --env item=3")] {
        let refused = Cli::of(&postern).run(&format!("run-again {receipt}.{run} --yes{env}"));
        assert!(refused.code != 0 && refused.stderr.contains("another run started it"), "{run}{env}: {refused:?}");
    }
}
