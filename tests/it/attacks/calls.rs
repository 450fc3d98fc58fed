//! A target that is silent, or several, or a mail server, or a workflow that makes up names of hosts: their calls wait,
//! and nothing else does.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::Method;

use crate::harness::call::{Answer, Call};
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::servers::Servers;
use crate::harness::{Postern, apply, eventually, private};
use crate::standalone::Standalone;

const ALLOWED: (&str, &str) = ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8");

/// Far above what it takes, and far below the time-out of a single silent call.
const SOON: Duration = Duration::from_secs(15);

/// Workflow 1 calls, 2 does so as well, 3 waits for a second, 4 starts a run of 5, 6 mails.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 4, 6]
---
workflow: 1
start: {without_record: true, next: call}
steps: {call: {http_request: '$env[\"url\"]', any_host: true, json: {n: 1}}}
---
workflow: 2
start: {without_record: true, next: call}
steps: {call: {http_request: '$env[\"url\"]', any_host: true, json: {n: 2}}}
---
workflow: 3
start: {without_record: true, next: wait}
steps: {wait: {delay: {for: 1s}}}
---
workflow: 4
start: {without_record: true, next: start}
steps: {start: {run_workflow: 5}}
---
workflow: 5
start: {without_record: true, next: make}
steps: {make: {create_record: Children}}
---
workflow: 6
start: {without_record: true, next: tell}
steps: {tell: {send_mail: '$env[\"to\"]', subject: a, text: b}}
";

async fn post(postern: &Postern, workflow: u32, form: &str) -> Answer {
    let answer = postern.post(&format!("/trigger?workflow_id={workflow}")).form(form).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

async fn post_many(postern: &Postern, workflow: u32, form: &str, count: usize) {
    for _ in 0..count.div_ceil(50) {
        join_all((0..50.min(count)).map(|_| post(postern, workflow, form))).await;
    }
}

/// Posts what must finish, and soon.
async fn finishes(postern: &Postern, workflow: u32, form: &str) {
    let began = Instant::now();
    let receipt = postern.ended(&post(postern, workflow, form).await).await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    assert!(began.elapsed() < SOON, "workflow {workflow} took {:?}", began.elapsed());
}

/// A call of another workflow, a delay, and a run that starts a run.
async fn others_go_on(postern: &Postern, good: &Outside) {
    let form = format!("url={}", good.url("/leads"));
    tokio::join!(finishes(postern, 2, &form), finishes(postern, 3, ""), finishes(postern, 4, ""));
}

async fn are_asked(targets: &[Outside]) {
    eventually("every target is asked", async || targets.iter().all(|target| !target.got().is_empty()).then_some(()))
        .await;
}

async fn start(environment: &[(&str, &str)]) -> (Postern, Outside) {
    let mut postern = Postern::without_worker(SETTINGS).await;
    postern.start_worker_with(&[&[ALLOWED], environment].concat()).await;
    (postern, Outside::start().await)
}

async fn targets(count: usize) -> Vec<Outside> {
    join_all((0..count).map(|_| Outside::start())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_target_holds_up_no_call_no_delay_and_no_child_of_others() {
    let (postern, good) = start(&[]).await;
    let silent = targets(1).await;
    post_many(&postern, 1, &format!("url={}", silent[0].url("/silent")), 200).await;
    are_asked(&silent).await;
    others_go_on(&postern, &good).await;
    // It has a part of the slots; the others of its calls wait, and the receipt names what for.
    assert!(silent[0].got().len() < 100, "{} at a time", silent[0].got().len());
    let messages = "SELECT count(*) FROM runs WHERE state = 'waiting' AND message LIKE '%\"waits-for-target\"%'";
    eventually("all wait for it", async || (postern.count(messages).await == 200).then_some(())).await;
    silent[0].speak();
    eventually("all have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE workflow = 1 AND state = 'finished'").await == 200)
            .then_some(())
    })
    .await;
    assert_eq!(silent[0].keys().len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_mail_server_holds_up_no_call_no_delay_and_no_child_of_others() {
    let server = MailServer::start().await;
    let url = server.url();
    let (postern, good) = start(&[("POSTERN_SMTP_URL", &url), ("POSTERN_MAIL_FROM", "leads@example.com")]).await;
    post_many(&postern, 6, "to=silent@example.org", 100).await;
    eventually("mails are on their way", async || (server.got().len() > 10).then_some(())).await;
    others_go_on(&postern, &good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_silent_targets_leave_room_for_the_next() {
    let (postern, good) = start(&[]).await;
    let silent = targets(5).await;
    for target in &silent {
        post_many(&postern, 1, &format!("url={}", target.url("/silent")), 50).await;
    }
    are_asked(&silent).await;
    others_go_on(&postern, &good).await;
}

/// Each of 20 more workflows calls.
fn of_many_workflows() -> String {
    let numbers: Vec<String> = (10..30).map(|number| number.to_string()).collect();
    let workflow = |number: &String| {
        let call = "{http_request: '$env[\"url\"]', any_host: true, json: {n: 1}}";
        format!("---\nworkflow: {number}\nstart: {{without_record: true, next: call}}\nsteps: {{call: {call}}}\n")
    };
    let settings = SETTINGS.replace("[1, 2, 3, 4, 6]", &format!("[1, 2, 3, 4, 6, {}]", numbers.join(", ")));
    settings + &numbers.iter().map(workflow).collect::<String>()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_targets_of_many_workflows_leave_room_for_a_quick_one() {
    let mut postern = Postern::without_worker(&of_many_workflows()).await;
    postern.start_worker_with(&[ALLOWED, ("POSTERN_OUTSIDE_CONCURRENCY", "8")]).await;
    let good = Outside::start().await;
    others_go_on(&postern, &good).await;
    let silent = targets(20).await;
    for (number, target) in (10..30).zip(&silent) {
        post_many(&postern, number, &format!("url={}", target.url("/silent")), 5).await;
    }
    eventually("most slots are taken", async || {
        (silent.iter().map(|target| target.got().len()).sum::<usize>() >= 6).then_some(())
    })
    .await;
    others_go_on(&postern, &good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_with_many_silent_targets_leaves_room_for_others() {
    let (postern, good) = start(&[("POSTERN_OUTSIDE_CONCURRENCY", "32")]).await;
    let silent = targets(50).await;
    let urls: Vec<String> = silent.iter().map(|target| format!("url={}", target.url("/silent"))).collect();
    for _ in 0..3 {
        join_all(urls.iter().map(|form| post(&postern, 1, form))).await;
    }
    eventually("some are asked", async || (silent.iter().any(|one| !one.got().is_empty())).then_some(())).await;
    others_go_on(&postern, &good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standalone_a_silent_target_holds_up_nothing_else() {
    let servers = Servers::new().await;
    let standalone = Standalone::on_with(&servers, &[ALLOWED]).await;
    let options = DatabaseOptions::new(&servers.database_url, 2);
    apply(&Store::new(&options, "postern-tests").unwrap(), SETTINGS).await;
    let (good, silent) = (Outside::start().await, Outside::start().await);
    let post = async |workflow: u32, form: String| {
        let path = format!("/trigger?workflow_id={workflow}");
        Call::new(Method::POST, standalone.public, &path).form(form).send().await
    };
    let url = format!("url={}", silent.url("/silent"));
    eventually("the settings are in force", async || (post(1, url.clone()).await.status == 202).then_some(())).await;
    join_all((0..150).map(|_| post(1, url.clone()))).await;
    eventually("it is asked", async || (silent.got().len() > 40).then_some(())).await;
    for (workflow, ended) in [(2, 2), (3, 3), (4, 5)] {
        let began = Instant::now();
        post(workflow, format!("url={}", good.url("/leads"))).await;
        let finished = format!("SELECT count(*) FROM runs WHERE workflow = {ended} AND state = 'finished'");
        eventually("it has finished", async || (standalone.count(&finished).await == 1).then_some(())).await;
        assert!(began.elapsed() < SOON, "workflow {workflow} took {:?}", began.elapsed());
    }
}

const QUICK: &str = "
workflow: 1
start: {without_record: true, next: call}
steps: {call: {http_request: '$env[\"url\"]', any_host: true, json: {n: 1}, timeout: 1s, retries: 3}}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_target_rests_and_what_waits_for_it_costs_no_try() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    postern.apply(QUICK).await;
    postern.start_worker_with(&[ALLOWED]).await;
    let silent = targets(1).await;
    post_many(&postern, 1, &format!("url={}", silent[0].url("/silent")), 150).await;
    let metrics = async |worker: &mut _, line: &str| private(worker, "/metrics").await.1.contains(line).then_some(());
    let worker = &mut postern.workers[0];
    eventually("it rests", async || metrics(worker, "postern_outside_breakers_open 1\n").await).await;
    let asked = silent[0].got().len();
    eventually("a row waits while it rests", async || {
        let waits =
            postern.count("SELECT count(*) FROM spool WHERE lane = 6 AND due_at < now() - interval '3 s'").await;
        (waits > 0).then_some(())
    })
    .await;
    assert!(silent[0].got().len() <= asked + 60, "{asked}, then {}", silent[0].got().len());
    silent[0].speak();
    eventually("all have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 150).then_some(())
    })
    .await;
    let worker = &mut postern.workers[0];
    eventually("it rests no more", async || metrics(worker, "postern_outside_breakers_open 0\n").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_call_that_has_waited_too_long_fails_unasked() {
    let mut postern = Postern::without_worker(SETTINGS).await;
    postern.apply(&QUICK.replace("retries: 3", "retries: 0")).await;
    postern.start_worker_with(&[ALLOWED]).await;
    let silent = targets(1).await;
    post_many(&postern, 1, &format!("url={}", silent[0].url("/silent")), 150).await;
    let worker = &mut postern.workers[0];
    eventually("it rests", async || {
        private(worker, "/metrics").await.1.contains("postern_outside_breakers_open 1\n").then_some(())
    })
    .await;
    // The first that waits, as if it had waited for long; after that the next.
    let grow_old = "WITH aged AS (UPDATE spool SET due_at = due_at - interval '11 min' WHERE id = (
            SELECT id FROM spool WHERE lane = 6 AND due_at <= now() ORDER BY due_at LIMIT 1)
        AND NOT EXISTS (SELECT FROM spool WHERE due_at < now() - interval '5 min') RETURNING id)
        SELECT count(*) FROM aged";
    let (aged, unasked) = (AtomicI64::new(0), "SELECT count(*) FROM runs WHERE message LIKE '%\"target-rests\"%'");
    eventually("some have failed", async || {
        aged.fetch_add(postern.count(grow_old).await, Ordering::Relaxed);
        (postern.count(unasked).await >= 3).then_some(())
    })
    .await;
    let (unasked, aged) = (postern.count(unasked).await, aged.into_inner());
    assert!(unasked <= aged, "{unasked} have failed, {aged} have waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_from_a_hundred_thousand_calls_of_one_target_is_quick() {
    let (mut postern, good) = start(&[]).await;
    postern.workers.pop().unwrap().kill();
    let silent = targets(1).await;
    // Messages of runs that do not exist: each is taken, and found to be nothing.
    let body = r#"{"receipt":"0193a5c8-7d00-7abc-8def-0123456789ab","number":1,"workflow":1,"revision":1}"#;
    let target = silent[0].url("");
    postern
        .sql(&format!(
            "INSERT INTO spool (lane, kind, body, attempt, due_at, workflow, target)
            SELECT 6, 'resume.v1', '{body}', 0, now() - interval '1 s', 1, '{target}' FROM generate_series(1, 100000)"
        ))
        .await;
    postern.start_worker_with(&[ALLOWED]).await;
    others_go_on(&postern, &good).await;
    let left = postern.count("SELECT count(*) FROM spool WHERE lane = 6").await;
    assert!(left > 0, "they waited behind one another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_row_came_back_in_another_lane_is_made() {
    let (mut postern, silent) = start(&[]).await;
    post(&postern, 1, &format!("url={}", silent.url("/silent"))).await;
    let among_the_calls = "SELECT count(*) FROM spool WHERE lane = 6";
    eventually("it is called", async || (postern.count(among_the_calls).await == 1).then_some(())).await;
    postern.workers.pop().unwrap().kill();
    // As the replay of a dead letter does.
    let moved = "WITH gone AS (DELETE FROM spool WHERE lane = 6 RETURNING kind, body)
        INSERT INTO spool (lane, kind, body, attempt, due_at) SELECT 1, kind, body, 0, now() FROM gone";
    assert_eq!(postern.sql(moved).await, 1);
    postern.start_worker_with(&[ALLOWED]).await;
    eventually("it is called again", async || (postern.count(among_the_calls).await == 1).then_some(())).await;
}
