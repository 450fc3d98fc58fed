//! What was answered with 202 is somewhere, or it is named as lost.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::process::Process;
use crate::harness::{Postern, eventually, private, ready};

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 9]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 2
start: {without_record: true, next: fail}
steps:
  fail: {stop: failed, message: as it should}
---
workflow: 3
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 9h}}
";

const NO_BROKER: (&str, &str) = ("AMQP_URL", "amqp://127.0.0.1:1");

async fn post(postern: &Postern, workflow: u32) -> crate::harness::call::Answer {
    let answer = postern.post(&format!("/trigger?workflow_id={workflow}")).form("n=1").send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn told(postern: &Postern, count: i64) {
    let statement = "SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM
        (SELECT unnest(range_agg(numbers)) AS r FROM answered GROUP BY instance) t";
    eventually("the ingress has told what it answered", async || {
        (postern.count(statement).await == count).then_some(())
    })
    .await;
}

/// Makes everything that was told so old that it should have arrived.
async fn age(postern: &Postern) {
    postern.sql("UPDATE answered SET at = at - interval '1 day'").await;
}

/// A Postern without a worker: one submission has run, and another one was answered.
async fn with_one_on_its_way() -> Postern {
    let mut postern = Postern::start(SETTINGS).await;
    post(&postern, 1).await;
    eventually("it has run", async || (postern.records("Leads").await.len() == 1).then_some(())).await;
    postern.workers.pop().unwrap().kill();
    post(&postern, 1).await;
    told(&postern, 2).await;
    postern
}

async fn audit(postern: &Postern) -> Value {
    let answer = postern.api("GET", "/audit").send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

/// A column over all hours.
fn sum(audit: &Value, name: &str) -> i64 {
    audit["hours"].as_array().unwrap().iter().map(|hour| hour[name].as_i64().unwrap()).sum()
}

fn places(audit: &Value) -> i64 {
    let names = audit["hours"][0].as_object().unwrap().keys();
    names.filter(|name| !matches!(name.as_str(), "hour" | "answered" | "unanswered")).map(|name| sum(audit, name)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_all_there_by_hour_and_by_where_it_is() {
    let mut postern = Postern::start(SETTINGS).await;
    post(&postern, 1).await;
    post(&postern, 2).await;
    post(&postern, 3).await;
    post(&postern, 9).await;
    let path = "/trigger?workflow_id=1";
    for _ in 0..2 {
        let answer = postern.post(path).header("idempotency-key", "k").form("n=1").send().await;
        assert_eq!(answer.status, 202);
    }
    eventually("all were taken", async || (postern.count("SELECT count(*) FROM receipts").await == 6).then_some(()))
        .await;
    postern.workers.pop().unwrap().kill();
    post(&postern, 1).await;
    told(&postern, 7).await;
    let found = audit(&postern).await;
    for (place, count) in
        [("finished", 2), ("failed", 1), ("waiting", 1), ("unmatched", 1), ("duplicate", 1), ("queued", 1), ("lost", 0)]
    {
        assert_eq!(sum(&found, place), count, "{place}: {found:#}");
    }
    assert_eq!((sum(&found, "answered"), sum(&found, "unanswered"), places(&found)), (7, 0, 7), "{found:#}");
    assert_eq!(found["losses"], json!([]), "{found:#}");
    let end = Cli::of(&postern).run("audit");
    assert!(end.stdout.contains("7 answered with 202 = 1 queued, 1 waiting, 2 finished"), "{end:?}");
    assert_eq!(end.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_in_the_spool_is_no_loss_and_one_that_is_nowhere_is_named() {
    let mut postern = Postern::with_ingress(SETTINGS, &[NO_BROKER]).await;
    for _ in 0..3 {
        post(&postern, 1).await;
    }
    postern.sql("UPDATE spool SET due_at = now() + interval '1 hour' WHERE id = 2").await;
    postern.start_worker().await;
    eventually("the others have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    told(&postern, 3).await;
    age(&postern).await;
    let found = audit(&postern).await;
    assert_eq!((sum(&found, "spooled"), &found["losses"]), (1, &json!([])), "{found:#}");

    postern.sql("DELETE FROM spool").await;
    let found = audit(&postern).await;
    assert_eq!((sum(&found, "lost"), places(&found)), (1, 3), "{found:#}");
    let loss = &found["losses"][0];
    assert_eq!((&loss["first"], &loss["last"]), (&json!(2), &json!(2)), "{found:#}");
    let end = Cli::of(&postern).run("audit");
    assert_eq!(end.code, 1, "{end:?}");
    assert!(end.stdout.contains("LOST: numbers 2 to 2 of the ingress "), "{end:?}");
    // A worker that starts looks at once.
    postern.start_worker().await;
    eventually("the metric says so", async || {
        let metrics = private(postern.workers.last_mut().unwrap(), "/metrics").await.1;
        metrics.contains("postern_lost_submissions 1").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_that_was_killed_leaves_no_false_loss() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    for _ in 0..3 {
        post(&postern, 1).await;
    }
    told(&postern, 3).await;
    for _ in 0..3 {
        post(&postern, 1).await;
    }
    postern.ingress.kill();
    postern.ingress = Process::start("postern-ingress", postern.servers(), &[]);
    ready("the ingress is ready", &mut postern.ingress).await;
    postern.start_worker().await;
    eventually("all have run", async || (postern.records("Leads").await.len() == 6).then_some(())).await;
    age(&postern).await;
    let connection = &mut postern.connection().await;
    let found = postern_shared::store::delivery_audit::audit(connection, 24).await.unwrap();
    assert!(found.losses.unwrap().is_empty());
    let unanswered: i64 = found.hours.iter().map(|hour| hour.unanswered()).sum();
    let answered: i64 = found.hours.iter().map(|hour| hour.answered).sum();
    assert_eq!(answered + unanswered, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_no_loss_while_others_take_as_long() {
    let postern = with_one_on_its_way().await;
    age(&postern).await;
    let lost = async |postern: &Postern| sum(&audit(postern).await, "lost");
    assert_eq!(lost(&postern).await, 1, "what is a day late should have arrived");
    postern.sql("UPDATE arrived SET lag = interval '2 days'").await;
    assert_eq!(lost(&postern).await, 0, "others take two days");
    postern.sql("UPDATE arrived SET at = at - interval '1 hour'").await;
    let found = audit(&postern).await;
    assert_eq!((&found["losses"], sum(&found, "queued")), (&Value::Null, 1), "{found:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_no_backlog_of_a_quiet_night() {
    let postern = with_one_on_its_way().await;
    let waiting = async |postern: &Postern| {
        postern_shared::store::backlog::look(&mut postern.connection().await).await.unwrap().leads
    };
    assert_eq!(waiting(&postern).await, 1);
    postern.sql("UPDATE answered SET hour = hour - 3, at = at - interval '3 hours'").await;
    postern.sql("UPDATE arrived SET at = at - interval '1 hour'").await;
    assert_eq!(waiting(&postern).await, 0, "it was late before the last arrival");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_folded_and_after_a_while_forgotten() {
    use postern_shared::store::sequence;
    let postern = Postern::start(SETTINGS).await;
    for n in 1..=3 {
        post(&postern, 1).await;
        told(&postern, n).await;
    }
    eventually("all have run", async || (postern.records("Leads").await.len() == 3).then_some(())).await;
    postern.sql("UPDATE answered SET hour = hour - 5, at = at - interval '5 hours'").await;
    postern.sql("UPDATE arrived SET at = at - interval '5 hours'").await;
    let connection = postern.connection().await;
    sequence::fold(&connection).await.unwrap();
    let rows = "SELECT (SELECT count(*) FROM answered) * 10 + (SELECT count(*) FROM arrived)";
    assert_eq!(postern.count(rows).await, 11);
    told(&postern, 3).await;
    postern.sql("UPDATE answered SET at = at - interval '31 days'").await;
    postern.sql("UPDATE arrived SET at = at - interval '31 days'").await;
    sequence::forget(&connection).await.unwrap();
    assert_eq!(postern.count(rows).await, 0);
}
