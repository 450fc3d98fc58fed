//! Work on many runs: failed runs in groups, and jobs that take them at a rate.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::process::Process;
use crate::harness::{Postern, SOON, TOKEN, eventually, ready};
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::search::digested;

const PERMISSION: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2]\nbatch: true\n";

/// Leads that fail by a wrong condition, as many as the largest group of the tests.
const LEADS: usize = 5_000;

/// Items of a list at most.
const TOGETHER: usize = 1_000;

/// Whether a lead is wanted, or all of them are turned away.
fn leads(is_fixed: bool) -> String {
    let condition = if is_fixed { "true" } else { "false" };
    format!(
        "---\nworkflow: 1\nstart: {{without_record: true, next: usable}}\nsteps:\n  \
         usable: {{condition: '{condition}', then: lead, else: reject}}\n  \
         lead: {{create_record: Leads, fields: {{n: '$env[\"n\"]'}}}}\n  \
         reject: {{stop: failed, message: 'not wanted: $env[\"n\"]'}}\n"
    )
}

/// Fails at its first step.
const OTHER: &str = "---
workflow: 2
start: {without_record: true, next: change}
steps:
  change: {set_value: {n: 1}, record: '77'}
";

fn settings() -> String {
    format!("{PERMISSION}{}{OTHER}", leads(false))
}

/// Posts leads with these numbers as lists.
async fn post(postern: &Postern, workflow: u8, numbers: std::ops::Range<usize>) {
    let numbers: Vec<usize> = numbers.collect();
    for part in numbers.chunks(TOGETHER) {
        let list: Vec<Value> = part.iter().map(|n| json!({"n": n.to_string()})).collect();
        let path = format!("/trigger?workflow_id={workflow}");
        let answer = postern.post(&path).json(&Value::from(list).to_string()).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
    }
}

/// Waits for so many failed runs that no other run replays.
async fn failed(postern: &Postern, count: i64) {
    let query = "SELECT count(*) FROM runs WHERE state = 'failed' AND replaced_by IS NULL";
    eventually("they have failed", async || (postern.count(query).await == count).then_some(())).await;
}

async fn groups(postern: &Postern) -> Value {
    postern.api("GET", "/failure_groups").send().await.json
}

pub async fn job(postern: &Postern, kind: &str, filter: Value, per_second: impl Into<f64>) -> i64 {
    let per_second: f64 = per_second.into();
    let body = json!({"kind": kind, "filter": filter, "per_second": per_second}).to_string();
    let made = postern.api("POST", "/jobs").json(&body).send().await;
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["id"].as_i64().unwrap()
}

async fn show(postern: &Postern, id: i64) -> Value {
    postern.api("GET", &format!("/jobs/{id}")).send().await.json
}

pub async fn job_ends(postern: &Postern, id: i64) -> Value {
    eventually("the job has ended", async || {
        let job = show(postern, id).await;
        (job["state"] != "running").then_some(job)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_are_alike_are_one_group_whatever_their_texts() {
    let postern = Postern::start(&settings()).await;
    post(&postern, 1, 0..30).await;
    post(&postern, 2, 0..3).await;
    failed(&postern, 33).await;
    let found = groups(&postern).await;
    let seen: Vec<_> = found["groups"].as_array().unwrap().iter().collect();
    let keys =
        |at: usize| ["workflow", "version", "step", "failure", "count", "is_newest"].map(|key| seen[at][key].clone());
    assert_eq!(seen.len(), 2, "{found}");
    assert_eq!(keys(0), [json!(1), json!(1), json!("reject"), json!("said"), json!(30), json!(true)]);
    assert_eq!(keys(1), [json!(2), json!(1), json!("change"), json!("record-missing"), json!(3), json!(true)]);
    assert_eq!(found["total"], 33);
    let cli = Cli::of(&postern);
    let text = cli.run("failures").text();
    assert!(text.contains("30\t1\t1 newest\treject\tsaid\t"), "{text}");
    assert_eq!(cli.items("runs --state failed --last 100 --step change", "runs").len(), 3);
    assert!(cli.run("status").stdout.contains("\n  33 runs have failed\n"));
}

/// The groups as the runs themselves have them: workflow, step and count.
async fn counted(postern: &Postern) -> Vec<(i64, String, i64)> {
    let alike = "SELECT workflow, coalesce(failed_at, ''), count(*) FROM runs
        WHERE state = 'failed' AND replaced_by IS NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
    let rows = postern.connection().await.query(alike, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// The same by the groups, with a part of a query.
async fn kept(postern: &Postern, query: &str) -> Vec<(i64, String, i64)> {
    let found = postern.api("GET", &format!("/failure_groups?{query}")).send().await.json;
    let one = |group: &Value| {
        let step = group["step"].as_str().unwrap().to_owned();
        (group["workflow"].as_i64().unwrap(), step, group["count"].as_i64().unwrap())
    };
    found["groups"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_agree_with_the_runs_before_and_after_the_digest() {
    let postern = Postern::start(&settings()).await;
    post(&postern, 1, 0..30).await;
    post(&postern, 2, 0..3).await;
    failed(&postern, 33).await;
    assert_eq!(kept(&postern, "").await, counted(&postern).await);
    digested(&postern).await;
    let runs = counted(&postern).await;
    assert_eq!(runs, [(1, "reject".to_owned(), 30), (2, "change".to_owned(), 3)]);
    let hour_ago = postern_shared::clock::time(SystemTime::now() - Duration::from_secs(5_432));
    for query in [
        "".to_owned(),
        "permission=test".to_owned(),
        format!("from={hour_ago}"),
        format!("from={hour_ago}&until=2090-01-01T10:20:00Z"),
    ] {
        assert_eq!(kept(&postern, &query).await, runs, "{query}");
    }
    for (query, count) in
        [("workflow=2", 1), ("step=reject", 1), ("failure=other", 0), ("until=2020-01-01T00:00:00Z", 0)]
    {
        assert_eq!(kept(&postern, query).await.len(), count, "{query}");
    }
    // A run that another replaces leaves its group, and one that fails again comes back.
    job(&postern, "go_on", json!({"workflow": 2}), 500).await;
    job_ends(&postern, 1).await;
    failed(&postern, 33).await;
    digested(&postern).await;
    postern.apply(&leads(true)).await;
    job(&postern, "run_again", json!({"workflow": 1}), 500).await;
    job_ends(&postern, 2).await;
    failed(&postern, 3).await;
    assert_eq!(kept(&postern, "").await, counted(&postern).await);
    digested(&postern).await;
    assert_eq!(kept(&postern, "").await, [(2, "change".to_owned(), 3)]);
    assert_eq!(postern.count("SELECT sum(count)::bigint FROM failure_groups").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_takes_the_runs_of_its_filter_and_counts_those_it_cannot_take() {
    let postern = Postern::start(&settings()).await;
    post(&postern, 1, 0..40).await;
    post(&postern, 2, 0..5).await;
    failed(&postern, 45).await;
    postern.apply(&leads(true)).await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.run("run-again --workflow 1 --step reject --rate 500/s").code, 2, "nobody answers that it may");
    let made = cli.run("run-again --workflow 1 --step reject --failure said --rate 500/s --yes").text();
    assert_eq!(made, "job 1 run_again running: 0 of 40 started, 0 not possible, 40 left\n");
    let done = job_ends(&postern, 1).await;
    assert_eq!((&done["done"], &done["failed"], &done["left"]), (&json!(40), &json!(0), &json!(0)), "{done}");
    eventually("they are rescued", async || (postern.records("Leads").await.len() == 40).then_some(())).await;
    assert_eq!(groups(&postern).await["total"], 5);
    postern.apply(&OTHER.replacen("start:", "active: false\nstart:", 1)).await;
    let id = job(&postern, "run_again", json!({"workflow": 2}), 100).await;
    let done = job_ends(&postern, id).await;
    assert_eq!((&done["failed"], &done["obstacle"]), (&json!(5), &json!("workflow-inactive")), "{done}");
    let body = json!({"kind": "go_on", "filter": {"workflow": 9}}).to_string();
    assert_eq!(postern.api("POST", "/jobs").json(&body).send().await.status, 404, "there is no such run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_job_takes_no_further_run() {
    let mut postern = Postern::start(&settings()).await;
    postern.start_worker().await;
    post(&postern, 2, 0..200).await;
    failed(&postern, 200).await;
    let id = job(&postern, "go_on", json!({"workflow": 2}), 20).await;
    eventually("it has begun", async || (show(&postern, id).await["done"].as_i64()? > 0).then_some(())).await;
    let stopped = Cli::of(&postern).run(&format!("jobs stop {id}")).text();
    assert!(stopped.starts_with(&format!("job {id} go_on stopped: ")), "{stopped}");
    let job = show(&postern, id).await;
    let done = job["done"].as_i64().unwrap();
    assert!(done < 200 && job["left"] == 200 - done, "{job}");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(postern.count("SELECT count(*) FROM runs WHERE replays IS NOT NULL").await, done);
    let changes = postern.api("GET", "/audit_log?kind=job").send().await.json;
    let actions: Vec<_> = changes["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
    assert_eq!(actions, [&json!("stop"), &json!("create")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_take_the_replays_that_it_made_itself() {
    let mut postern = Postern::start(&settings()).await;
    postern.start_worker().await;
    post(&postern, 1, 0..50).await;
    failed(&postern, 50).await;
    // The workflow is as wrong as it was: every replay fails again while the job goes on.
    let id = job(&postern, "run_again", json!({"workflow": 1}), 50).await;
    let done = job_ends(&postern, id).await;
    assert_eq!((&done["done"], &done["total"]), (&json!(50), &json!(50)), "{done}");
    failed(&postern, 50).await;
    assert_eq!(postern.count("SELECT count(*) FROM runs").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_cancels_the_runs_of_its_filter() {
    let waits = "---\nworkflow: 2\nstart: {without_record: true, next: pause}\nsteps: {pause: {delay: {for: 1d}}}\n";
    let postern = Postern::start(&format!("{PERMISSION}{}{waits}", leads(true))).await;
    post(&postern, 2, 0..20).await;
    let waiting = "SELECT count(*) FROM runs WHERE state = 'waiting'";
    eventually("they wait", async || (postern.count(waiting).await == 20).then_some(())).await;
    let made = Cli::of(&postern).run("cancel --state waiting --workflow 2 --rate 100").text();
    assert!(made.contains("cancel running: 0 of 20 done"), "{made}");
    failed(&postern, 20).await;
    assert_eq!(groups(&postern).await["groups"][0]["failure"], "cancelled");
    eventually("nothing wakes them", async || (postern.count("SELECT count(*) FROM spool").await == 0).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_its_rate_holds_up_no_other() {
    let waits = "---\nworkflow: 2\nstart: {without_record: true, next: pause}\nsteps: {pause: {delay: {for: 1d}}}\n";
    let postern = Postern::start(&format!("{PERMISSION}{}{waits}", leads(false))).await;
    post(&postern, 1, 0..10).await;
    post(&postern, 2, 0..10).await;
    failed(&postern, 10).await;
    let waiting = "SELECT count(*) FROM runs WHERE state = 'waiting'";
    eventually("they wait", async || (postern.count(waiting).await == 10).then_some(())).await;
    let slow = job(&postern, "run_again", json!({"workflow": 1}), 0.01).await;
    let urgent = job(&postern, "cancel", json!({"workflow": 2, "state": "waiting"}), 50).await;
    assert_eq!(job_ends(&postern, urgent).await["done"], 10);
    assert_eq!(show(&postern, slow).await["state"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_opens_a_group_and_follows_the_job_that_replays_it() {
    let mut postern = Postern::with_ingress(&settings(), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    post(&postern, 1, 0..60).await;
    failed(&postern, 60).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get("/runs?state=failed").await;
    assert_eq!(page.text.matches("class=\"whole\"").count(), 1, "60 alike failures are one row: {}", page.text);
    let link = page.text.split("href=\"/runs?state=failed&#38;").nth(1).unwrap().split('"').next().unwrap();
    let group = visitor.get(&format!("/runs?state=failed&{}", link.replace("&#38;", "&"))).await;
    assert!(group.text.contains("action=\"/jobs\"") && group.text.contains("not wanted: "), "{}", group.text);
    postern.apply(&leads(true)).await;
    let form = [
        ("kind", "run_again"),
        ("state", "failed"),
        ("workflow", "1"),
        ("version", "1"),
        ("step", "reject"),
        ("failure", "said"),
        ("rate", "500"),
    ];
    assert_eq!(visitor.post("/jobs", &form).await.location, "/jobs?done=job");
    job_ends(&postern, 1).await;
    visitor.post("/preferences", &[("language", "ru"), ("back", "/jobs")]).await;
    let page = visitor.get("/jobs").await;
    for expected in ["начато: 60", "осталось: 0", "Запустить заново с начала"] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert_eq!(visitor.post("/jobs/1/stop", &[]).await.location, "/jobs?done=job-stopped");
    assert_eq!(show(&postern, 1).await["state"], "done", "a job that has ended stays as it is");
}

/// Posts a lead, which must be answered at once and finished soon; returns how long both took.
async fn new_lead(postern: &Postern, n: usize) -> (Duration, Duration) {
    let began = Instant::now();
    let answer = postern.post("/trigger?workflow_id=1").form(format!("n={n}")).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    let (answered, path) = (began.elapsed(), answer.header("location"));
    eventually("the new lead is finished", async || {
        let receipt = postern.call("GET", &path).send().await.json;
        (receipt["status"] == "finished").then_some(())
    })
    .await;
    (answered, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_rescues_thousands_while_processes_are_killed_and_leads_come() {
    let mut postern = Postern::start(&settings()).await;
    post(&postern, 1, 0..LEADS).await;
    failed(&postern, i64::try_from(LEADS).unwrap()).await;
    assert_eq!(groups(&postern).await["groups"].as_array().unwrap().len(), 1, "thousands alike are one row");
    postern.apply(&leads(true)).await;
    let id = job(&postern, "run_again", json!({"workflow": 1, "step": "reject"}), 200).await;
    let done = format!("SELECT done FROM jobs WHERE id = {id}");
    let (mut sent, began, mut is_killed) = (LEADS, Instant::now(), false);
    // Without control the job goes on.
    postern.control.kill();
    while postern.count(&done).await < i64::try_from(LEADS).unwrap() {
        assert!(began.elapsed() < 4 * SOON, "only {} of {LEADS} are on their way", postern.count(&done).await);
        if !is_killed && postern.count(&done).await > i64::try_from(LEADS / 3).unwrap() {
            is_killed = true;
            postern.workers.pop().unwrap().kill();
            postern.start_worker().await;
        }
        let (answered, finished) = new_lead(&postern, sent).await;
        assert!(answered < Duration::from_secs(2) && finished < SOON / 3, "{answered:?} {finished:?}");
        sent += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(is_killed && sent > LEADS + 5, "{sent}");
    let total = i64::try_from(sent).unwrap();
    eventually("every lead is there", async || {
        (postern.count("SELECT count(*) FROM records WHERE module = 'Leads'").await >= total).then_some(())
    })
    .await;
    let numbers: Vec<String> =
        postern.records("Leads").await.iter().map(|one| one.get("n").unwrap().to_string()).collect();
    let different: HashSet<&String> = numbers.iter().collect();
    assert_eq!((numbers.len(), different.len()), (sent, sent), "every lead ends once");
    let replays = postern.count("SELECT count(*) FROM runs WHERE replays IS NOT NULL AND state = 'finished'").await;
    assert_eq!(replays, i64::try_from(LEADS).unwrap());
    postern.control = Process::start("postern-control", postern.servers(), &[]);
    ready("control is ready", &mut postern.control).await;
    let address = postern.control.address("the control listener is open").await;
    let cli = Cli { url: format!("http://{address}"), token: TOKEN, ..Cli::of(&postern) };
    assert_eq!(
        cli.run(&format!("jobs show {id}")).text(),
        format!(
            "job {id} run_again done: {LEADS} of {LEADS} started, 0 not possible, 0 left; \
             of those {LEADS} finished, 0 failed again, 0 waiting, 0 under way\n"
        )
    );
    assert_eq!(cli.run("status").text(), "all is well\n");
}
