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

fn settings(workflows: &str) -> String {
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
async fn set_value_changes_the_record_that_the_call_names() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {module: Leads, next: change}
steps:
  change: {set_value: {lastname: '$env[\"lastname\"]', greeting: 'Hello $firstname', gone: '$env[\"nothing\"]'}}
",
    ))
    .await;
    postern
        .sql("INSERT INTO records (id, module, fields) VALUES (852, 'Leads', '{\"firstname\":\"Ada\",\"gone\":1}')")
        .await;
    let receipt = postern.outcome("/trigger?record_id=852&workflow_id=1", "lastname=Lovelace").await;
    assert_eq!((&receipt["status"], &receipt["runs"][0]["record"]), (&json!("finished"), &json!(852)), "{receipt}");
    let expected = json!({"firstname": "Ada", "lastname": "Lovelace", "greeting": "Hello Ada"});
    assert_eq!(json!(postern.records("Leads").await[0]), expected);
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
async fn a_failed_run_keeps_what_its_earlier_steps_did() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {a: 1}, created: change}
  change: {set_value: {b: 2}, record: '9999'}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["runs"][0]["message"], "step change: record 9999 does not exist");
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn find_record_compares_sorts_and_limits() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: find}
steps:
  find:
    find_record: Leads
    where: {city: {is: '$env[\"city\"]'}, amount: {above: '$env[\"above\"]'}}
    sort: [-amount]
    limit: 2
    store_id: first
    store_ids: all
    found: yes
    not_found: no
  yes: {stop: finished, message: '$env[\"first\"] of $env[\"all\"]'}
  no: {stop: failed, message: nothing}
",
    ))
    .await;
    postern
        .sql(
            "INSERT INTO records (id, module, fields) VALUES (1, 'Leads', '{\"city\":\"Rome\",\"amount\":5}'),
             (2, 'Leads', '{\"city\":\"Rome\",\"amount\":7}'), (3, 'Leads', '{\"city\":\"Rome\",\"amount\":\"6\"}'),
             (4, 'Leads', '{\"city\":\"Oslo\",\"amount\":9}'), (5, 'Leads', '{\"city\":\"Rome\",\"amount\":\"many\"}')",
        )
        .await;
    let message =
        async |form: &str| postern.outcome("/trigger?workflow_id=1", form).await["runs"][0]["message"].clone();
    assert_eq!(message("city=Rome&above=4").await, "2 of 2, 3");
    assert_eq!(message("city=Rome&above=6.5").await, "2 of 2");
    assert_eq!(message("city=Paris&above=0").await, "nothing");
    assert_eq!(message("city=&above=0").await, "nothing");
    assert!(message("city=Rome&above=x").await.as_str().unwrap().contains("not a number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_one_unique_key_leaves_by_existing_and_updates_if_told_to() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: '$env[\"email\"]', if_exists: update, fields: {email: '$env[\"email\"]', n: '$env[\"n\"]'}}
",
    ))
    .await;
    let output = async |form: &str| {
        postern.outcome("/trigger?workflow_id=1", form).await["runs"][0]["path"][0]["output"].clone()
    };
    assert_eq!(output("email=a@x.org&n=1").await, "created");
    assert_eq!(output("email=a@x.org&n=2").await, "existing");
    assert_eq!(json!(postern.records("Leads").await), json!([{"email": "a@x.org", "n": "2"}]));
    assert_eq!(output("n=1").await, "created");
    assert_eq!(output("n=1").await, "created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_made_once_on_the_record_that_the_step_names() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: one, fields: {a: 1}, store_id: id, created: say, existing: say}
  say: {comment: 'Asked about {{ $env[\"tags\"]|join(\" and \") }}', record: '$env[\"id\"]'}
---
workflow: 2
start: {without_record: true, next: say}
steps:
  say: {comment: lost}
",
    ))
    .await;
    postern.outcome("/trigger?workflow_id=1", "tags=a&tags=b").await;
    postern.outcome("/trigger?workflow_id=1", "tags=c").await;
    assert_eq!(postern.count("SELECT count(*) FROM comments WHERE text = 'Asked about a and b'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM comments JOIN records ON records.id = record").await, 2);
    let lost = postern.outcome("/trigger?workflow_id=2", "").await;
    assert_eq!(lost["runs"][0]["message"], "step say: the run has no record, and the step names none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_is_gone_with_its_comments_and_its_key_is_free_again() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: one, fields: {a: 1}, store_id: id, created: say, existing: say}
  say: {comment: here, record: '$env[\"id\"]', next: gone}
  gone: {delete_record: true, record: '$env[\"id\"]', next: again}
  again: {delete_record: true, record: '$env[\"id\"]', next: anew}
  anew: {create_record: Leads, unique: one, fields: {a: 2}}
---
workflow: 2
start: {module: Leads, next: gone}
steps:
  gone: {delete_record: true, next: touch}
  touch: {set_value: {a: 3}}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["runs"][0]["path"][4]["output"], "created", "{receipt}");
    assert_eq!(json!(postern.records("Leads").await), json!([{"a": 2}]));
    assert_eq!(postern.count("SELECT count(*) FROM comments").await, 0);
    let id = postern.count("SELECT id FROM records").await;
    let receipt = postern.outcome(&format!("/trigger?workflow_id=2&record_id={id}"), "").await;
    assert_eq!(receipt["runs"][0]["message"], format!("step touch: record {id} does not exist"));
    assert_eq!(postern.records("Leads").await.len(), 0);
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
    crate::harness::eventually("the new version is in force", async || {
        let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
        (receipt["status"] == "unmatched").then_some(())
    })
    .await;
}
