//! The spool has room for submissions however much else waits in it.

use crate::harness::{Postern, eventually, private};

/// Nobody listens there.
const NO_BROKER: (&str, &str) = ("AMQP_URL", "amqp://127.0.0.1:1");

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 2
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 30d}}
";

async fn status(postern: &Postern, workflow: u32) -> u16 {
    postern.post(&format!("/trigger?workflow_id={workflow}")).form("n=1").send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_wait_in_the_spool_take_no_room_of_submissions() {
    let mut postern = Postern::with_ingress(SETTINGS, &[NO_BROKER, ("POSTERN_MAX_SPOOLED", "5")]).await;
    postern.start_worker().await;
    for n in 1..=20 {
        eventually("a run that will wait is accepted", async || (status(&postern, 2).await == 202).then_some(())).await;
        let waiting = "SELECT count(*) FROM runs WHERE state = 'waiting'";
        eventually("it waits", async || (postern.count(waiting).await >= n).then_some(())).await;
    }
    assert!(postern.count("SELECT count(*) FROM spool").await >= 20);
    eventually("what was accepted has left the spool", async || {
        (postern.count("SELECT count(*) FROM spool WHERE kind = 'submissions.v1'").await == 0).then_some(())
    })
    .await;
    // A count of the spool is kept for a second.
    eventually("another lead is accepted", async || (status(&postern, 1).await == 202).then_some(())).await;
    assert_eq!(private(&mut postern.ingress, "/health/ready").await.0, 200);
}
