//! Runs that search, compute or hold too much: the others go on.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use postern_shared::id::ReceiptId;
use postern_shared::message::Message;
use postern_shared::store::run_steps::Step;
use postern_shared::submission::{self, SUBMISSIONS_V1};

use crate::harness::servers::Servers;
use crate::harness::{Postern, apply, eventually, private};
use crate::poison;
use crate::standalone::Standalone;
use crate::workflows::settings;

/// Workflow 1 with these steps, the first of which is `a`; workflow 2 ends at once.
pub fn steps(steps: &str) -> String {
    settings(&format!(
        "---\nworkflow: 1\nstart: {{without_record: true, next: a}}\nsteps:\n{steps}\n\
         ---\nworkflow: 2\nstart: {{without_record: true, next: end}}\nsteps: {{end: {{stop: finished}}}}\n"
    ))
}

/// Searches for what is not there by a field that has no index, again and again.
const SEARCH_FOR_EVER: &str = "  a: {find_record: Leads, where: {company: {contains: nowhere}}, not_found: a}";

/// Computes for as long as a run may.
fn compute_for_ever() -> String {
    let mut values = String::new();
    for n in 0..40 {
        let _ = write!(values, "x{n}: '{{{{ range(1, 9000)|sum }}}}', ");
    }
    format!("  a: {{set_env: {{{values}}}, next: a}}")
}

/// Far above what others need, and far below what they would wait for a slow run.
const PROMPT: Duration = Duration::from_secs(8);

async fn make_records(postern: &Postern, count: u32) {
    let records = format!(
        "INSERT INTO records (module, fields)
         SELECT 'Leads', jsonb_build_object('company', repeat(md5(n::text), 3)) FROM generate_series(1, {count}) n"
    );
    postern.sql(&records).await;
}

/// The number of a metric of the worker.
pub async fn metric(postern: &mut Postern, name: &str) -> u64 {
    let metrics = private(&mut postern.workers[0], "/metrics").await.1;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
}

/// A submission of workflow 2 finishes soon.
async fn another_finishes(postern: &Postern) {
    let began = Instant::now();
    assert_eq!(postern.outcome("/trigger?workflow_id=2", "").await["status"], "finished");
    assert!(began.elapsed() < PROMPT, "another lead waited {:?}", began.elapsed());
}

/// Posts workflow 1 several times.
async fn post(postern: &Postern, count: usize, form: &str) {
    for _ in 0..count {
        assert_eq!(postern.post("/trigger?workflow_id=1").form(form.to_owned()).send().await.status, 202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_many_steps_do_not_fill_one_transaction() {
    let mut documents = steps("  a: {set_env: {n: '1'}, next: a}");
    for workflow in 11..=18 {
        let _ = write!(
            documents,
            "---\nworkflow: {workflow}\nstart: {{triggers: [go], without_record: true, next: a}}\n\
             steps: {{a: {{set_env: {{n: '1'}}, next: a}}}}\n"
        );
    }
    let postern = Postern::start(&documents).await;
    assert_eq!(postern.post("/trigger?workflow_trigger=go").send().await.status, 202);
    another_finishes(&postern).await;
    let failed = "SELECT count(*) FROM runs WHERE state = 'failed'";
    eventually("all have looped", async || (postern.count(failed).await == 8).then_some(())).await;
    let mut together: HashMap<String, usize> = HashMap::new();
    for (transaction, steps) in postern.steps().await {
        *together.entry(transaction).or_default() += steps.len();
    }
    let most = together.into_values().max().unwrap();
    assert!(most < 15_000, "{most} steps in one transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_search_in_a_loop_go_on_alone_and_others_are_prompt() {
    let mut postern = Postern::start(&steps(SEARCH_FOR_EVER)).await;
    make_records(&postern, 60_000).await;
    post(&postern, 12, "").await;
    for _ in 0..10 {
        another_finishes(&postern).await;
    }
    let went_alone = |steps: &[Step]| {
        let mut messages = steps.iter().filter_map(|step| step.message.as_ref());
        messages.any(|message| matches!(message, Message::WentOnAlone { .. }))
    };
    let alone = async || postern.steps().await.iter().filter(|(_, steps)| went_alone(steps)).count();
    eventually("all of them have left", async || (alone().await >= 12).then_some(())).await;
    let long = "SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::bigint FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'postern-worker'";
    assert!(postern.count(long).await < 20, "a transaction goes on for ever");
    assert!(metric(&mut postern, "postern_runs_slow_total{reason=\"database\"}").await >= 12);
    assert_eq!(metric(&mut postern, "postern_runs_slow_total{reason=\"memory\"}").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_each_search_a_little_together_do_not_hold_up_another() {
    let once = "  a: {find_record: Leads, where: {company: {contains: '$env[\"n\"]'}}, found: end, not_found: end}\n  \
                end: {stop: finished}";
    let mut postern = Postern::without_worker(&steps(once)).await;
    make_records(&postern, 60_000).await;
    for n in 0..80 {
        post(&postern, 1, &format!("n=nowhere{n}")).await;
    }
    postern.start_worker().await;
    another_finishes(&postern).await;
    eventually("all have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 81).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delayed_runs_that_search_in_a_loop_do_not_hold_up_other_delays() {
    let slow = format!(
        "  a: {{delay: {{for: 1s}}, next: b}}\n{}",
        SEARCH_FOR_EVER.replace("a:", "b:").replace(": a}", ": b}")
    );
    let short = "---\nworkflow: 3\nstart: {without_record: true, next: wait}\nsteps: {wait: {delay: {for: 1s}}}\n";
    let postern = Postern::start(&format!("{}{short}", steps(&slow))).await;
    make_records(&postern, 60_000).await;
    post(&postern, 12, "").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(postern.outcome("/trigger?workflow_id=3", "").await["status"], "finished");
        assert!(began.elapsed() < PROMPT, "another delay waited {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_computes_long_goes_on_alone_and_fails_there() {
    let mut postern = Postern::start(&steps(&compute_for_ever())).await;
    post(&postern, 4, "").await;
    for _ in 0..10 {
        another_finishes(&postern).await;
    }
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["status"], "failed");
    let message = receipt["runs"][0]["message"].as_str().unwrap();
    assert!(message.contains("computed for more than"), "{message}");
    let path = receipt["runs"][0]["path"].to_string();
    assert!(path.contains("went on alone: its steps computed for"), "{path}");
    assert!(metric(&mut postern, "postern_runs_slow_total{reason=\"computing\"}").await >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_process_posts_and_probes_are_prompt_while_runs_compute() {
    let servers = Servers::new().await;
    let mut standalone = Standalone::on_with(&servers, &[]).await;
    apply(&standalone.store, &steps(&compute_for_ever())).await;
    let mut n = 0;
    eventually("the settings are in force", async || {
        let accepted = standalone.post_to("/trigger?workflow_id=2", "").await.status == 202;
        n += i64::from(accepted);
        accepted.then_some(())
    })
    .await;
    let (mut slowest, end) = (Duration::ZERO, Instant::now() + Duration::from_secs(5));
    while Instant::now() < end {
        let workflow = if n < 9 { 1 } else { 2 };
        let began = Instant::now();
        assert_eq!(standalone.post_to(&format!("/trigger?workflow_id={workflow}"), "").await.status, 202);
        assert_eq!(private(&mut standalone.process, "/health/live").await.0, 200);
        slowest = slowest.max(began.elapsed());
        n += 1;
    }
    assert!(slowest < Duration::from_secs(2), "a post and a probe took {slowest:?}");
    eventually("all have ended", async || {
        let ended = "SELECT count(*) FROM runs WHERE state IN ('finished', 'failed')";
        (standalone.count(ended).await == n).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn env_is_bounded_as_what_a_run_leaves_behind_is() {
    let mut assignments = String::new();
    for n in 0..900 {
        let _ = writeln!(assignments, "  s{n}: {{set_env: {{x{n}: '$env[\"text\"]'}}, next: s{}}}", n + 1);
    }
    let all = format!("  a: {{set_env: {{y: 1}}, next: s0}}\n{assignments}  s900: {{stop: finished}}");
    let mut postern = Postern::start(&steps(&all)).await;
    let before = postern.workers[0].peak_megabytes();
    let form = format!("text={}", "x".repeat(1_000_000));
    post(&postern, 5, &form).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", &form).await;
    let message = receipt["runs"][0]["message"].as_str().unwrap();
    assert!(message.contains("$env would hold 9") && message.contains("more than 8388608"), "{message}");
    another_finishes(&postern).await;
    let grown = postern.workers[0].peak_megabytes() - before;
    assert!(grown < 400.0, "the worker grew by {grown:.0} MB");
    assert_eq!(metric(&mut postern, "postern_dead_letters_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_of_one_bundle_that_write_much_go_on_alone() {
    let make = |name: &str, next: &str| {
        format!(
            "  {name}: {{create_record: Notes, fields: {{x: '$env[\"text\"]', y: '$env[\"text\"]'}}, created: {next}}}\n"
        )
    };
    let make =
        format!("{}{}{}{}  e: {{stop: finished}}", make("a", "b"), make("b", "c"), make("c", "d"), make("d", "e"));
    let mut postern = Postern::start(&steps(&make)).await;
    let env = format!(r#""env":{{"text":"{}"}}"#, "x".repeat(1_000_000));
    let one = || String::from_utf8(poison::submission(ReceiptId::new())).unwrap().replace(r#""env":{}"#, &env);
    let together: Vec<String> = (0..10).map(|_| one()).collect();
    let body = submission::bundle(together.iter().map(String::as_bytes));
    let before = postern.workers[0].peak_megabytes();
    postern.servers().publish(SUBMISSIONS_V1, &body).await;
    eventually("all have finished", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == 10).then_some(())
    })
    .await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 40);
    let grown = postern.workers[0].peak_megabytes() - before;
    assert!(grown < 600.0, "the worker grew by {grown:.0} MB");
    assert!(metric(&mut postern, "postern_runs_slow_total{reason=\"memory\"}").await > 0);
}
