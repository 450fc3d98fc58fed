//! A machine's clock that jumps: what cannot be kept is refused before its 202, and nothing of the jump stays behind.

use serde_json::json;

use crate::harness::call::Answer;
use crate::harness::fake_clock::FakeClock;
use crate::harness::outside::Outside;
use crate::harness::{DEMO, Postern, eventually, private};

async fn post(postern: &Postern, n: u32) -> Answer {
    postern.post("/trigger?workflow_id=77").form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await
}

async fn with_clock(clock: &FakeClock) -> Postern {
    let mut postern = Postern::with_ingress(DEMO, &clock.environment()).await;
    postern.start_worker().await;
    postern
}

/// Leads are accepted, with receipts of this time, and finish.
async fn all_is_well(postern: &mut Postern, n: u32) {
    let answer = eventually("leads are accepted", async || {
        let answer = post(postern, n).await;
        (answer.status == 202).then_some(answer)
    })
    .await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let receipt = answer.json["receipt"].as_str().unwrap().to_owned();
    let age = format!(
        "SELECT abs(extract(epoch FROM now() - accepted_at))::bigint FROM receipts
         WHERE id = '{receipt}' AND id > postern_uuid_floor(now() - interval '5 minutes')
            AND id < postern_uuid_floor(now() + interval '5 minutes')"
    );
    assert!(postern.count(&age).await < 300, "{receipt} has another time");
    assert_eq!(private(&mut postern.ingress, "/health/ready").await, (200, "ready\n".to_owned()));
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_outside_the_history_refuses_leads_until_it_is_back() {
    let clock = FakeClock::new();
    let mut postern = with_clock(&clock).await;
    all_is_well(&mut postern, 0).await;
    for (n, offset) in [(1, "+40d"), (2, "-40d"), (3, "+4000d")] {
        clock.is_off_by(offset);
        let refused = post(&postern, n).await;
        assert_eq!((refused.status, refused.code()), (503, "unavailable"), "{offset}: {}", refused.json);
        assert!(refused.json["error"]["message"].as_str().unwrap().contains("clock"), "{}", refused.json);
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
        let (status, reason) = private(&mut postern.ingress, "/health/ready").await;
        assert!(status == 503 && reason.contains("the clock of this machine shows"), "{offset}: {reason}");
        clock.is_off_by("+0");
        all_is_well(&mut postern, n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_within_the_history_leaves_no_trace_when_it_is_back() {
    let clock = FakeClock::new();
    let mut postern = with_clock(&clock).await;
    for (n, offset) in [(1, "+20d"), (3, "-2h")] {
        clock.is_off_by(offset);
        let meanwhile = post(&postern, n).await;
        assert_eq!(meanwhile.status, 202, "{}", meanwhile.json);
        assert_eq!(postern.ended(&meanwhile).await["status"], "finished");
        clock.is_off_by("+0");
        all_is_well(&mut postern, n + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_is_as_long_as_it_is_for_a_worker_whose_clock_is_wrong() {
    let settings = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: first}
steps:
  first: {delay: {for: 1s}, next: second}
  second: {delay: {for: 1s}}
";
    for offset in ["+40d", "-40d"] {
        let clock = FakeClock::new();
        clock.is_off_by(offset);
        let mut postern = Postern::without_worker(settings).await;
        postern.start_worker_with(&clock.environment()).await;
        let answer = postern.post("/trigger").form("n=1").send().await;
        assert_eq!(postern.ended(&answer).await["status"], "finished", "{offset}");
        let early = "SELECT count(*) FROM receipts WHERE id > postern_uuid_floor(now() - interval '2 s')";
        assert_eq!(postern.count(early).await, 0, "{offset}: it did not wait");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_comes_in_its_time_for_a_worker_whose_clock_is_wrong() {
    let settings = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: call}
steps: {call: {http_request: '$env[\"url\"]', any_host: true, retries: 1}}
";
    let clock = FakeClock::new();
    clock.is_off_by("+40d");
    let target = Outside::start().await;
    let mut postern = Postern::without_worker(settings).await;
    let environment = [clock.environment().as_slice(), &[("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")]].concat();
    postern.start_worker_with(&environment).await;
    let answer = postern.post("/trigger").form(format!("url={}", target.url("/later"))).send().await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    assert_eq!(target.got().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_permission_of_a_wrong_clock_costs_no_lead() {
    let clock = FakeClock::new();
    let expires = "permission: soon\naddresses: 127.0.0.2\nworkflows: [77]\nexpires: 2099-01-01";
    let mut postern = Postern::with_ingress(&format!("{DEMO}\n---\n{expires}"), &clock.environment()).await;
    postern.start_worker().await;
    clock.is_off_by("+40000d");
    let path = "/trigger?workflow_id=77";
    let form = "lastname=Lovelace&email=ada@example.org";
    let answer = postern.post(path).from("127.0.0.2").form(form).send().await;
    assert_eq!((answer.status, answer.code()), (503, "unavailable"), "{}", answer.json);
    assert_eq!(
        postern.post(path).from("127.0.0.3").form(form).send().await.json["error"]["code"],
        json!("address_denied")
    );
}
