//! Each fault of vtiger in turn, with many leads: none is lost and none is doubled.

use std::time::Duration;

use postern_vtiger::{Fault, Variant};

use super::{Crm, WITH_KEY, path};
use crate::harness::{eventually, private};

/// Leads that are posted under each fault.
const LEADS: usize = 30;

async fn all_end_right_under(variant: Variant, faults: &[(&str, Fault, usize)]) {
    let crm = Crm::start(variant, WITH_KEY).await;
    for (n, (operation, fault, every)) in faults.iter().enumerate() {
        crm.vtiger.fault(operation, *fault, *every, LEADS);
        let answers = crm.post_leads(n * LEADS..(n + 1) * LEADS).await;
        for answer in &answers {
            let run = crm.run(answer).await;
            let steps: Vec<String> = path(&run).into_iter().filter(|step| step != "lead -").collect();
            assert_eq!(steps, ["lead created", "done created"], "{operation} {fault:?}: {run}");
        }
        crm.vtiger.heal();
        let emails = crm.values("email");
        assert_eq!(emails.len(), (n + 1) * LEADS, "{operation} {fault:?}");
        assert!(emails.values().all(|count| *count == 1), "{operation} {fault:?}: {emails:?}");
    }
    assert_eq!(crm.postern.count("SELECT count(*) FROM claims WHERE scope LIKE 'connection %'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_created_once_while_sessions_are_lost_and_log_ins_break() {
    let faults = [
        ("create", Fault::LoseSession, 3),
        ("query", Fault::LoseSession, 2),
        ("login", Fault::HangUpAfter, 2),
        ("getchallenge", Fault::BrokenBefore, 2),
    ];
    all_end_right_under(Variant::A, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_created_once_while_answers_are_broken() {
    for (variant, faults) in [
        (
            Variant::A,
            [("create", Fault::BrokenAfter, 2), ("create", Fault::BrokenBefore, 4), ("query", Fault::HangUpBefore, 5)],
        ),
        (
            Variant::B,
            [("create", Fault::HangUpAfter, 2), ("create", Fault::HangUpBefore, 4), ("query", Fault::BrokenAfter, 5)],
        ),
    ] {
        all_end_right_under(variant, &faults).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_leads_at_once_are_created_once_each() {
    let crm = Crm::start(Variant::B, WITH_KEY).await;
    crm.vtiger.fault("create", Fault::BrokenAfter, 50, 20);
    crm.vtiger.fault("query", Fault::LoseSession, 100, 20);
    let answers = crm.post_leads(0..1_000).await;
    for answer in &answers {
        assert_eq!(crm.run(answer).await["status"], "finished");
    }
    let emails = crm.values("email");
    assert_eq!((emails.len(), emails.values().max()), (1_000, Some(&1)));
    assert!(crm.vtiger.crm().session_count() <= 4 + 20, "{} sessions", crm.vtiger.crm().session_count());
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_one_key_at_once_are_one_lead() {
    let crm = Crm::start(Variant::A, WITH_KEY).await;
    crm.vtiger.fault("create", Fault::Slow(Duration::from_millis(300)), 1, 5);
    let mut all = Vec::new();
    for _ in 0..10 {
        all.extend(crm.post_leads(0..1).await);
    }
    let mut created = 0;
    for answer in &all {
        created += usize::from(path(&crm.run(answer).await).contains(&"lead created".to_owned()));
    }
    assert_eq!((created, crm.vtiger.records("Leads").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_vtiger_is_away_its_runs_wait_and_others_go_on() {
    let other = format!(
        "{WITH_KEY}---
workflow: 78
start: {{without_record: true, next: note}}
steps:
  note: {{create_record: Notes, fields: {{n: '$env[\"n\"]'}}}}
---
permission: other
addresses: 127.0.0.1
workflows: [78]
"
    );
    let mut crm = Crm::start(Variant::B, &other).await;
    crm.vtiger.go_away();
    let answers = crm.post_leads(0..LEADS).await;
    for n in 0..LEADS {
        let path = "/trigger?workflow_id=78";
        let answer = crm.postern.post(path).form(format!("n={n}")).send().await;
        assert_eq!(crm.postern.ended(&answer).await["status"], "finished");
    }
    assert_eq!(crm.postern.count("SELECT count(*) FROM runs WHERE workflow = 77 AND state <> 'waiting'").await, 0);
    let away = "postern_connection_away{connection=\"crm\"} 1\n";
    eventually("the metric names the connection", async || {
        private(&mut crm.postern.workers[0], "/metrics").await.1.contains(away).then_some(())
    })
    .await;
    crm.vtiger.come_back().await;
    for answer in &answers {
        assert_eq!(crm.run(answer).await["status"], "finished");
    }
    assert_eq!(crm.vtiger.records("Leads").len(), LEADS);
}

const WITHOUT_KEY: &str = "
workflow: 77
start: {module: Leads, without_record: true, next: lead}
steps:
  lead: {create_record: Leads, fields: {lastname: '$env[\"lastname\"]', email: '$env[\"email\"]'}, unknown: ask}
";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_an_unknown_outcome_is_asked_for_or_repeated() {
    let crm = Crm::start(Variant::A, WITHOUT_KEY).await;
    crm.vtiger.fault("create", Fault::BrokenAfter, 1, 1);
    let answer = &crm.post_leads(0..1).await[0];
    let run = crm.run(answer).await;
    assert_eq!(run["status"], "needs_attention", "{run}");
    assert_eq!(crm.vtiger.records("Leads").len(), 1);
    let settings = WITHOUT_KEY.replace("unknown: ask", "unknown: repeat");
    crm.postern.apply(&settings).await;
    crm.vtiger.fault("create", Fault::BrokenAfter, 1, 1);
    assert_eq!(crm.run(&crm.post_leads(1..2).await[0]).await["status"], "finished");
    assert_eq!(crm.values("email").get("1@example.org"), Some(&2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_under_the_number_zero_needs_attention_and_is_not_doubled() {
    let crm = Crm::start(Variant::A, WITH_KEY).await;
    crm.vtiger.fault("create", Fault::ZeroId, 1, 1);
    let run = crm.run(&crm.post_leads(0..1).await[0]).await;
    assert_eq!(run["status"], "needs_attention", "{run}");
    assert!(run["message"].as_str().unwrap().contains("under the number 0"), "{run}");
    assert_eq!(crm.vtiger.records("Leads").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_on_another_branch_gives_its_unique_value_free() {
    let halt = WITH_KEY.replace("next: lead", "next: [lead, halt]") + "  halt: {stop: failed}\n";
    let crm = Crm::start(Variant::A, &halt).await;
    crm.vtiger.fault("create", Fault::BrokenBefore, 1, 1);
    let run = crm.run(&crm.post_leads(0..1).await[0]).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(path(&run), ["lead -", "halt -"], "{run}");
    assert_eq!(crm.postern.count("SELECT count(*) FROM claims WHERE scope LIKE 'connection %'").await, 0);
}
