//! The history is bounded: its weeks go when they are too old, and nothing waits for that. What has not ended stays.

use std::time::{Duration, Instant, SystemTime};

use postern_shared::store::retention::{self, Retired};

use crate::harness::call::Answer;
use crate::harness::fake_clock::FakeClock;
use crate::harness::history::{PARTITIONS, keep, reader, retire};
use crate::harness::{Postern, eventually, private};

const DAY: Duration = Duration::from_secs(24 * 3600);

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Workflow 1 makes a record, workflow 2 is on hold, workflow 3 calls nothing and waits a moment, so that it has steps of
/// further transactions.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3]
triggers: [nobody]
---
trigger: nobody
---
workflow: 1
start: {without_record: true, next: make}
steps: {make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}}
---
workflow: 2
start: {without_record: true, hold: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, created: wait}
  wait: {delay: {for: 1s}, next: again}
  again: {set_env: {m: '$env[\"n\"]'}}
---
workflow: 3
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1s}, next: again}
  again: {set_env: {m: '$env[\"n\"]'}}
";

async fn post(postern: &Postern, target: &str, n: usize) -> Answer {
    let answer = postern.post(&format!("/trigger?{target}")).form(format!("n={n}")).send().await;
    assert_eq!(answer.status, 202, "{n}: {}", answer.json);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_weeks_leave_the_history_as_large_and_a_held_run_goes_on() {
    let clock = FakeClock::new();
    let mut postern = Postern::with_ingress(SETTINGS, &clock.environment()).await;
    postern.start_worker().await;
    let held = post(&postern, "workflow_id=2", 0).await;
    postern.sql("SELECT postern_make_partitions(12, now())").await;
    clock.is_off_by("+80d");
    eventually("the ingress knows of what was made ahead", async || {
        (private(&mut postern.ingress, "/health/ready").await.0 == 200).then_some(())
    })
    .await;
    let (began, options) = (SystemTime::now(), keep(8, 21));
    let (mut partitions, mut rows) = (Vec::new(), Vec::new());
    for week in 1..=30_u32 {
        clock.is_off_by(&format!("+{}d", 7 * week));
        postern.sql(&format!("SELECT postern_make_partitions(12, now() + interval '{week} weeks')")).await;
        let reader = reader(&postern).await;
        let n = usize::try_from(week).unwrap();
        let leads = [post(&postern, "workflow_id=1", n).await, post(&postern, "workflow_id=3", n).await];
        let now = began + week * WEEK;
        assert!(retire(&postern, now, &options).await.iter().all(|one| *one == Retired::InUse), "{week}");
        for lead in &leads {
            assert_eq!(postern.ended(lead).await["status"], "finished", "{week}");
        }
        drop(reader);
        eventually("what is due is gone", async || {
            (!retire(&postern, now, &options).await.contains(&Retired::InUse)).then_some(())
        })
        .await;
        partitions.push(postern.count(PARTITIONS).await);
        rows.push(postern.count("SELECT count(*) FROM receipts").await);
    }
    assert!(partitions[10..].iter().all(|count| *count == partitions[10]), "{partitions:?}");
    // The leads of four weeks and the held one.
    assert!(rows[10..].iter().all(|count| *count <= 11), "{rows:?}");
    assert_eq!(postern.api("GET", &held.header("location")).send().await.json["status"], "held");
    postern.apply(&SETTINGS.replace("hold: true, ", "")).await;
    let ended = postern.ended(&held).await;
    assert_eq!(ended["status"], "finished", "{ended}");
    assert_eq!(ended["runs"][0]["path"].as_array().map(Vec::len), Some(3), "{ended}");
    let connection = postern.connection().await;
    let of_held = format!("SELECT count(*) FROM receipts WHERE id = '{}'", held.json["receipt"].as_str().unwrap());
    assert!(!retention::reap(&connection, SystemTime::now() + 7 * DAY, &options).await.unwrap());
    assert_eq!(postern.count(&of_held).await, 1);
    assert!(!retention::reap(&connection, SystemTime::now() + 9 * DAY, &options).await.unwrap());
    let left = "SELECT (SELECT count(*) FROM receipts_older) + (SELECT count(*) FROM runs_older)
        + (SELECT count(*) FROM run_steps_older) + (SELECT count(*) FROM checkpoints_older)";
    assert_eq!((postern.count(&of_held).await, postern.count(left).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_all_tables_stalls_nothing_while_partitions_come_and_go() {
    let postern = Postern::start(SETTINGS).await;
    post(&postern, "workflow_id=1", 0).await;
    let reader = reader(&postern).await;
    // A week ahead is missing, and the oldest is due.
    let monday = "SELECT extract(epoch FROM date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')::bigint";
    let monday = SystemTime::UNIX_EPOCH + Duration::from_secs(postern.count(monday).await.try_into().unwrap());
    let (now, options) = (monday + 8 * DAY, keep(8, 8));
    let before = postern.count(PARTITIONS).await;
    let upkeep = async {
        postern.sql("SELECT postern_make_partitions(6)").await;
        for _ in 0..3 {
            assert_eq!(retire(&postern, now, &options).await, [Retired::InUse]);
        }
    };
    let leads = async {
        let began = Instant::now();
        for n in 1.. {
            let lead = Instant::now();
            let answer = post(&postern, "workflow_id=1", n).await;
            assert_eq!(postern.ended(&answer).await["status"], "finished");
            assert!(lead.elapsed() < Duration::from_secs(2), "lead {n} took {:?}", lead.elapsed());
            if began.elapsed() > Duration::from_secs(4) {
                break;
            }
        }
    };
    tokio::join!(upkeep, leads);
    let made = postern.count(PARTITIONS).await;
    assert_eq!(made, before + 14);
    drop(reader);
    let gone = eventually("the oldest week is gone", async || {
        let retired = retire(&postern, now, &options).await;
        (!retired.contains(&Retired::InUse)).then_some(retired)
    })
    .await;
    assert!(!gone.is_empty());
    assert_eq!(postern.count(PARTITIONS).await, made - 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_removes_what_is_too_old_and_counts_what_it_cannot() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    began_ten_weeks_ago(&postern).await;
    let old = "postern_uuid_floor(now() - interval '10 weeks')";
    postern
        .sql(
            "INSERT INTO receipts (id, accepted_at, settings_version, trigger, unmatched, permission, request, env)
             SELECT postern_uuid_floor(now() - interval '1 week' * n), now(), 1, 'nobody', true, 'test', '{}', '{}'
             FROM unnest(ARRAY[0, 3, 10]) AS n",
        )
        .await;
    postern
        .sql(&format!(
            "INSERT INTO runs (receipt, number, workflow, started_at, ended_at, version, state, steps_taken)
             VALUES ({old}, 1, 1, now(), now() - interval '70 days', 1, 'failed', 1)"
        ))
        .await;
    postern
        .sql(
            "INSERT INTO dead_letters (kind, body, reason, attempt, created_at)
             SELECT 'x', '', 'x', 1, now() - interval '1 week' * n FROM unnest(ARRAY[10, 3, 0]) AS n",
        )
        .await;
    let settings = [("HISTORY", "30"), ("STEPS", "20"), ("UNMATCHED", "20"), ("DEAD_LETTERS", "20")];
    let settings = settings.map(|(name, days)| (format!("POSTERN_KEEP_{name}_DAYS"), days));
    let environment: Vec<(&str, &str)> = settings.iter().map(|(name, days)| (name.as_str(), *days)).collect();
    postern.start_worker_with(&environment).await;
    for (what, left) in [
        ("SELECT count(*) FROM receipts", 1),
        ("SELECT count(*) FROM runs", 0),
        ("SELECT count(*) FROM dead_letters", 1),
        ("SELECT count(*) FROM postern_weeks('runs') WHERE low < postern_uuid_floor(now() - interval '9 weeks')", 0),
    ] {
        eventually(what, async || (postern.count(what).await == left).then_some(())).await;
    }
    let metrics = private(&mut postern.workers[0], "/metrics").await.1;
    assert!(metrics.contains("postern_history_overdue_partitions 0\n"), "{metrics}");
    assert!(!postern.workers[0].log().contains("42501"), "{}", postern.workers[0].log());
}

/// A history with the weeks of ten and of three weeks ago.
async fn began_ten_weeks_ago(postern: &Postern) {
    let connection = postern.connection().await;
    let tables = "SELECT relname::text FROM pg_partitioned_table JOIN pg_class ON oid = partrelid";
    for row in connection.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        postern.sql(&format!("ALTER TABLE {table} DETACH PARTITION {table}_older")).await;
        postern.sql(&format!("DROP TABLE {table}_older")).await;
    }
    postern.sql("SELECT postern_make_partitions(0, now() - interval '10 weeks')").await;
    postern.sql("SELECT postern_make_partitions(0, now() - interval '3 weeks')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_receipts_that_share_a_search_key_those_that_stay_keep_it() {
    let postern = Postern::with_ingress(SETTINGS, &[]).await;
    began_ten_weeks_ago(&postern).await;
    let old = "postern_uuid_floor(date_trunc('week', now()) - interval '10 weeks')";
    let receipts = format!(
        "(SELECT array_agg(overlay({old}::text placing n::text from 36)::uuid ORDER BY n DESC) FROM generate_series(1, 3) n)"
    );
    postern
        .sql(&format!(
            "INSERT INTO runs (receipt, number, workflow, started_at, ended_at, version, state, steps_taken)
             SELECT receipt, 1, 1, now(), CASE n WHEN 2 THEN NULL ELSE now() END, 1,
                 (CASE n WHEN 2 THEN 'held' ELSE 'failed' END)::run_state, 1
             FROM unnest({receipts}) WITH ORDINALITY AS r (receipt, n)"
        ))
        .await;
    postern
        .sql(&format!(
            "INSERT INTO search_keys (receipt, hash, others) SELECT r[1], 7, r[2:] FROM {receipts} AS of (r)"
        ))
        .await;
    let retired = retire(&postern, SystemTime::now(), &keep(8, 21)).await;
    assert!(!retired.contains(&Retired::InUse), "{retired:?}");
    let keys = "SELECT count(*) FROM search_keys WHERE others IS NULL AND receipt IN (SELECT receipt FROM runs)";
    assert_eq!((postern.count(keys).await, postern.count("SELECT count(*) FROM search_keys").await), (1, 1));
}
