//! A database that is too slow for anybody: leads wait, and nothing is given up.

use postern_shared::id::ReceiptId;
use postern_shared::submission::{self, SUBMISSIONS_V1};
use serde_json::Value;

use super::slow::{metric, steps};
use crate::harness::{Postern, SOON, eventually, private};
use crate::poison;

/// Every commit that touches `table` is cancelled as by the time limit, so many times.
async fn cancel_commits(postern: &Postern, table: &str, times: u32) {
    let trigger = format!(
        "CREATE SEQUENCE cancelled;
         CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             IF nextval('cancelled') <= {times} THEN
                 RAISE 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled';
             END IF; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER cancel AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION cancel()"
    );
    postern.connection().await.batch_execute(&trigger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_cancelled_by_the_time_limit_cost_no_attempt() {
    let mut postern = Postern::start(&steps("  a: {create_record: Leads}")).await;
    cancel_commits(&postern, "runs", 9).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    assert!(postern.count("SELECT last_value FROM cancelled").await > 9, "nothing was cancelled");
    assert_eq!(postern.records("Leads").await.len(), 1);
    let nothing = "SELECT (SELECT count(*) FROM dead_letters) + (SELECT count(*) FROM spool)";
    assert_eq!(postern.count(nothing).await, 0);
    assert!(metric(&mut postern, "postern_bundles_redone_total{reason=\"slow\"}").await >= 9);
    assert_eq!(metric(&mut postern, "postern_bundles_redone_total{reason=\"refused\"}").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_outlasts_commits_that_are_cancelled() {
    let postern = Postern::start(&steps("  a: {delay: {for: 1s}, next: b}\n  b: {create_record: Leads}")).await;
    cancel_commits(&postern, "records", 9).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    assert!(postern.count("SELECT last_value FROM cancelled").await > 9, "nothing was cancelled");
    assert_eq!(postern.records("Leads").await.len(), 1);
    assert!(!postern.workers[0].log().contains("was refused"), "{}", postern.workers[0].log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_31_s_is_waited_for() {
    let postern = Postern::start(&steps("  a: {create_record: Leads}")).await;
    let sleeps = "CREATE SEQUENCE slept;
        CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            IF nextval('slept') = 1 THEN PERFORM pg_sleep(31); END IF; RETURN NULL; END $$;
        CREATE TRIGGER sleep AFTER INSERT ON runs FOR EACH STATEMENT EXECUTE FUNCTION sleep()";
    postern.connection().await.batch_execute(sleeps).await.unwrap();
    let accepted = postern.post("/trigger?workflow_id=1").form("").send().await;
    tokio::time::sleep(SOON).await;
    let receipt: Value = postern.ended(&accepted).await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    assert_eq!(postern.records("Leads").await.len(), 1);
    assert!(postern.workers[0].log().contains("waits for postgresql"), "{}", postern.workers[0].log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_cancelled_each_time_holds_up_no_other() {
    let mut postern = Postern::start(&steps("  a: {create_record: Leads}")).await;
    let receipts: Vec<ReceiptId> = (0..3).map(|_| ReceiptId::new()).collect();
    let cancel = format!(
        "CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014'; END $$;
         CREATE TRIGGER cancel BEFORE INSERT ON receipts FOR EACH ROW WHEN (NEW.id = '{}') EXECUTE FUNCTION cancel()",
        receipts[1]
    );
    postern.connection().await.batch_execute(&cancel).await.unwrap();
    let bundle: Vec<Vec<u8>> = receipts.iter().map(|receipt| poison::submission(*receipt)).collect();
    postern.servers().publish(SUBMISSIONS_V1, &submission::bundle(bundle.iter().map(Vec::as_slice))).await;
    eventually("the others have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    eventually("readiness tells of the one that waits", async || {
        let (status, text) = private(&mut postern.workers[0], "/health/ready").await;
        (status == 503 && text.contains("postgresql took too long")).then_some(())
    })
    .await;
    let log = postern.workers[0].log();
    let lines = log.lines().filter(|line| line.contains("waits for postgresql")).count();
    assert!((1..=4).contains(&lines), "{lines}:\n{log}");
    postern.sql("DROP TRIGGER cancel ON receipts").await;
    eventually("it has run", async || (postern.records("Leads").await.len() == 3).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}
