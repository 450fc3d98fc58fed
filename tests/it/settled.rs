//! Failed runs that need nobody: a step went on by its way for failures, or a person dismissed them.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::jobs::{job, job_ends};
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::search::digested;
use crate::workflows::settings;

/// Fails always.
const TURNED_AWAY: &str = "
---
workflow: 2
start: {without_record: true, next: away}
steps: {away: {stop: failed, message: 'not wanted'}}
";

/// Workflow 1 with these steps, beside workflow 2, which turns every lead away.
fn steps(steps: &str) -> String {
    let first = format!("\n---\nworkflow: 1\nstart: {{without_record: true, next: go}}\nsteps:\n{steps}\n");
    settings(&format!("{first}{TURNED_AWAY}"))
}

/// Everything that counts failures, once the digest has seen them.
async fn counted(postern: &Postern) -> Value {
    digested(postern).await;
    let groups = postern.api("GET", "/failure_groups").send().await.json["total"].clone();
    let listed = postern.api("GET", "/runs?state=failed&unreplayed=true").send().await.json;
    let status = Cli::of(postern).run("status").stdout.contains("failed");
    json!([groups, listed["runs"].as_array().unwrap().len(), status])
}

/// The state of each run of a receipt, with the step that handled its failure.
fn states(receipt: &Value) -> Value {
    let one = |run: &Value| format!("{} {}", run["status"], run["handled_by"]).replace('"', "");
    json!(receipt["runs"].as_array().unwrap().iter().map(one).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_a_step_handles_counts_as_none() {
    let all = "for_each: [1], each: child, collect: '$env[\"item\"]', store: got";
    for (body, expected) in [
        ("  go: {run_workflow: 2, wait: true, failed: end}", json!(["finished null", "failed go"])),
        // The item fails, and what it waited for with it.
        (
            &format!("  go: {{{all}, parallel: 2, failed: end}}\n  child: {{run_workflow: 2, wait: true}}"),
            json!(["finished null", "failed go", "failed go"]),
        ),
        (
            &format!("  go: {{{all}, on_error: collect, next: end}}\n  child: {{run_workflow: 2, wait: true}}"),
            json!(["finished null", "failed go"]),
        ),
        (
            &format!(
                "  go: {{{all}, parallel: 2, on_error: collect, next: end}}\n  child: {{run_workflow: 2, wait: true}}"
            ),
            json!(["finished null", "finished null", "failed go"]),
        ),
        (
            &format!("  go: {{{all}, parallel: 2, on_error: collect, next: end}}\n  child: {{stop: failed}}"),
            json!(["finished null", "failed go"]),
        ),
    ] {
        let postern = Postern::start(&steps(&format!("{body}\n  end: {{stop: finished}}"))).await;
        let answer = postern.post("/trigger?workflow_id=1").form("").send().await;
        let receipt = postern.ended(&answer).await;
        assert_eq!((&receipt["status"], states(&receipt)), (&json!("finished"), expected), "{body}");
        assert_eq!(counted(&postern).await, json!([0, 0, false]), "{body}");
        assert_eq!(Cli::of(&postern).run("status").code, 0, "{body}");
        assert_eq!(postern.count("SELECT sum(count)::bigint FROM failure_groups").await, 0, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_fails_the_run_that_waits_counts_as_two() {
    let postern = Postern::start(&steps("  go: {run_workflow: 2, wait: true}")).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!((&receipt["status"], states(&receipt)), (&json!("failed"), json!(["failed null", "failed null"])));
    assert_eq!(counted(&postern).await, json!([2, 2, true]));
    // Repaired, the step goes on by its way for failures.
    postern.apply(&steps("  go: {run_workflow: 2, wait: true, failed: end}\n  end: {stop: finished}")).await;
    let name = receipt["receipt"].as_str().unwrap();
    let replayed = postern.api("POST", &format!("/runs/{name}.1/replays")).json(r#"{"newest_version": true}"#);
    assert_eq!(replayed.send().await.status, 201);
    eventually("it has healed", async || (counted(&postern).await == json!([0, 0, false])).then_some(())).await;
    let healed = postern.api("GET", &format!("/receipts/{name}")).send().await.json;
    assert_eq!((&healed["status"], states(&healed)[1].clone()), (&json!("finished"), json!("failed go")), "{healed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_handled_run_names_the_step_and_the_lists_do_so_too() {
    let text = steps("  go: {run_workflow: 2, wait: true, failed: end}\n  end: {stop: finished}");
    let mut postern = Postern::with_ingress(&text, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await["receipt"].as_str().unwrap().to_owned();
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for page in [format!("/receipts/{receipt}"), "/runs?state=failed&flat=1".to_owned()] {
        let page = visitor.get(&page).await;
        assert!(page.text.contains("handled by step go"), "{}", page.text);
    }
    let overview = visitor.get("/").await;
    assert!(!overview.text.contains("href=\"/runs?state=failed"), "{}", overview.text);
    let cli = Cli::of(&postern);
    assert!(
        cli.run(&format!("receipt {receipt}")).stdout.contains("failed after 1 steps, handled by step go: not wanted")
    );
    assert!(cli.run("runs --state failed").text().contains("handled by step go: not wanted"));
    assert_eq!(cli.run("runs --state failed --unreplayed").text(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_dismisses_a_failed_run_and_all_is_well() {
    let postern = Postern::start(&settings(TURNED_AWAY)).await;
    let receipt = postern.outcome("/trigger?workflow_id=2", "").await["receipt"].as_str().unwrap().to_owned();
    assert_eq!(counted(&postern).await, json!([1, 1, true]));
    let cli = Cli::of(&postern);
    assert_eq!(cli.run(&format!("dismiss {receipt}.1")).text(), format!("{receipt}.1 is dismissed\n"));
    assert_eq!(counted(&postern).await, json!([0, 0, false]));
    assert_eq!(cli.run("status").text(), "all is well\n");
    // It stays as failed as it was, and is found.
    let seen = postern.api("GET", &format!("/receipts/{receipt}")).send().await.json;
    let (status, by) = (&seen["status"], &seen["runs"][0]["dismissed_by"]);
    assert_eq!((status, by), (&json!("failed"), &json!("token POSTERN_API_TOKEN")), "{seen}");
    assert!(cli.run("runs --state failed").text().contains("dismissed by token POSTERN_API_TOKEN: not wanted"));
    assert!(cli.run("changes run").text().contains(&format!("token POSTERN_API_TOKEN\tdismiss\trun\t{receipt}.1")));
    // Who posted is told nothing of accounts.
    let told = postern.call("GET", &format!("/receipts/{receipt}")).send().await.json;
    assert_eq!((&told["status"], &told["runs"][0]["dismissed_by"]), (&json!("failed"), &Value::Null), "{told}");
    let again = cli.run(&format!("dismiss {receipt}.1"));
    assert!(again.code == 1 && again.stderr.contains("it counts as failed no longer"), "{again:?}");
    assert!(cli.run(&format!("dismiss {receipt}.2")).stderr.contains("there is no such run"));
    // It can be replayed, and fails anew.
    assert_eq!(cli.run(&format!("replay {receipt}.1")).code, 0);
    eventually("it has failed again", async || (counted(&postern).await == json!([1, 1, true])).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_dismisses_the_runs_of_a_group() {
    let mut postern = Postern::with_ingress(&settings(TURNED_AWAY), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    for _ in 0..3 {
        postern.outcome("/trigger?workflow_id=2", "").await;
    }
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let group = [("workflow", "2"), ("version", "1"), ("step", "away"), ("failure", "said")];
    let form = [&[("kind", "dismiss"), ("state", "failed"), ("rate", "500")][..], &group[..]].concat();
    assert_eq!(visitor.post("/jobs", &form).await.location, "/jobs?done=job");
    let done = job_ends(&postern, 1).await;
    assert_eq!((&done["done"], &done["started"]), (&json!(3), &Value::Null), "{done}");
    assert_eq!(counted(&postern).await, json!([0, 0, false]));
    assert!(visitor.get("/runs?state=failed&flat=1").await.text.contains("dismissed by admin"));
    let nothing = json!({"kind": "dismiss", "filter": {"state": "waiting"}}).to_string();
    assert_eq!(postern.api("POST", "/jobs").json(&nothing).send().await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_counts_what_became_of_the_runs_that_it_started() {
    let child = "
---
workflow: 2
start: {without_record: true, next: is}
steps:
  is: {switch: '$env[\"n\"]', cases: {good: end, slow: pause}, else: away}
  end: {stop: finished}
  pause: {delay: {for: 1h}}
  away: {stop: failed, message: 'not wanted'}
";
    let postern = Postern::start(&settings(TURNED_AWAY)).await;
    for n in ["good", "good", "slow", "bad"] {
        postern.outcome("/trigger?workflow_id=2", &format!("n={n}")).await;
    }
    postern.apply(&settings(child)).await;
    let id = job(&postern, "run_again", json!({"workflow": 2}), 500).await;
    let expected = json!({"finished": 2, "failed": 1, "waiting": 1, "running": 0});
    eventually("all are counted", async || {
        let job = postern.api("GET", &format!("/jobs/{id}")).send().await.json;
        (job["started"] == expected && job["done"] == 4).then_some(())
    })
    .await;
    let line = Cli::of(&postern).run(&format!("jobs show {id}")).text();
    let became = "4 of 4 started, 0 not possible, 0 left; of those 2 finished, 1 failed again, 1 waiting, 0 under way";
    assert!(line.contains(became), "{line}");
}
