//! Runs that wait: a delay parks its branch, the run leaves its transaction and goes on where it stood.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

fn settings(workflows: &str) -> String {
    format!("permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2]\ntriggers: [go]\n{workflows}")
}

/// Leaves a comment for each step taken, so that the order is seen.
const BRANCHES: &str = "
---
workflow: 1
start: {without_record: true, next: [first, second]}
steps:
  first: {delay: {for: '$env[\"wait\"]'}, next: [late, later]}
  late: {set_env: {path: '$env[\"path\"] late'}}
  later: {create_record: Leads, fields: {path: '$env[\"path\"] later', n: '$env[\"n\"]', ip: '$request[\"ip\"]', q: '$query[\"q\"]'}}
  second: {set_env: {path: '$env[\"path\"] second'}}
";

async fn post(postern: &Postern, path: &str, form: &str) -> Answer {
    let answer = postern.post(path).form(form).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn receipt(postern: &Postern, answer: &Answer) -> Value {
    postern.api("GET", &answer.header("location")).send().await.json
}

async fn waits(postern: &Postern, answer: &Answer) -> Value {
    eventually("the run waits", async || {
        let receipt = receipt(postern, answer).await;
        (receipt["status"] == "waiting").then_some(receipt)
    })
    .await
}

/// Lets the time of everything that waits come at once.
async fn let_time_pass(postern: &Postern) {
    postern
        .sql(
            "UPDATE checkpoints SET document = regexp_replace(document::text, '\"due_at_ms\":[0-9]+', '\"due_at_ms\":1', 'g')::json",
        )
        .await;
    postern.sql("UPDATE spool SET due_at = now()").await;
}

fn steps(receipt: &Value) -> Vec<&str> {
    receipt["runs"][0]["path"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_parks_only_its_own_branch_and_keeps_env_query_and_request() {
    let mut postern = Postern::start(&settings(BRANCHES)).await;
    let answer = post(&postern, "/trigger?workflow_id=1&q=ad", "wait=1h&n=1.10&path=").await;
    let receipt = waits(&postern, &answer).await;
    assert_eq!(steps(&receipt), ["first", "second"], "{receipt}");
    assert!(receipt["runs"][0]["path"][0]["message"].as_str().unwrap().starts_with("until 2"), "{receipt}");
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 0);
    // Another worker goes on, with a newer version in force.
    postern.workers.pop().unwrap().kill();
    postern.apply("workflow: 1\nstart: {without_record: true, next: end}\nsteps: {end: {stop: failed}}").await;
    postern.start_worker().await;
    let_time_pass(&postern).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!((&receipt["status"], steps(&receipt)), (&"finished".into(), vec!["first", "second", "late", "later"]));
    let records = postern.records("Leads").await;
    let expected = json!({"path": " second late later", "n": "1.10", "ip": "127.0.0.1", "q": "ad"});
    assert_eq!(Value::Object(records[0].0.clone()), expected);
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_delay_ends_by_itself() {
    let postern = Postern::start(&settings(BRANCHES)).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "wait=300ms&path=").await;
    assert_eq!((&receipt["status"], steps(&receipt).len()), (&"finished".into(), 4), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_woken_many_times_goes_on_once() {
    let mut postern = Postern::start(&settings(BRANCHES)).await;
    postern.start_worker().await;
    let answers = futures_util::future::join_all(
        (0..20)
            .map(|n| async move { format!("wait=1h&n={n}") })
            .map(async |form| post(&postern, "/trigger?workflow_id=1", &form.await).await),
    )
    .await;
    for answer in &answers {
        waits(&postern, answer).await;
    }
    // Every alarm three times, as a relay and a redelivery might.
    postern.sql("INSERT INTO spool (kind, body, attempt, due_at) SELECT kind, body, 0, due_at FROM spool, generate_series(1, 2)").await;
    let_time_pass(&postern).await;
    for answer in &answers {
        assert_eq!(postern.ended(answer).await["status"], "finished");
    }
    eventually("the spool is empty", async || (postern.count("SELECT count(*) FROM spool").await == 0).then_some(()))
        .await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 20);
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'n') FROM records").await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wakes_a_run_and_cannot_be_read_is_a_dead_letter() {
    let postern = Postern::start(&settings(BRANCHES)).await;
    postern.servers().publish("resume.v1", b"not json").await;
    postern
        .servers()
        .publish(
            "resume.v1",
            br#"{"receipt":"0193a5c8-7d00-7abc-8def-0123456789ab","number":1,"workflow":1,"revision":1}"#,
        )
        .await;
    eventually("it is a dead letter", async || {
        (postern.count("SELECT count(*) FROM dead_letters").await == 1).then_some(())
    })
    .await;
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "wait=0s").await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_longer_than_the_limit_fails_the_run_at_its_step_and_a_fixed_one_is_a_finding() {
    let postern = Postern::start(&settings(BRANCHES)).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "wait=91d").await;
    let message = "step first: for: a delay is at most 90 days long";
    assert_eq!((&receipt["status"], &receipt["runs"][0]["message"]), (&"failed".into(), &message.into()));
}

const ALONE: &str = "
---
workflow: 1
start: {module: Counters, parallel: false, next: add}
steps:
  add: {set_value: {log: '$log in'}, next: wait}
  wait: {delay: {for: 1h}, next: end}
  end: {set_value: {log: '$log out'}}
";

#[tokio::test(flavor = "multi_thread")]
async fn without_parallel_runs_the_second_begins_when_the_first_that_waits_has_ended() {
    let mut postern = Postern::start(&settings(ALONE)).await;
    postern.start_worker().await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Counters', '{}'), (8, 'Counters', '{}')").await;
    let mut answers = Vec::new();
    for record in [7, 7, 8, 7] {
        let answer = post(&postern, &format!("/trigger?workflow_id=1&record_id={record}"), "").await;
        waits(&postern, &answer).await;
        answers.push(answer);
    }
    let log = async |postern: &Postern, id: u8| -> String {
        let row = postern.connection().await;
        row.query_one(&format!("SELECT coalesce(fields->>'log', '') FROM records WHERE id = {id}"), &[])
            .await
            .unwrap()
            .get(0)
    };
    assert_eq!((log(&postern, 7).await.trim(), log(&postern, 8).await.trim()), ("in", "in"));
    for (ended, expected) in [(0, "in out in"), (1, "in out in out in"), (3, "in out in out in out")] {
        let_time_pass(&postern).await;
        assert_eq!(postern.ended(&answers[ended]).await["status"], "finished");
        eventually(expected, async || (log(&postern, 7).await.trim() == expected).then_some(())).await;
    }
    assert_eq!(postern.ended(&answers[2]).await["status"], "finished");
    assert_eq!(postern.count("SELECT count(*) FROM claims").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failures_only_log_of_a_run_that_waited_and_finished_is_forgotten() {
    let workflow = BRANCHES.replace("start: {", "start: {keep_log: failures, ");
    let postern = Postern::start(&settings(&workflow)).await;
    let answer = post(&postern, "/trigger?workflow_id=1", "wait=1h").await;
    assert_eq!(steps(&waits(&postern, &answer).await).len(), 2);
    let_time_pass(&postern).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!((&receipt["status"], steps(&receipt).len()), (&"finished".into(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_while_runs_go_on_leaves_every_effect_once() {
    let mut postern = Postern::start(&settings(BRANCHES)).await;
    for n in 0..200 {
        post(&postern, "/trigger?workflow_id=1", &format!("wait=1h&n={n}")).await;
    }
    eventually("all wait", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 200).then_some(())
    })
    .await;
    let_time_pass(&postern).await;
    for kill_after in [50, 100] {
        tokio::time::sleep(Duration::from_millis(kill_after)).await;
        postern.workers.pop().unwrap().kill();
        postern.start_worker().await;
    }
    eventually("all have ended", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 200).then_some(())
    })
    .await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 200);
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'n') FROM records").await, 200);
    assert_eq!(postern.steps().await.iter().map(|(_, steps)| steps.len()).sum::<usize>(), 800);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_waits_holds_up_none_that_the_same_trigger_starts() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, triggers: [go], order: 1, next: wait}
steps:
  wait: {delay: {for: 9h}}
---
workflow: 2
start: {without_record: true, triggers: [go], order: 2, next: make}
steps:
  make: {create_record: Leads}
",
    ))
    .await;
    let answer = post(&postern, "/trigger?workflow_trigger=go", "").await;
    let receipt = waits(&postern, &answer).await;
    let states: Vec<_> =
        receipt["runs"].as_array().unwrap().iter().map(|run| run["status"].as_str().unwrap()).collect();
    assert_eq!((states, postern.records("Leads").await.len()), (vec!["waiting", "finished"], 1), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_lets_runs_go_on_before_their_time() {
    let postern = Postern::start(&settings(BRANCHES)).await;
    let answers = [
        post(&postern, "/trigger?workflow_id=1", "wait=1h&n=1&path=").await,
        post(&postern, "/trigger?workflow_id=1", "wait=2h&n=2&path=").await,
    ];
    for answer in &answers {
        waits(&postern, answer).await;
    }
    let run = format!("{}.1", answers[0].json["receipt"].as_str().unwrap());
    assert_eq!(Cli::of(&postern).run(&format!("wake {run}")).text(), format!("{run} is going on\n"));
    assert_eq!(steps(&postern.ended(&answers[0]).await), ["first", "second", "late", "later"]);
    let again = postern.api("POST", &format!("/runs/{run}/wake")).json("{}").send().await;
    assert_eq!((again.status, again.message()), (409, "the run does not wait for a time"));
    let made = Cli::of(&postern).run("wake --workflow 1").text();
    assert!(made.contains("wake running: 0 of 1 done"), "{made}");
    assert_eq!(steps(&postern.ended(&answers[1]).await), ["first", "second", "late", "later"]);
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE action = 'wake'").await, 1);
}
