//! The counts of steps equal the runs, whatever broke off in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::search::digested;

const PERMISSION: &str = "permission: test\naddresses: 127.0.0.1\nworkflows: [1, 2]\nbatch: true\n---\n";

/// A workflow whose runs go every way; each version has another step.
fn workflow(version: usize) -> String {
    format!(
        "{PERMISSION}workflow: 1\nstart: {{without_record: true, next: kind}}\nsteps:\n\
         \x20 kind: {{condition: '$env[\"n\"]|int % 3 == 0', then: wait, else: lead}}\n\
         \x20 wait: {{delay: {{for: 1s}}, next: v{version}}}\n\
         \x20 lead: {{create_record: Leads, unique: '{{{{ $env[\"n\"]|int % 10 }}}}', created: v{version}, existing: odd}}\n\
         \x20 odd: {{condition: '$env[\"n\"]|int % 2 == 1', then: bad}}\n\
         \x20 bad: {{stop: failed}}\n\
         \x20 v{version}: {{set_env: {{x: 1}}}}\n---\n\
         workflow: 2\nstart: {{without_record: true, keep_log: none, next: a}}\nsteps: {{a: {{set_env: {{x: 1}}}}}}\n"
    )
}

/// Version, step and output.
type Place = (i64, String, String);

/// The counts and failures of the runs of workflow 1, by their logs.
async fn logged(postern: &Postern) -> BTreeMap<Place, (i64, i64)> {
    let (mut counts, connection) = (BTreeMap::new(), postern.connection().await);
    let stored = "SELECT version, r.state = 'failed', steps FROM runs r WHERE workflow = 1 AND steps IS NOT NULL
        UNION ALL SELECT version, r.state = 'failed', s.steps FROM run_steps s
        JOIN runs r ON r.receipt = s.receipt AND r.number = s.run WHERE workflow = 1";
    for row in connection.query(stored, &[]).await.unwrap() {
        let steps = postern_shared::store::run_steps::decode(row.get(2)).unwrap();
        for step in steps {
            // The runs of these workflows fail at their `stop` alone.
            let failed = row.get::<_, bool>(1) && step.task == "stop";
            let place = (i64::from(row.get::<_, i32>(0)), step.step, step.output.unwrap_or_default());
            let (count, failures) = counts.entry(place).or_insert((0, 0));
            *count += 1;
            *failures += i64::from(failed);
        }
    }
    counts
}

/// The same by the table.
async fn counted(postern: &Postern) -> BTreeMap<Place, (i64, i64)> {
    let stored = "SELECT version::bigint, step, output, sum(count)::bigint, sum(failures)::bigint,
            sum((SELECT sum(d) FROM unnest(durations) d))::bigint
        FROM step_statistics WHERE workflow = 1 GROUP BY 1, 2, 3";
    let rows = postern.connection().await.query(stored, &[]).await.unwrap();
    let place = |row: &tokio_postgres::Row| {
        assert_eq!(row.get::<_, i64>(3), row.get::<_, i64>(5), "each step has one duration");
        ((row.get(0), row.get(1), row.get(2)), (row.get(3), row.get(4)))
    };
    rows.iter().map(place).collect()
}

async fn post(postern: &Postern, from: usize, count: usize) {
    let items: Vec<Value> = (from..from + count).map(|n| json!({ "n": n })).collect();
    let answer = postern.post("/trigger?workflow_id=1").json(&json!(items).to_string()).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_equal_the_runs_of_three_versions_though_workers_are_killed() {
    let mut postern = Postern::start(&workflow(1)).await;
    for version in 1..=3 {
        postern.apply(&workflow(version)).await;
        for part in 0..4 {
            post(&postern, part * 100, 100).await;
            if part == 2 {
                postern.workers.pop().unwrap().kill();
                postern.start_worker().await;
            }
        }
    }
    eventually("all runs have ended", async || {
        let ended = "SELECT count(*) FROM runs WHERE state IN ('finished', 'failed')";
        (postern.count(ended).await == 1_200).then_some(())
    })
    .await;
    digested(&postern).await;
    let (logged, counted) = (logged(&postern).await, counted(&postern).await);
    assert_eq!(counted, logged);
    let failed = postern.count("SELECT count(*) FROM runs WHERE state = 'failed'").await;
    assert_eq!(logged.values().map(|(_, failures)| failures).sum::<i64>(), failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_workflow_are_counted_by_output_for_people_and_programs() {
    let mut postern = Postern::with_ingress(&workflow(1), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    for (workflow, n) in [(1, 1), (1, 2), (1, 11), (1, 3), (2, 0)] {
        postern.outcome(&format!("/trigger?workflow_id={workflow}"), &format!("n={n}")).await;
    }
    digested(&postern).await;
    let found = postern.api("GET", "/workflows/1/statistics").send().await.json;
    let step = |name: &str| found["steps"].as_array().unwrap().iter().find(|one| one["step"] == name).unwrap().clone();
    let kind = step("kind");
    let shown = (kind["count"].clone(), kind["outputs"][0]["percent"].clone(), kind["outputs"][1]["count"].clone());
    assert_eq!(shown, (json!(4), json!(75.0), json!(1)), "{kind}");
    assert!(kind["p95_us"].as_u64() >= kind["median_us"].as_u64() && kind["median_us"].is_u64(), "{kind}");
    assert_eq!((&step("bad")["failures"], &step("wait")["waiting"]), (&json!(1), &json!(0)));
    let unlogged = postern.api("GET", "/workflows/2/statistics").send().await.json;
    assert_eq!(unlogged["steps"][0]["count"], 1, "a step is counted whether its log is kept or not: {unlogged}");
    let past = postern.api("GET", "/workflows/1/statistics?to=2020-01-01T00:00:00Z").send().await.json;
    assert_eq!(past["steps"], json!([]));
    assert_eq!(postern.api("GET", "/workflows/9/statistics").send().await.status, 404);
    let printed = Cli::of(&postern).run("statistics 1").text();
    assert!(printed.contains("kind\telse\t3\t75.0\t0\t") && printed.contains("bad\t-\t1\t100.0\t1\t"), "{printed}");
    let page = Visitor::logged_in(&mut postern).await.get("/workflows/1").await.text;
    for expected in ["75 % · 3", "25 % · 1", "p95", "✕ 1", "class=\"way w"] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
}
