//! Runs that wait for the runs that they start: `run_workflow` with `wait: true`.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints;
use postern_shared::store::runs::Parent;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::workflows::settings;

/// Workflow 1 starts workflow 2 with what `with` says, waits, and makes a record of what workflow 2 left.
fn waiting(start: &str, with: &str, child: &str) -> String {
    settings(&format!(
        "
---
workflow: 1
start: {{{start}without_record: true, next: go}}
steps:
  go: {{run_workflow: 2, {with}, wait: true, store: left, next: keep, failed: keep}}
  keep: {{create_record: Parents, fields: {{left: '$env[\"left\"]'}}}}
---
workflow: 2
{child}
"
    ))
}

const RESPONDS: &str = "start: {without_record: true, next: rest}
steps:
  rest: {delay: {for: 50ms}, next: say}
  say: {respond: 201, json: {hello: '$env[\"name\"]'}, next: again}
  again: {respond: 500, text: too late, next: make}
  make: {create_record: Children}";

async fn left(postern: &Postern) -> Value {
    postern.records("Parents").await.remove(0).0["left"].clone()
}

/// The outputs of the step that waits.
fn outputs(receipt: &Value) -> Vec<&str> {
    let path = receipt["runs"][0]["path"].as_array().unwrap();
    path.iter().filter(|step| step["step"] == "go").filter_map(|step| step["output"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_reads_what_the_run_responded_that_it_waited_for() {
    let postern = Postern::start(&waiting("", "env: {name: '$env[\"n\"]'}", RESPONDS)).await;
    let answer = postern.post("/trigger?workflow_id=1").header("prefer", "wait=10").form("n=Ada").send().await;
    // What the child responds goes to its parent.
    assert_eq!(answer.status, 202, "{}", answer.text);
    let receipt = postern.ended(&answer).await;
    let expected = json!({"run": 2, "state": "finished", "message": null, "status": 201, "body": {"hello": "Ada"}});
    assert_eq!((left(&postern).await, outputs(&receipt)), (expected, vec!["next"]), "{receipt}");
    assert_eq!(postern.count("SELECT count(*) FROM run_results").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_gives_a_list_in_its_order_and_one_that_failed_is_among_it() {
    let child = "start: {without_record: true, next: rest}
steps:
  rest: {delay: {for: '{{ 90 - 30 * $env[\"index\"] }}ms'}, next: is}
  is: {condition: '$env[\"item\"] == \"b\"', then: bad, else: say}
  bad: {stop: failed, message: 'no $env[\"item\"]'}
  say: {respond: 200, text: '$env[\"item\"]'}";
    let postern = Postern::start(&waiting("", "for_each: '$env[\"tags\"]'", child)).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "tags=a&tags=b&tags=c").await;
    let of = |value: &Value| (value["state"].as_str().unwrap().to_owned(), value["body"].clone());
    let all: Vec<_> = left(&postern).await.as_array().unwrap().iter().map(of).collect();
    let finished = |text: &str| ("finished".to_owned(), json!(text));
    assert_eq!(all, [finished("a"), ("failed".to_owned(), Value::Null), finished("c")]);
    assert_eq!((outputs(&receipt), left(&postern).await[1]["message"].clone()), (vec!["failed"], json!("no b")));
    let none = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!((outputs(&none), &postern.records("Parents").await[1].0["left"]), (vec!["next"], &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_leaves_by_failed_or_fails_the_run_that_waits() {
    let child = "start: {without_record: true, next: rest}\nsteps: {rest: {delay: {for: 1h}}}";
    let text = waiting("", "env: {a: 1}", child);
    let postern = Postern::start(&text).await;
    for (settings, status) in [(text.clone(), "finished"), (text.replace(", failed: keep", ""), "failed")] {
        postern.apply(&settings).await;
        let answer = postern.post("/trigger?workflow_id=1").form("").send().await;
        let receipt = answer.json["receipt"].as_str().unwrap().to_owned();
        eventually("the child waits", async || {
            let waiting = format!("SELECT count(*) FROM runs WHERE receipt = '{receipt}' AND state = 'waiting'");
            (postern.count(&waiting).await == 2).then_some(())
        })
        .await;
        let cancelled = postern.api("POST", &format!("/runs/{receipt}.2/cancellation")).json("{}").send().await;
        assert!(cancelled.status < 300, "{}", cancelled.text);
        let receipt = postern.ended(&answer).await;
        assert_eq!(receipt["runs"][0]["status"], status, "{receipt}");
        let message = &receipt["runs"][0]["path"][1]["message"];
        assert_eq!((outputs(&receipt), message), (vec!["failed"], &json!("1 of 1 runs failed")), "{receipt}");
    }
    assert_eq!(left(&postern).await["message"], "a person cancelled the run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_no_longer_than_it_is_told() {
    let child = "start: {without_record: true, next: rest}\nsteps: {rest: {delay: {for: 1h}}}";
    let postern = Postern::start(&waiting("", "timeout: 300ms", child)).await;
    let answer = postern.post("/trigger?workflow_id=1").form("").send().await;
    let message = eventually("it has waited", async || {
        let receipt = postern.api("GET", &answer.header("location")).send().await.json;
        receipt["runs"][0]["path"][1]["message"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(message, "1 of 1 runs have not ended in time");
    assert_eq!(left(&postern).await["state"], "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_would_wait_for_each_other_come_to_an_end() {
    let itself = "start: {module: Leads, parallel: false, next: go}\nsteps: {go: {run_workflow: 1, wait: true}}";
    let text = settings(&format!(
        "\n---\nworkflow: 1\n{itself}\n---\nworkflow: 2\n{}\n---\nworkflow: 3\n{}\n",
        itself.replace("run_workflow: 1", "run_workflow: 3"),
        itself.replace("run_workflow: 1", "run_workflow: 2").replace("parallel: false, ", ""),
    ));
    let postern = Postern::start(&text).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Leads', '{}')").await;
    for workflow in [1, 2] {
        let receipt = postern.outcome(&format!("/trigger?record_id=7&workflow_id={workflow}"), "").await;
        let last = receipt["runs"].as_array().unwrap().last().unwrap();
        let expected = (&json!("failed"), &json!("record 7 is taken by a run that waits for this one"));
        assert_eq!((&receipt["status"], &last["message"]), expected, "{receipt}");
    }
    assert_eq!(postern.count("SELECT count(*) FROM claims").await, 0);
    // Without a record nothing is taken: their number ends it.
    postern
        .apply(&settings(
            "\n---\nworkflow: 4\nstart: {without_record: true, next: go}\nsteps: {go: {run_workflow: 4, wait: true}}",
        ))
        .await;
    let receipt = postern.outcome("/trigger?workflow_id=4", "").await;
    assert_eq!((&receipt["status"], receipt["runs"].as_array().unwrap().len()), (&json!("failed"), 11), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_branches_go_on_while_a_branch_waits_for_runs() {
    let text = settings(&format!(
        "
---
workflow: 1
start: {{without_record: true, next: [go, rest, own]}}
steps:
  go: {{run_workflow: 2, env: {{name: a}}, wait: true, store: left, next: end}}
  rest: {{delay: {{for: 20ms}}, next: rested}}
  own: {{set_env: {{path: own}}}}
  rested: {{set_env: {{path: '$env[\"path\"] rested'}}}}
  end: {{stop: finished, message: '$env[\"path\"] $env[\"left\"]'}}
---
workflow: 2
{}
",
        RESPONDS.replace("50ms", "200ms")
    ));
    let postern = Postern::start(&text).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let message = receipt["runs"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("own rested {") && message.contains("201"), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_neither_lose_nor_repeat_what_waits() {
    let mut postern =
        Postern::start(&waiting("", "for_each: '$env[\"all\"]', env: {name: '$env[\"item\"]'}", RESPONDS)).await;
    let body = json!({"all": (0..200).collect::<Vec<_>>()}).to_string();
    let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
    postern.kill_workers_while_records_are_made(3).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(receipt["status"], "finished", "{}", receipt["runs"][0]);
    let names: Vec<Value> =
        left(&postern).await.as_array().unwrap().iter().map(|one| one["body"]["hello"].clone()).collect();
    assert_eq!(json!(names), json!((0..200).collect::<Vec<_>>()));
    assert_eq!(postern.records("Parents").await.len(), 1);
    assert_eq!(postern.records("Children").await.len(), 200);
    assert_eq!(postern.count("SELECT count(*) FROM run_results").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_a_person_wakes_the_run_that_waits_for_hers() {
    let child = "start: {without_record: true, next: rest}\nsteps: {rest: {delay: {for: 1h}}}";
    let text = waiting("", "env: {mail: '{{ \"ada@\" ~ $env[\"host\"] }}'}", child);
    let postern = Postern::start(&text).await;
    let answer = postern.post("/trigger?workflow_id=1").form("host=example.org").send().await;
    eventually("the child waits", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 2).then_some(())
    })
    .await;
    Cli::of(&postern).run("forget ada@example.org --yes").text();
    let receipt = postern.ended(&answer).await;
    assert_eq!((outputs(&receipt), &left(&postern).await["state"]), (vec!["failed"], &json!("failed")), "{receipt}");
}

/// A receipt whose run 1 waits for its run 2, which waits for a day.
async fn parent_and_child(postern: &Postern) -> RunKey {
    let answer = postern.post("/trigger?workflow_id=1").form("").send().await;
    eventually("the parent waits for the child", async || {
        let both = "SELECT count(*) FROM runs r JOIN checkpoints c ON c.receipt = r.receipt AND c.run = r.number
            WHERE r.state = 'waiting' AND (r.number = 2 OR c.awaits)";
        (postern.count(both).await == 2).then_some(())
    })
    .await;
    RunKey { receipt: answer.json["receipt"].as_str().unwrap().parse().unwrap(), number: 2 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_about_to_wait_is_woken_by_a_run_that_ends_then() {
    let child = "start: {without_record: true, next: rest}\nsteps: {rest: {delay: {for: 1d}}}";
    let postern = Postern::start(&waiting("", "env: {a: 1}", child)).await;
    let run = parent_and_child(&postern).await;
    postern.sql("UPDATE checkpoints SET awaits = false WHERE run = 1").await;
    let (mut parents, mut childs) = (postern.connection().await, postern.connection().await);
    let parent = parents.transaction().await.unwrap();
    parent.execute("UPDATE checkpoints SET awaits = true WHERE run = 1", &[]).await.unwrap();
    let ends = tokio::spawn(async move {
        let child = childs.transaction().await.unwrap();
        child.execute("UPDATE runs SET state = 'finished', ended_at = now() WHERE number = 2", &[]).await.unwrap();
        let parent = Parent { run: 1, step: 1, item: 1 };
        let going = checkpoints::child_ended(&child, run, parent, true).await.unwrap();
        child.commit().await.unwrap();
        going
    });
    eventually("the end of the child waits for the parent", async || {
        (ends.is_finished() || postern.waiting_for_a_lock("-- children::lock_parent%").await == 1).then_some(())
    })
    .await;
    parent.commit().await.unwrap();
    let woken: Vec<i16> = ends.await.unwrap().iter().map(|resume| resume.run.number).collect();
    assert_eq!(woken, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_that_begins_again_is_waited_for() {
    let child = "start: {without_record: true, next: rest}
steps:
  rest: {delay: {for: '{{ $env[\"wait\"] }}'}, next: say}
  say: {respond: 200, text: '$env[\"wait\"]'}";
    let with = "for_each: '$env[\"all\"]', env: {wait: 1d}";
    let postern = Postern::start(&waiting("", with, child)).await;
    let answer = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2]}"#).send().await;
    let receipt = answer.json["receipt"].as_str().unwrap().to_owned();
    eventually("both wait", async || {
        (postern.count("SELECT count(*) FROM runs WHERE number > 1 AND state = 'waiting'").await == 2).then_some(())
    })
    .await;
    for run in [2, 3] {
        Cli::of(&postern).run(&format!("cancel {receipt}.{run}")).text();
        eventually("it has ended", async || {
            let ended = format!("SELECT count(*) FROM runs WHERE number = {run} AND state = 'failed'");
            (postern.count(&ended).await == 1).then_some(())
        })
        .await;
        if run == 2 {
            let again = format!("run-again {receipt}.2 --yes --env wait=1s");
            assert_eq!(Cli::of(&postern).run(&again).text(), format!("{receipt}.4 begins\n"));
        }
    }
    postern.ended(&answer).await;
    let all: Vec<(Value, Value)> =
        left(&postern).await.as_array().unwrap().iter().map(|one| (one["run"].clone(), one["body"].clone())).collect();
    assert_eq!(all, [(json!(4), json!("1s")), (json!(3), Value::Null)]);
}
