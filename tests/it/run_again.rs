//! Runs that begin again at the start, and runs that a person cancels.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};

const PERMISSION: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2, 3, 4]\n---\n";

/// A lead is written down before its condition is wrong: it ends in a `stop` that fails.
fn wrong(is_fixed: bool) -> String {
    let wanted = if is_fixed { "ada" } else { "nobody" };
    format!(
        "workflow: 1\nstart: {{without_record: true, next: [note, usable]}}\nsteps:\n  \
         note: {{create_record: Notes, fields: {{n: '$env[\"name\"]'}}}}\n  \
         usable: {{condition: '$env[\"name\"]|lower == \"{wanted}\"', then: lead, else: reject}}\n  \
         lead: {{create_record: Leads, fields: {{n: '$env[\"name\"]', city: '$env[\"city\"]'}}}}\n  \
         reject: {{stop: failed, message: nobody wants it}}\n"
    )
}

/// Workflow 2 waits, 3 does so one run at a time on a record, 4 calls another system.
const WAITING: &str = "---
workflow: 2
start: {without_record: true, next: pause}
steps:
  pause: {delay: {for: '{{ $env[\"wait\"] }}'}, next: lead}
  lead: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 3
start: {parallel: false, next: pause}
steps:
  pause: {delay: {for: '{{ $env[\"wait\"] }}'}, next: lead}
  lead: {create_record: Leads}
---
workflow: 4
start: {without_record: true, next: call}
steps:
  call: {http_request: '$env[\"url\"]', any_host: true, next: lead}
  lead: {create_record: Leads}
";

fn settings() -> String {
    format!("{PERMISSION}{}{WAITING}", wrong(false))
}

fn name(receipt: &Value, number: i16) -> String {
    format!("{}.{number}", receipt["receipt"].as_str().unwrap())
}

async fn again(postern: &Postern, run: &str, body: Value) -> Answer {
    postern.api("POST", &format!("/runs/{run}/runs_again")).json(&body.to_string()).send().await
}

async fn cancel(postern: &Postern, run: &str) -> Answer {
    postern.api("POST", &format!("/runs/{run}/cancellation")).json("{}").send().await
}

/// The receipt when all of its runs have ended.
async fn ended(postern: &Postern, receipt: &Value) -> Value {
    let path = format!("/receipts/{}", receipt["receipt"].as_str().unwrap());
    eventually("its runs have ended", async || {
        let receipt = postern.api("GET", &path).send().await.json;
        let runs = receipt["runs"].as_array()?;
        let ends = runs.iter().all(|run| run["status"] == "finished" || run["status"] == "failed");
        (ends && !runs.is_empty()).then_some(receipt)
    })
    .await
}

async fn count_is(postern: &Postern, what: &str, count: i64) {
    eventually(&format!("{what}: {count}"), async || (postern.count(what).await == count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_workflow_rescues_a_run_that_ended_in_a_stop() {
    let postern = Postern::start(&settings()).await;
    let failed = postern.outcome("/trigger?workflow_id=1", "name=Ada&city=London").await;
    assert_eq!(failed["status"], "failed", "{failed}");
    postern.apply(&wrong(true)).await;
    let new = again(&postern, &name(&failed, 1), json!({})).await;
    assert_eq!((new.status, &new.json["run"]), (201, &name(&failed, 2).into()), "{}", new.json);
    let receipt = ended(&postern, &failed).await;
    assert_eq!((&receipt["status"], &receipt["runs"][1]["version"]), (&"finished".into(), &json!(2)), "{receipt}");
    let replaced = (&receipt["runs"][0]["replaced_by"], &receipt["runs"][1]["replays"]);
    assert_eq!(replaced, (&json!(2), &json!(1)), "{receipt}");
    assert_eq!(postern.records("Leads").await[0].to_string(), r#"{"n":"Ada","city":"London"}"#);
    assert_eq!(postern.records("Notes").await.len(), 2, "what was done before is done twice");
    assert_eq!(Cli::of(&postern).run("status").text(), "all is well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_begins_again_with_other_values_and_they_are_checked() {
    let postern = Postern::start(&settings()).await;
    let failed = postern.outcome("/trigger?workflow_id=1", "name=Ada&city=London").await;
    let too_deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(again(&postern, &name(&failed, 1), json!({"env": {"name": too_deep}})).await.status, 400);
    let values = json!({"env": {"name": "nobody"}, "without": ["city"]});
    assert_eq!(again(&postern, &name(&failed, 1), values).await.status, 201);
    assert_eq!(ended(&postern, &failed).await["status"], "finished");
    assert_eq!(postern.records("Leads").await[0].to_string(), r#"{"n":"nobody"}"#);
    let changes = postern.api("GET", "/audit_log?kind=run").send().await.json;
    let change = &changes["changes"][0];
    assert_eq!((&change["action"], &change["key"]), (&"run_again".into(), &name(&failed, 2).into()), "{changes}");
    let posted = postern.api("GET", &format!("/runs/{}/effects", name(&failed, 1))).send().await.json;
    assert_eq!(posted["env"], json!({"name": "Ada", "city": "London"}), "the receipt keeps what was posted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_finished_run_has_done_is_listed_before_it_runs_again() {
    let postern = Postern::start(&settings()).await;
    postern.apply(&wrong(true)).await;
    let finished = postern.outcome("/trigger?workflow_id=1", "name=Ada").await;
    let run = name(&finished, 1);
    let done = postern.api("GET", &format!("/runs/{run}/effects")).send().await.json;
    let effects: Vec<_> = done["effects"].as_array().unwrap().iter().map(|one| (&one["what"], &one["step"])).collect();
    let created = json!("record_created");
    assert_eq!(effects, [(&created, &json!("lead")), (&created, &json!("note"))], "{done}");
    assert_eq!((&done["complete"], &done["newest_version"]), (&json!(true), &json!(2)), "{done}");
    let cli = Cli::of(&postern);
    let asks = cli.run(&format!("run-again {run}"));
    assert!(asks.code == 2 && asks.stderr.contains("step lead of workflow 1 created a record: "), "{asks:?}");
    assert_eq!(
        cli.run(&format!("run-again {run} --yes --env city=Rome")).text(),
        format!("{} begins\n", name(&finished, 2))
    );
    ended(&postern, &finished).await;
    assert_eq!(postern.records("Leads").await[1].to_string(), r#"{"n":"Ada","city":"Rome"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_again_says_why_and_stays() {
    let postern = Postern::start(&settings()).await;
    let failed = postern.outcome("/trigger?workflow_id=1", "name=Ada").await;
    let run = name(&failed, 1);
    postern.apply(&wrong(true).replacen("start:", "active: false\nstart:", 1)).await;
    let refused = again(&postern, &run, json!({})).await;
    assert_eq!((refused.status, refused.message()), (409, "its workflow is inactive"));
    // A start condition that is false fails the new run: nobody would look for it otherwise.
    postern.apply(&wrong(true).replacen("start: {", "start: {condition: 'false', ", 1)).await;
    assert_eq!(again(&postern, &run, json!({})).await.status, 201);
    let receipt = ended(&postern, &failed).await;
    assert_eq!(receipt["runs"][1]["message_code"]["code"], "did-not-run", "{receipt}");
    assert_eq!(receipt["status"], "failed", "{receipt}");
    postern.apply(&wrong(true).replacen("start: {", "start: {hold: true, ", 1)).await;
    assert_eq!(again(&postern, &run, json!({})).await.status, 201);
    assert_eq!(again(&postern, &run, json!({})).await.message(), "another replay of it has not ended");
    count_is(&postern, "SELECT count(*) FROM runs WHERE state = 'held'", 1).await;
    postern.apply(&wrong(true)).await;
    assert_eq!(ended(&postern, &failed).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_and_leaves_nothing_that_would_wake_it() {
    let postern = Postern::start(&settings()).await;
    let record = "INSERT INTO records (id, module, fields) VALUES (77, 'Leads', '{}')";
    postern.sql(record).await;
    let path = "/trigger?workflow_id=3&record_id=77";
    let first = postern.post(path).form("wait=1d").send().await;
    count_is(&postern, "SELECT count(*) FROM spool WHERE due_at > now() + interval '1 hour'", 1).await;
    let second = postern.post(path).form("wait=1ms").send().await;
    count_is(&postern, "SELECT count(*) FROM checkpoints WHERE waits_for_turn", 1).await;
    let run = name(&first.json, 1);
    assert_eq!(Cli::of(&postern).run(&format!("cancel {run}")).text(), format!("{run} is cancelled\n"));
    let receipt = ended(&postern, &first.json).await;
    assert_eq!(receipt["runs"][0]["message_code"], json!({"code": "cancelled"}), "{receipt}");
    assert_eq!(postern.ended(&second).await["status"], "finished", "the next one on the record goes on");
    for table in ["checkpoints", "spool", "claims"] {
        count_is(&postern, &format!("SELECT count(*) FROM {table}"), 0).await;
    }
    assert_eq!(cancel(&postern, &run).await.message(), "the run has ended already");
    assert_eq!(cancel(&postern, "0193a5c8-7d00-7abc-8def-0123456789ab.1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_and_one_that_calls_are_cancelled() {
    let mut postern = Postern::without_worker(&settings()).await;
    postern.start_worker_with(&[("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")]).await;
    postern.apply(&wrong(true).replacen("start: {", "start: {hold: true, ", 1)).await;
    let held = postern.post("/trigger?workflow_id=1").form("name=Ada").send().await;
    count_is(&postern, "SELECT count(*) FROM runs WHERE state = 'held'", 1).await;
    let outside = Outside::start().await;
    let calls = postern.post("/trigger?workflow_id=4").form(format!("url={}", outside.url("/silent"))).send().await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    for one in [&held, &calls] {
        assert_eq!(cancel(&postern, &name(&one.json, 1)).await.status, 200);
        assert_eq!(ended(&postern, &one.json).await["runs"][0]["message_code"]["code"], "cancelled");
    }
    let done = postern.api("GET", &format!("/runs/{}/effects", name(&calls.json, 1))).send().await.json;
    assert_eq!(done["effects"][0]["what"], "unclear", "{done}");
    outside.speak();
    count_is(&postern, "SELECT count(*) FROM spool", 0).await;
    assert_eq!(postern.records("Leads").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_worker_and_a_person_that_cancels_exactly_one_wins() {
    let mut postern = Postern::start(&settings()).await;
    postern.start_worker().await;
    let mut receipts = Vec::new();
    for n in 0..60 {
        let form = format!("n={n}&wait={}ms", 200 + 10 * n);
        receipts.push(postern.post("/trigger?workflow_id=2").form(form).send().await.json);
    }
    count_is(&postern, "SELECT count(*) FROM runs", 60).await;
    let answers = join_all(receipts.iter().map(async |receipt| cancel(&postern, &name(receipt, 1)).await)).await;
    for (receipt, answer) in receipts.iter().zip(&answers) {
        let status = ended(&postern, receipt).await["status"].clone();
        let expected = if answer.status == 200 { "failed" } else { "finished" };
        assert_eq!(status, expected, "{} {}", answer.status, answer.json);
    }
    let finished = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!(postern.records("Leads").await.len(), finished);
    count_is(&postern, "SELECT count(*) FROM checkpoints", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_what_was_done_and_runs_again_with_edited_values() {
    let mut postern = Postern::with_ingress(&settings(), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let failed = postern.outcome("/trigger?workflow_id=1", "name=Ada&city=London&tags[]=a").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let path = format!("/runs/{}/again", name(&failed, 1));
    let receipt = visitor.get(&format!("/receipts/{}", failed["receipt"].as_str().unwrap())).await;
    assert!(receipt.text.contains(&format!("href=\"{path}\"")), "{}", receipt.text);
    let page = visitor.get(&path).await;
    for expected in ["Created a record", "name=\"text:city\" value=\"London\"", "name=\"json:tags\""] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    let refused = visitor.post(&path, &[("text:city", "Paris"), ("json:tags", "[a")]).await;
    assert!(refused.status == 422 && refused.text.contains("value=\"Paris\""), "{}", refused.text);
    let done = visitor.post(&path, &[("text:name", "Nobody"), ("new_name", "city"), ("new_value", "Oslo")]).await;
    assert!(done.location.ends_with("?done=run-again"), "{}", done.text);
    assert_eq!(ended(&postern, &failed).await["status"], "finished");
    assert_eq!(postern.records("Leads").await[0].to_string(), r#"{"n":"Nobody","city":"Oslo"}"#);
    visitor.post("/preferences", &[("language", "ru"), ("back", "/")]).await;
    let page = visitor.get(&path).await;
    assert!(page.text.contains("Уже сделано") && page.text.contains("Создана запись"), "{}", page.text);
}
