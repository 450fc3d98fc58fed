//! Runs that other runs start: `run_workflow`.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

fn settings(workflows: &str) -> String {
    format!("permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2, 3]\n{workflows}")
}

/// Starts workflow 2 with what `with` says, and then makes a record of its own.
fn starting(with: &str, child: &str) -> String {
    settings(&format!(
        "
---
workflow: 1
start: {{without_record: true, next: go}}
steps:
  go: {{run_workflow: 2, {with}, next: own}}
  own: {{create_record: Parents}}
---
workflow: 2
{child}
"
    ))
}

/// Makes a record of what it got.
const MAKES: &str = "start: {without_record: true, next: make}
steps:
  make: {create_record: Children, fields: {n: '$env[\"n\"]', item: '$env[\"item\"]', at: '$env[\"index\"]', q: '$query[\"q\"]'}}";

async fn post(postern: &Postern, path: &str, form: &str) -> Answer {
    let answer = postern.post(path).form(form).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

fn runs(receipt: &Value) -> Vec<(i64, &str, &str)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned().leak() as &str;
    let run = |run: &Value| (run["workflow"].as_i64().unwrap(), text(&run["status"]), text(&run["message"]));
    receipt["runs"].as_array().unwrap().iter().map(run).collect()
}

async fn children(postern: &Postern) -> Vec<Value> {
    let mut records: Vec<Value> =
        postern.records("Children").await.into_iter().map(|one| Value::Object(one.0)).collect();
    records.sort_by_key(ToString::to_string);
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_starts_another_with_a_copy_of_its_env_and_does_not_wait_for_it() {
    let postern = Postern::start(&starting("env: {item: '$env[\"n\"]!'}", MAKES)).await;
    let receipt = postern.outcome("/trigger?workflow_id=1&q=ad", "n=5&unused=x").await;
    assert_eq!(runs(&receipt), [(1, "finished", ""), (2, "finished", "")], "{receipt}");
    assert_eq!(receipt["runs"][0]["path"][0]["message"], "1 × workflow 2");
    let by = json!({"run": 1, "workflow": 1, "step": 1, "item": 1});
    assert_eq!((&receipt["runs"][1]["number"], &receipt["runs"][1]["started_by"]), (&json!(2), &by));
    // What only the child reads is read.
    assert_eq!((&receipt["unread"], &receipt["unposted"]), (&json!(["unused"]), &Value::Null), "{receipt}");
    assert_eq!(children(&postern).await, [json!({"n": "5", "item": "5!", "q": "ad"})]);
    assert_eq!(postern.records("Parents").await.len(), 1);
    let printed = Cli::of(&postern).run(&format!("receipt {}", receipt["receipt"].as_str().unwrap())).text();
    assert!(printed.contains("workflow 2 version 1, started by workflow 1 in step 1: finished"), "{printed}");
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_starts_a_run_for_each_item() {
    let postern = Postern::start(&starting("for_each: '$env[\"tags\"]'", MAKES)).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "tags=a&tags=b&tags=c").await;
    assert_eq!(runs(&receipt).len(), 4, "{receipt}");
    assert_eq!(receipt["unread"], Value::Null, "{receipt}");
    let child = |item: &str, at: u8| json!({"item": item, "at": at});
    assert_eq!(children(&postern).await, [child("a", 1), child("b", 2), child("c", 3)]);
    let one = postern.outcome("/trigger?workflow_id=1", "tags=d").await;
    assert_eq!(runs(&one).len(), 2);
    let none = postern.outcome("/trigger?workflow_id=1", "").await;
    let said = &none["runs"][0]["path"][0]["message"];
    assert_eq!((runs(&none).len(), said), (1, &json!("the list is empty: workflow 2 was not started")));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_items_can_be_chosen_and_records_and_values_are_made_of_them() {
    let with = "for_each: '$env[\"orders\"]', item: order, index: n, record: '$env[\"order\"][\"lead\"]', env: {item: '$env[\"order\"][\"sum\"] of $env[\"n\"]'}";
    let child = "start: {without_record: true, next: change}\nsteps: {change: {set_value: {sum: '$env[\"item\"]'}}}";
    let postern = Postern::start(&starting(with, child)).await;
    postern.sql("INSERT INTO records (id, module, fields) SELECT n, 'Leads', '{}' FROM generate_series(7, 8) n").await;
    let body = r#"{"orders": [{"lead": 7, "sum": 5}, {"lead": "8", "sum": 6}, {"sum": 7}]}"#;
    let answer = postern.post("/trigger?workflow_id=1").json(body).send().await;
    let receipt = postern.ended(&answer).await;
    let none = "step change: the run has no record, and the step names none";
    let expected = [(1, "finished", ""), (2, "finished", ""), (2, "finished", ""), (2, "failed", none)];
    assert_eq!(runs(&receipt), expected, "{receipt}");
    assert_eq!(json!(postern.records("Leads").await), json!([{"sum": "5 of 1"}, {"sum": "6 of 2"}]));
    assert_eq!(postern.records("Parents").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_found_set_starts_a_run_on_each_record_and_one_that_may_not_begin_says_why() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: find}
steps:
  find: {find_record: Leads, where: {city: Rome}, store_ids: ids, found: [mark, again, gone, off, own]}
  mark: {run_workflow: 2, record: '$env[\"ids\"]'}
  again: {run_workflow: 2, record: '$env[\"ids\"]'}
  gone: {run_workflow: 2, record: [999, '9']}
  off: {run_workflow: 3}
  own: {run_workflow: 2}
---
workflow: 2
start: {module: Leads, once_per_record: true, condition: $street, next: mark}
steps: {mark: {set_value: {marked: '{{ ($marked or 0) + 1 }}'}}}
---
workflow: 3
active: false
start: {without_record: true, next: a}
steps: {a: {stop: failed}}
",
    ))
    .await;
    postern
        .sql(
            "INSERT INTO records (id, module, fields) VALUES (1, 'Leads', '{\"city\":\"Rome\",\"street\":\"x\"}'),
             (2, 'Leads', '{\"city\":\"Rome\"}'), (3, 'Leads', '{\"city\":\"Oslo\",\"street\":\"x\"}'),
             (9, 'Others', '{\"street\":\"x\"}')",
        )
        .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let mut said: Vec<&str> =
        runs(&receipt).iter().filter(|run| run.0 == 2 && run.1 == "finished").map(|run| run.2).collect();
    said.sort_unstable();
    let expected = [
        "",
        "it did not run: it needs a record and got none",
        "it did not run: it runs once per record, and has run on record 1",
        "it did not run: its condition is false",
        "it did not run: its condition is false",
        "it did not run: record 9 belongs to Others, the workflow runs on Leads",
        "it did not run: record 999 does not exist",
    ];
    assert_eq!(said, expected, "{receipt}");
    let off = receipt["runs"][0]["path"].as_array().unwrap().iter().find(|step| step["step"] == "off").unwrap();
    assert_eq!(off["message"], "workflow 3 is inactive, and was not started");
    assert_eq!(receipt["status"], "finished");
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE fields->>'marked' = '1'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE fields ? 'marked'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_fails_the_step_and_starts_nothing() {
    let unknown = "\n---\nworkflow: 3\nstart: {without_record: true, next: go}\nsteps: {go: {run_workflow: 9}}";
    let postern =
        Postern::start(&starting("record: '{{ $env[\"ids\"] or $ids }}'", &format!("{MAKES}{unknown}"))).await;
    let message = async |form: &str| {
        let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
        assert_eq!(runs(&receipt).len(), 1, "{receipt}");
        receipt["runs"][0]["message"].as_str().unwrap().to_owned()
    };
    assert!(message("ids=1&ids=x").await.starts_with("step go: record: record id \"x\" is not a"));
    postern
        .sql("INSERT INTO records (id, module, fields) SELECT 7, 'Leads', jsonb_build_object('ids', array_agg(1)) FROM generate_series(1, 1001)")
        .await;
    let receipt = postern.outcome("/trigger?workflow_id=1&record_id=7", "").await;
    let expected = "step go: record: the list has 1001 items, more than 1000";
    assert_eq!(runs(&receipt), [(1, "failed", expected)]);
    let receipt = postern.outcome("/trigger?workflow_id=3", "").await;
    assert_eq!(runs(&receipt), [(3, "failed", "step go: there is no workflow 9")]);
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_starts_itself_comes_to_an_end() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: [make, go]}
steps:
  make: {create_record: Leads}
  go: {run_workflow: 1}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let end = "step go: 10 runs started each other: would they go on for ever?";
    assert_eq!((runs(&receipt).len(), runs(&receipt)[10]), (11, (1, "failed", end)), "{receipt}");
    assert_eq!(postern.records("Leads").await.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_has_no_more_than_ten_thousand_runs() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1s}, next: go}
  go: {run_workflow: 2, for_each: [1, 2]}
---
workflow: 2
start: {without_record: true, next: a}
steps: {a: {create_record: Children}}
",
    ))
    .await;
    let at = async |last: i16| {
        let answer = post(&postern, "/trigger?workflow_id=1", "").await;
        eventually("it waits", async || {
            let id = answer.json["receipt"].as_str().unwrap();
            let count =
                format!("INSERT INTO run_counters (receipt, last) SELECT id, {last} FROM receipts WHERE id = '{id}'");
            (postern.sql(&count).await == 1).then_some(())
        })
        .await;
        postern.ended(&answer).await
    };
    assert_eq!(runs(&at(9_998).await).len(), 3);
    let full = at(9_999).await;
    assert_eq!(runs(&full), [(1, "failed", "step go: the receipt would have more than 10000 runs")]);
    assert_eq!(postern.records("Children").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_one_receipt_starts_take_turns_on_a_record() {
    let child = "start: {module: Counters, parallel: false, next: enter}
steps:
  enter: {set_value: {log: '{{ $log }} in'}, next: wait}
  wait: {delay: {for: 50ms}, next: leave}
  leave: {set_value: {log: '{{ $log }} out'}}";
    let mut postern = Postern::start(&starting("record: [7, 7, 7, 7]", child)).await;
    postern.start_worker().await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (7, 'Counters', '{}')").await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!((&receipt["status"], runs(&receipt).len()), (&json!("finished"), 5), "{receipt}");
    assert_eq!(json!(postern.records("Counters").await), json!([{"log": " in out in out in out in out"}]));
    assert_eq!(postern.count("SELECT count(*) FROM claims").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_were_held_begin_in_the_order_of_their_items() {
    let child = |start: &str| MAKES.replace("without_record", &format!("{start}, without_record"));
    let postern = Postern::start(&starting("for_each: '$env[\"tags\"]'", &child("hold: true"))).await;
    let items: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
    let answer = post(&postern, "/trigger?workflow_id=1", &format!("tags={}", items.join("&tags="))).await;
    eventually("all are held", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'held'").await == 12).then_some(())
    })
    .await;
    // One at a time, so that the order shows.
    postern.apply(&format!("workflow: 2\n{}", child("at_most: 1"))).await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let begun: Vec<Value> =
        postern.records("Children").await.iter().map(|one| one.get("item").unwrap().clone()).collect();
    assert_eq!(begun, items);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_child_is_replayed_and_neither_its_parent_nor_its_siblings_are() {
    let child = "start: {without_record: true, next: make}
steps:
  make: {create_record: Children, fields: {n: '$env[\"item\"]'}, created: change}
  change: {set_value: {n: 1}, record: '{{ 70 + $env[\"item\"] }}'}";
    let postern = Postern::start(&starting("for_each: [1, 2]", child)).await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (71, 'Leads', '{}')").await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let failed = (2, "failed", "step change: record 72 does not exist");
    assert_eq!(runs(&receipt), [(1, "finished", ""), (2, "finished", ""), failed], "{receipt}");
    let name = |number| format!("{}.{number}", receipt["receipt"].as_str().unwrap());
    postern.sql("INSERT INTO records (id, module, fields) VALUES (72, 'Leads', '{}')").await;
    let replay = async |run: &str| postern.api("POST", &format!("/runs/{run}/replays")).json("{}").send().await;
    let first = replay(&name(3)).await;
    assert_eq!((first.status, &first.json["run"]), (201, &json!(name(4))), "{}", first.json);
    let receipt = eventually("it has healed", async || {
        let path = format!("/receipts/{}", receipt["receipt"].as_str().unwrap());
        let receipt = postern.api("GET", &path).send().await.json;
        (receipt["status"] == "finished").then_some(receipt)
    })
    .await;
    assert_eq!(runs(&receipt)[2..], [failed, (2, "finished", "")], "{receipt}");
    assert_eq!(receipt["runs"][3]["started_by"]["item"], 2);
    assert_eq!((children(&postern).await.len(), postern.records("Parents").await.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_leaves_every_child_once() {
    let mut postern = Postern::start(&starting("for_each: '$env[\"all\"]'", MAKES)).await;
    let body = json!({"all": (0..300).collect::<Vec<_>>()}).to_string();
    let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
    postern.kill_workers_while_records_are_made(2).await;
    let receipt = postern.ended(&answer).await;
    assert_eq!(
        (&receipt["status"], &receipt["runs_left_out"]),
        (&json!("finished"), &json!(201)),
        "{}",
        receipt["status"]
    );
    assert_eq!(receipt["runs"].as_array().unwrap().len(), 100);
    assert_eq!(postern.records("Parents").await.len(), 1);
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE module = 'Children'").await, 300);
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'item') FROM records").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_nobody_set_is_found_at_the_line_of_the_step_that_runs_it() {
    let postern = Postern::without_worker(&starting("env: {a: 1}", MAKES)).await;
    let text = "workflow: 5\nstart: {without_record: true, next: [a, b, c]}\nsteps:\n  a: {run_workflow: 2}\n  b: {run_workflow: 6}\n  c:\n    run_workflow: 7\n---\nworkflow: 6\nstart: {without_record: true, next: a}\nsteps: {a: {run_workflow: 5}}\n";
    let answer = postern.api("POST", "/validate").header("content-type", "application/yaml").body(text).send().await;
    let found = &answer.json["findings"];
    let code = json!({"code": "workflow-missing", "workflow": 7});
    let expected =
        json!([{"line": 7, "path": "steps.c.run_workflow", "message": "there is no workflow 7", "message_code": code}]);
    assert_eq!(found, &expected);
}
