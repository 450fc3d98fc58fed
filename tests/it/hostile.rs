//! Workflows and values that would break their worker, their neighbours or their database: each fails alone, with a
//! reason, and what comes next runs.

use std::fmt::Write;

use serde_json::Value;

use crate::harness::{Postern, eventually};
use crate::workflows::settings;

/// Runs workflow 1, which must fail at once with a reason that holds `reason`, and then workflow 2, which must finish.
async fn fails_alone(postern: &Postern, form: &str, reason: &str) {
    let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
    assert_eq!(receipt["status"], "failed", "{}", excerpt(&receipt));
    let message = receipt["runs"][0]["message"].as_str().unwrap();
    assert!(message.contains(reason), "{}", excerpt(&receipt));
    assert_eq!(postern.outcome("/trigger?workflow_id=2", "").await["status"], "finished");
    let log = &postern.workers[0].log();
    assert!(!log.contains("broke off") && !log.contains("was refused"), "{log}");
}

fn excerpt(receipt: &Value) -> String {
    receipt.to_string().chars().take(2_000).collect()
}

/// Workflow 1 with these steps, the first of which is `a`; workflow 2 ends at once.
fn steps(steps: &str) -> String {
    settings(&format!(
        "---\nworkflow: 1\nstart: {{without_record: true, next: a}}\nsteps:\n{steps}\n\
         ---\nworkflow: 2\nstart: {{without_record: true, next: end}}\nsteps: {{end: {{stop: finished}}}}\n"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_nests_a_value_deeper_and_deeper_fails_alone() {
    for value in ["['$env[\"x\"]']", "$env", "{x: '$env[\"x\"]'}"] {
        let postern = Postern::start(&steps(&format!("  a: {{set_env: {{x: {value}}}, next: a}}"))).await;
        fails_alone(&postern, "", "step a: x: the value is nested deeper than").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_doubles_a_value_fails_alone() {
    for value in ["['$env[\"x\"]', '$env[\"x\"]']", "{a: '$env[\"x\"]', b: '$env[\"x\"]'}"] {
        let postern = Postern::start(&steps(&format!("  a: {{set_env: {{x: {value}}}, next: a}}"))).await;
        fails_alone(&postern, "x=0123456789", "the value is larger than").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_computes_for_too_long_fails_and_is_not_begun_again_for_ever() {
    let sum = "{{ range(1, 9000)|sum }}";
    let mut values = String::new();
    for n in 0..40 {
        let _ = write!(values, "x{n}: '{sum}', ");
    }
    let postern = Postern::start(&steps(&format!("  a: {{set_env: {{{values}}}, next: a}}"))).await;
    fails_alone(&postern, "", "computed for more than").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_writes_without_end_fails_before_its_worker_runs_out_of_memory() {
    for step in [
        "create_record: Notes, fields: {text: '$env[\"text\"]'}, created: a",
        "comment: '$env[\"text\"]', record: '$env[\"id\"]', next: a",
    ] {
        let postern = Postern::start(&steps(&format!(
            "  a: {{create_record: Leads, store_id: id, created: b}}\n  b: {{{}}}",
            step.replace(": a", ": b")
        )))
        .await;
        fails_alone(&postern, &format!("text={}", "x".repeat(500_000)), "the run has written more than").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_store_cannot_keep_fails_its_run_and_is_no_dead_letter() {
    for number in ["[1e200000]", "[1e-20000]", "{\"a\":1e200000}"] {
        let postern =
            Postern::start(&steps("  a: {create_record: Leads, fields: {n: '{{ $env[\"n\"]|from_json }}'}}")).await;
        fails_alone(&postern, &format!("n={number}"), "a number that is out of range").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_many_digits_spoils_no_search() {
    let find = "  a: {find_record: Leads, where: {n: {above: '$env[\"n\"]'}}, found: b, not_found: c}\n  \
                b: {stop: finished, message: found}\n  c: {stop: finished, message: nothing}";
    let postern = Postern::start(&steps(find)).await;
    postern
        .sql("INSERT INTO records (module, fields) VALUES ('Leads', jsonb_build_object('n', repeat('1', 200000))), ('Leads', jsonb_build_object('n', '0.' || repeat('1', 20000))), ('Leads', '{\"n\":5}')")
        .await;
    // A text of so many digits is no number, so it is not compared with one.
    for (n, message) in [("4", "found"), ("6", "nothing"), (&format!("4.{}", "5".repeat(20_000)), "nothing")] {
        let receipt = postern.outcome("/trigger?workflow_id=1", &format!("n={n}")).await;
        assert_eq!(receipt["runs"][0]["message"], message, "{}", excerpt(&receipt));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_names_a_trigger_twice_runs_once() {
    let postern = Postern::start(&settings(
        "---\nworkflow: 1\nstart: {triggers: [go, go], without_record: true, next: end}\nsteps: {end: {stop: finished}}\n",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_trigger=go", "").await;
    assert_eq!(receipt["runs"].as_array().unwrap().len(), 1, "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_is_waited_for_and_costs_no_attempt() {
    let mut postern = Postern::start(&steps("  a: {create_record: Leads}")).await;
    // It was opened before, so it may still write.
    let admin = postern.connection().await;
    let read_only = |on: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {on}', current_database()); \
                 PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postern-worker'; END $$"
        )
    };
    admin.batch_execute(&read_only("on")).await.unwrap();
    let accepted = postern.post("/trigger?workflow_id=1").form("").send().await;
    eventually("the worker waits", async || postern.workers[0].log().contains("read-only").then_some(())).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    admin.batch_execute(&read_only("off")).await.unwrap();
    assert_eq!(postern.ended(&accepted).await["status"], "finished");
    let log = postern.workers[0].log();
    assert!(log.contains("waits for postgresql") && !log.contains("was refused"), "{log}");
    postern.workers[0].terminate();
    assert!(postern.workers[0].ended().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_restored_database_are_followed_though_their_version_is_lower() {
    let postern = Postern::start(&steps("  a: {stop: finished, message: old}")).await;
    postern.sql("UPDATE settings SET version = 100").await;
    postern.outcome("/trigger?workflow_id=1", "").await;
    eventually("the worker holds 100", async || {
        postern.workers[0].log().contains("\"settings.version\":100").then_some(())
    })
    .await;
    postern
        .sql("WITH w AS (UPDATE workflow_versions SET document = replace(document::text, 'old', 'new')::json) UPDATE settings SET version = 50")
        .await;
    eventually("the worker follows", async || {
        (postern.outcome("/trigger?workflow_id=1", "").await["runs"][0]["message"] == "new").then_some(())
    })
    .await;
}
