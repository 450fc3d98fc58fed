//! What a submission starts, what its steps do, and what its receipt says.

use serde_json::{Value, json};

use crate::harness::Postern;

const PERMISSION: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 4]
triggers: [go]
";

/// A workflow that ends at once.
const END: &str = "workflow: 1\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}\n";

/// These workflows, with a trigger `go` and a permission for them.
pub fn settings(workflows: &str) -> String {
    format!("{PERMISSION}---\ntrigger: go\n{workflows}")
}

fn runs(receipt: &Value) -> Vec<(i64, &str)> {
    let runs = receipt["runs"].as_array().unwrap();
    runs.iter().map(|run| (run["workflow"].as_i64().unwrap(), run["status"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trigger_starts_its_workflows_in_order_and_one_that_fails_holds_up_no_other() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
title: third
start: {triggers: [go], order: 3, without_record: true, next: see}
steps:
  see: {find_record: Leads, where: {name: first}, store_id: id, found: end}
  end: {stop: finished, message: 'saw $env[\"id\"]'}
---
workflow: 2
title: second, fails
start: {triggers: [go], order: 2, without_record: true, next: end}
steps:
  end: {stop: failed, message: on purpose}
---
workflow: 3
title: first
start: {triggers: [go], order: 1, without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {name: first}}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_trigger=go", "").await;
    assert_eq!(runs(&receipt), [(3, "finished"), (2, "failed"), (1, "finished")], "{receipt}");
    assert_eq!(receipt["status"], "failed");
    assert_eq!(receipt["runs"][1]["message"], "on purpose");
    assert!(receipt["runs"][2]["message"].as_str().unwrap().starts_with("saw "), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_run_says_why() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
active: false
start: {without_record: true, next: end}
steps: {end: {stop: finished}}
---
workflow: 2
start: {module: Leads, next: end}
steps: {end: {stop: finished}}
---
workflow: 3
start: {without_record: true, condition: '$env[\"a\"] == \"1\"', next: end}
steps: {end: {stop: finished}}
",
    ))
    .await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (5, 'Contacts', '{}')").await;
    for (path, reason) in [
        ("/trigger?workflow_id=1", "the workflow is inactive"),
        ("/trigger?workflow_id=2", "it needs a record and got none"),
        ("/trigger?workflow_id=2&record_id=0", "it needs a record and got none"),
        ("/trigger?workflow_id=2&record_id=99", "record 99 does not exist"),
        ("/trigger?workflow_id=2&record_id=5", "record 5 belongs to Contacts, the workflow runs on Leads"),
        ("/trigger?workflow_id=3", "its condition is false"),
        ("/trigger?workflow_id=4", "there is no workflow 4"),
        ("/trigger?workflow_trigger=go", "no workflow listens to the trigger go"),
    ] {
        let receipt = postern.outcome(path, "").await;
        assert_eq!(
            (&receipt["status"], &receipt["skipped"][0]["reason"]),
            (&json!("unmatched"), &json!(reason)),
            "{path}"
        );
    }
    assert_eq!(postern.outcome("/trigger?workflow_id=3", "a=1").await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_taken_depth_first_in_written_order_and_twice_if_reached_twice() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: [a, d]}
steps:
  a: {set_env: {path: '$env[\"path\"]a'}, next: [b, c]}
  b: {set_env: {path: '$env[\"path\"]b'}, next: c}
  c: {set_env: {path: '$env[\"path\"]c'}}
  d: {stop: finished, message: '$env[\"path\"]'}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let path: Vec<&str> =
        (receipt["runs"][0]["path"].as_array().unwrap().iter()).map(|at| at["step"].as_str().unwrap()).collect();
    assert_eq!(path, ["a", "b", "c", "c", "d"]);
    assert_eq!(receipt["runs"][0]["message"], "abcc");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_loops_for_ever_fails_and_says_so() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: a}
steps:
  a: {condition: 'true', then: a}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["status"], "failed");
    assert!(receipt["runs"][0]["message"].as_str().unwrap().contains("loop"), "{}", receipt["runs"][0]["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_runs_once_per_record_does_so_whoever_is_first() {
    let mut postern = Postern::without_worker(&settings(
        "
---
workflow: 1
start: {module: Leads, without_record: true, once_per_record: true, next: add}
steps:
  add: {create_record: Notes, fields: {a: 1}}
",
    ))
    .await;
    postern.sql("INSERT INTO records (id, module, fields) SELECT n, 'Leads', '{}' FROM generate_series(1, 5) n").await;
    let post = |record: i32| postern.post(&format!("/trigger?workflow_id=1&record_id={record}")).send();
    let accepted = futures_util::future::join_all((0..50).map(|n| post(n % 5 + 1))).await;
    for _ in 0..3 {
        postern.start_worker().await;
    }
    let mut skipped = 0;
    for answer in &accepted {
        let receipt = postern.ended(answer).await;
        let reason = receipt["skipped"][0]["reason"].as_str().unwrap_or_default().to_owned();
        skipped += u32::from(reason.starts_with("it runs once per record, and has run on record "));
    }
    assert_eq!((skipped, postern.records("Notes").await.len()), (45, 5));
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "").await["status"], "finished");
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "").await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_parallel_runs_per_record_off_the_next_one_waits() {
    let mut postern = Postern::without_worker(&settings(
        "
---
workflow: 1
start: {module: Counters, parallel: false, next: read}
steps:
  read: {set_env: {before: $count}, next: look}
  look: {find_record: Counters, where: {name: nobody}, not_found: write}
  write: {set_value: {count: '{{ $env[\"before\"] + 1 }}'}}
",
    ))
    .await;
    let counters =
        "INSERT INTO records (id, module, fields) SELECT n, 'Counters', '{\"count\":0}' FROM generate_series(1, 3) n";
    postern.sql(counters).await;
    let post = |record: i32| postern.post(&format!("/trigger?workflow_id=1&record_id={record}")).send();
    let accepted = futures_util::future::join_all((0..60).map(|n| post(n % 3 + 1))).await;
    for _ in 0..3 {
        postern.start_worker().await;
    }
    for answer in &accepted {
        assert_eq!(postern.ended(answer).await["status"], "finished");
    }
    // Each run writes what it read before its question plus one: a run that overlaps another loses a count.
    assert_eq!(json!(postern.records("Counters").await), json!([{"count": 20}, {"count": 20}, {"count": 20}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_kept_of_all_runs_of_those_that_fail_or_of_none() {
    let workflow = |id: u32, keep: &str| {
        format!(
            "---\nworkflow: {id}\nstart: {{without_record: true, keep_log: {keep}, next: fails}}\nsteps:\n  \
             fails: {{condition: '$env[\"a\"]', then: end}}\n  end: {{stop: failed}}\n"
        )
    };
    let all = ["all", "failures", "none"].iter().zip(1..).map(|(keep, id)| workflow(id, keep)).collect::<String>();
    let postern = Postern::start(&settings(&all)).await;
    for (id, form, steps) in [(1, "", 1), (1, "a=1", 2), (2, "", 0), (2, "a=1", 2), (3, "", 0), (3, "a=1", 0)] {
        let receipt = postern.outcome(&format!("/trigger?workflow_id={id}"), form).await;
        assert_eq!(receipt["runs"][0]["path"].as_array().unwrap().len(), steps, "{id} {form}: {receipt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_workflow_counts_from_the_next_submission_on() {
    let postern = Postern::start(&settings(&format!("---\n{END}"))).await;
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "").await["runs"][0]["version"], 1);
    postern.apply(&format!("active: false\n{END}")).await;
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "").await["status"], "unmatched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_lists_the_names_that_were_posted_but_never_read_and_those_read_but_never_posted() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {triggers: [go], condition: '$env[\"email\"]', without_record: true, next: usable}
steps:
  usable: {condition: '$env[\"lastname\"]', then: make, else: other}
  make: {create_record: Leads, fields: {name: '$env[\"lastname\"]', city: '$env[\"city\"]'}, store_id: lead, created: note}
  note: {comment: 'lead $env[\"lead\"]', record: '$env[\"lead\"]'}
  other: {set_env: {a: '$env[\"never taken\"]'}}
---
workflow: 2
start: {triggers: [go], without_record: true, next: end}
steps: {end: {stop: finished, message: 'from $env[\"source\"]'}}
",
    ))
    .await;
    let path = "/trigger?workflow_trigger=go";
    let receipt = postern.outcome(path, "email=a&lastname=b&ctiy=c&source=ad&a=1").await;
    assert_eq!((&receipt["unread"], &receipt["unposted"]), (&json!(["ctiy", "a"]), &json!(["city"])), "{receipt}");
    let receipt = postern.outcome(path, "emial=a&source=ad").await;
    assert_eq!((&receipt["unread"], &receipt["unposted"]), (&json!(["emial"]), &json!(["email"])), "{receipt}");
    let receipt = postern.outcome(path, "email=a&lastname=b&city=c&source=ad").await;
    assert_eq!((receipt.get("unread"), receipt.get("unposted")), (None, None), "{receipt}");
    let receipt = postern.outcome("/trigger?workflow_id=4", "email=a").await;
    assert_eq!((&receipt["status"], receipt.get("unread")), (&"unmatched".into(), None), "{receipt}");
}
