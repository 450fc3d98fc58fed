//! The worker is killed at each point between the request and the commit of what came of it.

use std::time::{Duration, Instant};

use postern_vtiger::{Fault, Variant};

use super::{Crm, ENVIRONMENT, WITH_KEY, path};
use crate::harness::eventually;

/// Longer than the worker lives.
const LONG: Duration = Duration::from_secs(600);

/// At which call the worker is killed, and whether vtiger has done the call by then.
const POINTS: [(&str, Fault); 6] = [
    ("getchallenge", Fault::Slow(LONG)),
    ("login", Fault::SilentAfter(LONG)),
    ("describe", Fault::Slow(LONG)),
    ("query", Fault::SilentAfter(LONG)),
    ("create", Fault::Slow(LONG)),
    ("create", Fault::SilentAfter(LONG)),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_any_call_leaves_one_lead_of_a_key() {
    let mut crm = Crm::start(Variant::A, WITH_KEY).await;
    let mut answers = Vec::new();
    for (n, (operation, fault)) in POINTS.into_iter().enumerate() {
        // A worker that has just started has neither a session nor a description.
        crm.kill_worker().await;
        crm.vtiger.heal();
        crm.vtiger.fault(operation, fault, 1, 1);
        let before = crm.vtiger.calls(operation);
        answers.extend(crm.post_leads(n..n + 1).await);
        crm.postern.start_worker_with(&ENVIRONMENT).await;
        eventually("vtiger is being called", async || (crm.vtiger.calls(operation) > before).then_some(())).await;
    }
    crm.replace_worker().await;
    crm.vtiger.heal();
    for answer in &answers {
        let run = crm.run(answer).await;
        assert_eq!(path(&run).last().map(String::as_str), Some("done created"), "{run}");
    }
    let emails = crm.values("email");
    assert_eq!((emails.len(), emails.values().max()), (POINTS.len(), Some(&1)), "{emails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_before_it_commits_an_answer_leaves_one_lead() {
    let mut crm = Crm::start(Variant::B, WITH_KEY).await;
    crm.vtiger.fault("create", Fault::SilentAfter(Duration::from_secs(2)), 1, 1);
    let answer = crm.post_leads(0..1).await.remove(0);
    eventually("the lead is there", async || (crm.vtiger.records("Leads").len() == 1).then_some(())).await;
    let holder = crm.postern.connection().await;
    holder.batch_execute("BEGIN; LOCK TABLE outside_calls IN ACCESS EXCLUSIVE MODE").await.unwrap();
    eventually("the answer waits to be written", async || {
        (crm.postern.waiting_for_a_lock("%outside_calls::complete%").await > 0).then_some(())
    })
    .await;
    crm.postern.workers.pop().unwrap().kill();
    holder.batch_execute("ROLLBACK").await.unwrap();
    crm.postern.start_worker_with(&ENVIRONMENT).await;
    let run = crm.run(&answer).await;
    assert_eq!(path(&run), ["lead created", "done created"], "{run}");
    assert_eq!(crm.vtiger.records("Leads").len(), 1);
}

const WITHOUT_KEY: &str = "
workflow: 77
start: {module: Leads, without_record: true, next: lead}
steps:
  lead: {create_record: Leads, fields: {lastname: '$env[\"lastname\"]', email: '$env[\"email\"]'}}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_a_create_without_a_key_asks_a_person() {
    let mut crm = Crm::start(Variant::B, WITHOUT_KEY).await;
    // Of two calls one is done and one is not when the worker is killed.
    crm.vtiger.fault("create", Fault::Slow(LONG), 1, 1);
    crm.vtiger.fault("create", Fault::SilentAfter(LONG), 1, 1);
    let answers = crm.post_leads(0..2).await;
    eventually("vtiger is being called", async || (crm.vtiger.calls("create") == 2).then_some(())).await;
    crm.replace_worker().await;
    crm.vtiger.heal();
    // A call may take its time-out before its outcome counts as unknown.
    let end = Instant::now() + Duration::from_secs(120);
    let asked = "SELECT count(*) FROM runs WHERE state = 'needs_attention'";
    while crm.postern.count(asked).await < 2 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    for answer in &answers {
        assert_eq!(crm.run(answer).await["status"], "needs_attention");
    }
    assert_eq!(crm.vtiger.records("Leads").len(), 1);
}
