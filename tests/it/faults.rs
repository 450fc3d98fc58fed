//! Processes that die, freeze and race: nothing is lost and no effect happens twice.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use postern_shared::id::ReceiptId;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use postern_shared::submission::{self, SUBMISSIONS_V1};

use crate::harness::process::Process;
use crate::harness::{Postern, eventually, private};
use crate::link::{Link, Mode};
use crate::poison;

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 2
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: one, fields: {n: '$env[\"n\"]'}}
---
workflow: 3
start: {module: Counters, next: add}
steps:
  add: {set_value: {count: '{{ $count + 1 }}'}}
";

/// Posts `paths` with 64 at a time; every answer must be 202.
async fn post_all(postern: &Postern, paths: Vec<(String, String)>) {
    let posts = paths.into_iter().map(|(path, form)| async move {
        let answer = postern.post(&path).form(form).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
    });
    stream::iter(posts).buffer_unordered(64).collect::<Vec<()>>().await;
}

fn numbered(workflow: u32, count: u32) -> Vec<(String, String)> {
    (0..count).map(|n| (format!("/trigger?workflow_id={workflow}"), format!("n={n}"))).collect()
}

async fn all_ended(postern: &Postern, count: i64) {
    eventually("every submission has ended", async || {
        (postern.count("SELECT count(*) FROM receipts").await == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_with_1000_leads_in_flight_leaves_exactly_1000_records() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    post_all(&postern, numbered(1, 1_000)).await;
    for kill_after in [40, 80, 120] {
        postern.start_worker().await;
        tokio::time::sleep(Duration::from_millis(kill_after)).await;
        postern.workers.pop().unwrap().kill();
    }
    postern.start_worker().await;
    all_ended(&postern, 1_000).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1_000);
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'n') FROM records").await, 1_000);
    assert_eq!(postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await, 1_000);
}

/// How many steps were left by an output.
async fn left_by(postern: &Postern, output: &str) -> usize {
    let steps = postern.steps().await;
    steps.iter().flat_map(|(_, steps)| steps).filter(|step| step.output.as_deref() == Some(output)).count()
}

/// Bundles that a worker has done again, since it had taken for new what was there already.
async fn surprises(postern: &mut Postern) -> String {
    let metrics = private(postern.workers.last_mut().unwrap(), "/metrics").await.1;
    let line = metrics.lines().find_map(|line| line.strip_prefix(r#"postern_bundles_redone_total{reason="taken"} "#));
    line.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_bundle_that_is_delivered_again_or_meets_its_keys_is_done_again_and_makes_nothing_twice() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    let bundle = |workflow: &str| {
        let of = |one: Vec<u8>| String::from_utf8(one).unwrap().replace(r#""workflow":1"#, workflow);
        let all: Vec<String> = (0..20).map(|_| of(poison::submission(ReceiptId::new()))).collect();
        submission::bundle(all.iter().map(String::as_bytes))
    };
    let (plain, keyed, more) = (bundle(r#""workflow":1"#), bundle(r#""workflow":2"#), bundle(r#""workflow":2"#));
    for (body, runs, records, surprised) in
        [(&plain, 20, 20, "0"), (&plain, 20, 20, "1"), (&keyed, 40, 21, "0"), (&more, 60, 21, "1")]
    {
        // It has met nothing yet.
        postern.start_worker().await;
        postern.servers().publish(SUBMISSIONS_V1, body).await;
        all_ended(&postern, runs).await;
        eventually("it was surprised, or not", async || (surprises(&mut postern).await == surprised).then_some(()))
            .await;
        let count = async |what: &str| postern.count(&format!("SELECT count(*) FROM {what}")).await;
        assert_eq!((count("runs").await, count("records").await), (runs, records));
        // It acknowledges first: what is delivered once more would surprise the next one.
        let mut worker = postern.workers.pop().unwrap();
        worker.terminate();
        assert!(worker.ended().await);
    }
    assert_eq!(left_by(&postern, "existing").await, 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_submissions_with_one_unique_key_make_one_record() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    for _ in 0..4 {
        postern.start_worker().await;
    }
    post_all(&postern, numbered(2, 200)).await;
    all_ended(&postern, 200).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1);
    assert_eq!(left_by(&postern, "created").await, 1);
    assert_eq!(left_by(&postern, "existing").await, 199);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_adding_to_shared_records_count_exactly() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    postern.sql("INSERT INTO records (id, module, fields) SELECT n, 'Counters', '{\"count\":0}' FROM generate_series(1, 100) n").await;
    let adds = (0..4_000).map(|n| (format!("/trigger?workflow_id=3&record_id={}", n * 7 % 100 + 1), String::new()));
    post_all(&postern, adds.collect()).await;
    // All at once on what waits, so that their bundles are large and share records.
    for _ in 0..4 {
        postern.launch_worker();
    }
    all_ended(&postern, 4_000).await;
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE (fields->>'count')::int = 40").await, 100);
    // Locked in one order, nobody waits in a circle. A session tells the statistics of it at its end.
    postern.workers.iter_mut().for_each(Process::kill);
    let sessions = format!("SELECT count(*) {}", poison::WORKER);
    eventually("their sessions have ended", async || (postern.count(&sessions).await == 0).then_some(())).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(postern.count(deadlocks).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_bundles_frozen_in_one_worker_and_taken_by_another_have_no_effect_twice() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    post_all(&postern, numbered(1, 2_000)).await;
    postern.start_worker_with(&[("POSTERN_CONCURRENCY", "16")]).await;
    eventually("the first worker is at work", async || {
        (postern.count("SELECT count(*) FROM receipts").await > 0).then_some(())
    })
    .await;
    postern.workers[0].freeze();
    eventually("it holds twenty bundles", async || (postern.servers().held().await >= 20).then_some(())).await;
    postern.start_worker().await;
    all_ended_after_a_freeze(&postern, 2_000).await;
    postern.workers[0].thaw();
    // The first one wakes up with bundles that the other has finished; it is back when it is ready again.
    post_all(&postern, numbered(1, 100)).await;
    all_ended(&postern, 2_100).await;
    postern.workers[1].kill();
    post_all(&postern, numbered(1, 100)).await;
    all_ended(&postern, 2_200).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 2_200);
    assert_eq!(postern.count("SELECT count(*) FROM runs").await, 2_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_holds_that_froze_while_it_was_copying_is_free_for_the_others() {
    let postern = Postern::start(SETTINGS).await;
    let other = postern.connection().await;
    let mut stays = pin!(other.copy_in::<_, &[u8]>("COPY run_steps FROM STDIN").await.unwrap());
    let database_url = postern.servers().database_url_of("postern-worker");
    let options = DatabaseOptions::new(database_url, 1);
    let mut frozen = Store::new(&options, "postern-worker").unwrap().connection().await.unwrap();
    let frozen = frozen.transaction().await.unwrap();
    frozen.batch_execute("LOCK TABLE records IN EXCLUSIVE MODE").await.unwrap();
    let _nothing_comes = frozen.copy_in::<_, &[u8]>("COPY run_steps FROM STDIN").await.unwrap();
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "n=1").await["status"], "finished");
    assert_eq!(stays.as_mut().finish().await.unwrap(), 0, "what is no worker is left alone");
}

/// RabbitMQ gives a frozen consumer's messages away after two missed heartbeats, which alone can take as long as
/// anything else may.
async fn all_ended_after_a_freeze(postern: &Postern, count: i64) {
    for _ in 0..2 {
        if postern.count("SELECT count(*) FROM receipts").await < count {
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
    }
    all_ended(postern, count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_message_becomes_a_dead_letter_and_harms_no_other() {
    let postern = Postern::start(SETTINGS).await;
    postern.servers().publish("submissions.v1", b"not json").await;
    postern.servers().publish("from.the.future.v9", b"{}").await;
    assert_eq!(postern.outcome("/trigger?workflow_id=1", "n=1").await["status"], "finished");
    eventually("both are dead letters", async || {
        (postern.count("SELECT count(*) FROM dead_letters").await == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_told_to_stop_finishes_what_it_has_begun() {
    let mut postern = Postern::start(SETTINGS).await;
    post_all(&postern, numbered(1, 500)).await;
    postern.workers[0].terminate();
    assert!(postern.workers[0].ended().await, "{}", postern.workers[0].log());
    let done = postern.count("SELECT count(*) FROM receipts").await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, done);
    postern.start_worker().await;
    all_ended(&postern, 500).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_refer_to_each_other_are_counted_exactly_by_four_workers() {
    let mut postern = Postern::without_worker(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {module: Counters, condition: '$(other: (Counters) there)', next: add}
steps:
  add:
    set_value: {count: '{{ $count + $(other: (Counters) there) + $(third: (Counters) there) - 1 }}'}
",
    )
    .await;
    // Each refers forwards and backwards, so that bundles meet the same records in every order.
    let counters = "INSERT INTO records (id, module, fields) SELECT n, 'Counters',
         json_build_object('count', 0, 'there', 1, 'other', 41 - n, 'third', n % 40 + 1) FROM generate_series(1, 40) n";
    postern.sql(counters).await;
    for _ in 0..4 {
        postern.start_worker().await;
    }
    let adds = (0..800).map(|n| (format!("/trigger?workflow_id=1&record_id={}", n * 7 % 40 + 1), String::new()));
    post_all(&postern, adds.collect()).await;
    all_ended(&postern, 800).await;
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE (fields->>'count')::int = 20").await, 40);
    assert_eq!(postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await, 800);
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_database_is_not_as_it_should_be_at_its_start_waits_for_it() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    post_all(&postern, numbered(1, 10)).await;
    postern.sql("ALTER TABLE workflows RENAME TO hidden").await;
    let worker = postern.launch_worker();
    eventually("it waits", async || worker.log().contains("the database lacks a part of the schema").then_some(()))
        .await;
    postern.sql("ALTER TABLE hidden RENAME TO workflows").await;
    all_ended(&postern, 10).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_link_to_the_broker_swallows_is_not_ready_and_comes_back() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    let (broker, mut url) = (postern.servers().broker_address(), postern.servers().amqp_url.clone());
    let link = Link::within(&mut url, broker).await;
    postern.start_worker_with(&[("AMQP_URL", &url)]).await;
    link.set(Mode::Swallow);
    eventually("it is not ready", async || {
        (private(&mut postern.workers[0], "/health/ready").await.0 == 503).then_some(())
    })
    .await;
    post_all(&postern, numbered(1, 10)).await;
    link.set(Mode::Pass);
    all_ended(&postern, 10).await;
}
