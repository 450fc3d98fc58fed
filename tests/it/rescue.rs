//! Runs that stand still: a failed one is replayed at its failed step, one that needs attention gets a decision.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};

const ALLOWED: (&str, &str) = ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8");

/// The second step fails until somebody makes the record that it changes.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
---
workflow: 1
start: {without_record: true, next: [make, last]}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, store_id: lead, created: change}
  change: {set_value: {n: '$env[\"lead\"] $env[\"n\"]'}, record: '77', next: after}
  after: {set_env: {a: 1}}
  last: {create_record: Ends, fields: {lead: '$env[\"lead\"]'}}
---
workflow: 2
start: {without_record: true, next: call}
steps:
  call: {http_request: '$env[\"url\"]', any_host: true, at_most_once: true, next: make}
  make: {create_record: Leads}
";

async fn run(postern: &Postern, path: &str, form: &str) -> (String, Value) {
    let receipt = postern.outcome(path, form).await;
    (format!("{}.1", receipt["receipt"].as_str().unwrap()), receipt)
}

/// The name of a run of a receipt.
fn named(receipt: &Value, number: i16) -> String {
    format!("{}.{number}", receipt["receipt"].as_str().unwrap())
}

async fn replay(postern: &Postern, run: &str, body: &str) -> crate::harness::call::Answer {
    postern.api("POST", &format!("/runs/{run}/replays")).json(body).send().await
}

async fn ended(postern: &Postern, receipt: &Value) -> Value {
    let path = format!("/receipts/{}", receipt["receipt"].as_str().unwrap());
    eventually("it has ended", async || {
        let receipt = postern.api("GET", &path).send().await.json;
        let ends =
            receipt["runs"].as_array()?.iter().all(|run| run["status"] == "finished" || run["status"] == "failed");
        ends.then_some(receipt)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_counts_until_its_last_replay_has_not_failed() {
    let postern = Postern::start(SETTINGS).await;
    let cli = Cli::of(&postern);
    let (name, receipt) = run(&postern, "/trigger?workflow_id=1", "n=5").await;
    for _ in 0..2 {
        assert!(cli.run("status").stdout.contains("\n  1 run has failed\n"), "{:?}", cli.run("status"));
        replay(&postern, &name, "{}").await;
        ended(&postern, &receipt).await;
    }
    let last = name.replace(".1", ".3");
    assert_eq!(cli.run("runs --state failed --unreplayed -o name").text(), format!("{last}\n"));
    postern.sql("INSERT INTO records (id, module, fields) VALUES (77, 'Leads', '{}')").await;
    replay(&postern, &name, "{}").await;
    ended(&postern, &receipt).await;
    assert_eq!(cli.run("status").text(), "all is well\n");
    assert_eq!(cli.items("runs --state failed", "runs").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_replayed_at_its_failed_step_with_the_env_that_it_had() {
    let postern = Postern::start(SETTINGS).await;
    let (name, receipt) = run(&postern, "/trigger?workflow_id=1", "n=5").await;
    assert_eq!((&receipt["status"], postern.records("Leads").await.len()), (&"failed".into(), 1));
    let first = replay(&postern, &name, "{}").await;
    assert_eq!((first.status, &first.json["run"]), (201, &named(&receipt, 2).into()), "{}", first.json);
    let again = ended(&postern, &receipt).await;
    assert_eq!((again["runs"].as_array().unwrap().len(), &again["status"]), (2, &"failed".into()), "{again}");
    postern.sql("INSERT INTO records (id, module, fields) VALUES (77, 'Leads', '{}')").await;
    assert_eq!(replay(&postern, &name, "{}").await.status, 201);
    let healed = ended(&postern, &receipt).await;
    assert_eq!(healed["status"], "finished", "{healed}");
    let steps = |run: &Value| {
        run["path"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (&healed["runs"][2]["replays"], steps(&healed["runs"][2])),
        (&1.into(), ["change", "after", "last"].map(str::to_owned).to_vec())
    );
    let replaced: Vec<_> = healed["runs"].as_array().unwrap().iter().map(|run| &run["replaced_by"]).collect();
    assert_eq!(replaced, [&json!(2), &json!(3), &Value::Null], "each names its successor");
    assert_eq!(postern.records("Leads").await.len(), 2);
    assert_eq!(postern.records("Ends").await.len(), 1);
    assert_eq!(replay(&postern, &named(&receipt, 3), "{}").await.code(), "conflict");
    assert_eq!(replay(&postern, "0193a5c8-7d00-7abc-8def-0123456789ab.1", "{}").await.status, 404);
    let log = postern.api("GET", "/audit_log?kind=run").send().await.json;
    assert_eq!(
        (&log["changes"][0]["action"], &log["changes"][0]["key"]),
        (&"replay".into(), &named(&receipt, 3).into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_takes_the_newest_version_if_asked_and_says_which_step_is_missing() {
    let postern = Postern::start(SETTINGS).await;
    let (name, receipt) = run(&postern, "/trigger?workflow_id=1", "n=5").await;
    let newer = |step: &str| {
        format!("workflow: 1\nstart: {{without_record: true, next: {step}}}\nsteps:\n  {step}: {{set_env: {{a: 1}}}}\n")
    };
    postern.apply(&newer("other")).await;
    replay(&postern, &name, r#"{"newest_version": true}"#).await;
    let failed = ended(&postern, &receipt).await;
    assert_eq!(failed["runs"][1]["message"], "this version of the workflow has no step last", "{failed}");
    let both = "workflow: 1\nstart: {without_record: true, next: [change, last]}\nsteps:\n  change: {set_env: {a: 1}}\n  last: {create_record: Ends, fields: {lead: '$env[\"lead\"]'}}\n";
    postern.apply(both).await;
    replay(&postern, &name, r#"{"newest_version": true}"#).await;
    let healed = ended(&postern, &receipt).await;
    assert_eq!((&healed["status"], &healed["runs"][2]["version"]), (&"finished".into(), &json!(3)), "{healed}");
    assert!(postern.records("Ends").await[0].get("lead").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_what_came_of_a_step_at_most_once() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    let outside = Outside::start().await;
    for (decision, calls, records, status) in
        [("done", 1, 1, "finished"), ("fail", 1, 0, "failed"), ("repeat", 2, 1, "finished")]
    {
        postern.start_worker_with(&[ALLOWED]).await;
        let (before, made) = (outside.got().len(), postern.records("Leads").await.len());
        let form = format!("url={}", outside.url("/silent"));
        let answer = postern.post("/trigger?workflow_id=2").form(form).send().await;
        eventually("it is being called", async || (outside.got().len() == before + 1).then_some(())).await;
        postern.workers.pop().unwrap().kill();
        postern.sql("UPDATE outside_calls SET intent_at = intent_at - interval '1 hour' WHERE done_at IS NULL").await;
        postern.start_worker_with(&[ALLOWED]).await;
        let receipt = postern.ended(&answer).await;
        assert_eq!(receipt["status"], "needs_attention", "{receipt}");
        if decision == "repeat" {
            outside.speak();
        }
        let path = format!("/runs/{}.1/decision", receipt["receipt"].as_str().unwrap());
        let decide = || postern.api("POST", &path).json(&json!({"decision": decision}).to_string()).send();
        assert_eq!(decide().await.status, 200);
        assert_eq!(decide().await.status, 409);
        let receipt = ended(&postern, &receipt).await;
        assert_eq!(receipt["status"], status, "{decision}: {receipt}");
        let (got, leads) = (outside.got().len() - before, postern.records("Leads").await.len() - made);
        assert_eq!((got, leads), (calls, records), "{decision}");
        postern.workers.pop().unwrap().kill();
    }
    assert_eq!(outside.keys().len(), 3);
}
