//! What cannot be executed is kept from the others, tried again alone, and ends where a person finds it.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use postern_shared::id::ReceiptId;
use postern_shared::submission::{self, SUBMISSIONS_V1, Submission, Target, Ticket};

use crate::harness::{Postern, eventually};

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
permission: other
addresses: 127.0.0.2
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
";

/// The sessions of this test's workers.
pub const WORKER: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postern-worker'";

pub fn submission(receipt: ReceiptId) -> Vec<u8> {
    let submission = Submission {
        receipt,
        permission: "test".parse().unwrap(),
        target: Target::Workflow("1".parse().unwrap()),
        record: None,
        env: Arc::default(),
        query: Arc::default(),
        request: Arc::default(),
        dedupe: None,
        read: Vec::new(),
        dropped_files: Vec::new(),
        accepted_at_ms: 0,
        settings_version: 1,
        ticket: Some(Ticket { instance: 5, number: 1 }),
        waits: false,
        traceparent: None,
        tracestate: None,
    };
    submission::encode(&submission).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_outside_the_history_becomes_a_dead_letter_and_its_neighbours_run() {
    let postern = Postern::start(SETTINGS).await;
    let of_1970: ReceiptId = "00000000-0001-7000-8000-000000000000".parse().unwrap();
    let mut bundle: Vec<Vec<u8>> = (0..9).map(|_| submission(ReceiptId::new())).collect();
    bundle
        .push(String::from_utf8(submission(of_1970)).unwrap().replace(r#""number":1"#, r#""number":99"#).into_bytes());
    let body = submission::bundle(bundle.iter().map(Vec::as_slice));
    postern.servers().publish(SUBMISSIONS_V1, &body).await;
    eventually("nine have run", async || (postern.records("Leads").await.len() == 9).then_some(())).await;
    eventually("one is a dead letter", async || {
        (postern.count("SELECT count(*) FROM dead_letters").await == 1).then_some(())
    })
    .await;
    let receipt = postern.call("GET", &format!("/receipts/{of_1970}")).send().await;
    assert_eq!(receipt.json["reason"], "the receipt's time lies outside the kept history", "{}", receipt.json);
    let of_another = postern.call("GET", &format!("/receipts/{of_1970}")).from("127.0.0.2").send().await;
    assert_eq!((of_another.status, of_another.code()), (404, "receipt_unknown"));
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 0);
    postern.sql("DELETE FROM arrived WHERE NOT numbers @> 99::bigint").await;
    assert_eq!(postern.count("SELECT count(*) FROM arrived").await, 1, "a dead letter is no loss");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_submissions_one_that_is_poison_ends_as_a_dead_letter_and_all_others_finish() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    let poison = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.fields->>'n' = '500' THEN RAISE 'poison'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION refuse()";
    postern.connection().await.batch_execute(poison).await.unwrap();
    let post = |n: u32| postern.post("/trigger?workflow_id=1").form(format!("n={n}")).send();
    let answers: Vec<_> = stream::iter((0..1_000).map(post)).buffered(64).collect().await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    postern.start_worker().await;
    eventually("it has had all its tries", async || {
        // Nobody waits between them.
        postern.sql("UPDATE spool SET due_at = now() WHERE due_at > now() AND attempt > 0").await;
        (postern.count("SELECT count(*) FROM dead_letters").await == 1).then_some(())
    })
    .await;
    eventually("999 have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 999).then_some(())
    })
    .await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 999);
    let receipt = postern.ended(&answers[500]).await;
    assert_eq!(receipt["status"], "dead_letter", "{receipt}");
    assert!(receipt["reason"].as_str().unwrap().contains("poison"), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_broke_off_two_workers_is_taken_apart_before_a_third_executes_it() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    // The worker stands still where it creates the record, so that it can be killed with the message in its hands.
    let mut connection = postern.connection().await;
    let locked = connection.transaction().await.unwrap();
    locked.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let accepted = postern.post("/trigger?workflow_id=1").form("n=1").send().await;
    for _ in 0..2 {
        postern.start_worker().await;
        eventually("it has the message", async || {
            (postern.count(&format!("SELECT count(*) {WORKER} AND wait_event_type = 'Lock'")).await > 0).then_some(())
        })
        .await;
        postern.workers.pop().unwrap().kill();
        postern
            .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern-worker'")
            .await;
    }
    locked.rollback().await.unwrap();
    postern.start_worker().await;
    assert_eq!(postern.ended(&accepted).await["status"], "finished");
    assert!(postern.workers[0].log().contains("a message broke off its workers"), "{}", postern.workers[0].log());
    assert_eq!(postern.records("Leads").await.len(), 1);
}
