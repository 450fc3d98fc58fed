//! `postern serve`: both services in one process, without a broker, and without a PostgreSQL but its own.

mod process;

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::{StreamExt, stream};
use postern_shared::id::ReceiptId;
use postern_shared::submission;
use reqwest::Method;
use tempfile::TempDir;

use crate::harness::call::{Call, client};
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{apply, eventually, private};
use crate::poison;
use process::PATH;

pub use process::Standalone;

/// An empty folder that other users may pass, since PostgreSQL does not run as root.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The process of the PostgreSQL of a folder, if it runs.
fn postgres_of(folder: &Path) -> Option<PathBuf> {
    let left = fs::read_to_string(folder.join("postern-data/postgres/postmaster.pid")).ok()?;
    let process = Path::new("/proc").join(left.lines().next()?);
    process.exists().then_some(process)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_set_a_post_becomes_a_record_and_a_sigterm_leaves_no_process_behind() {
    let folder = folder();
    let mut standalone = Standalone::in_folder(folder.path()).await;
    standalone.post_finishes(1).await;
    assert_eq!(standalone.count("SELECT count(*) FROM records").await, 1);
    assert_eq!(standalone.count("SELECT count(*) FROM spool").await, 0);
    assert_eq!(private(&mut standalone.process, "/health/ready").await.0, 200);
    let postgres = postgres_of(folder.path()).unwrap();
    assert_ne!(fs::metadata(&postgres).unwrap().uid(), 0, "postgresql runs as root");

    let second = Process::command("postern").arg("serve").current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    let by = format!("is in use by another postern, process {}", standalone.process.id());
    assert!(said.contains(&by), "{said}");
    standalone.post_finishes(2).await;

    standalone.process.terminate();
    assert!(standalone.process.ended().await, "{}", standalone.process.log());
    assert!(!postgres.exists() && postgres_of(folder.path()).is_none(), "postgresql still runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_starts_again_and_every_202_has_ended_exactly_once() {
    let folder = folder();
    let mut standalone = Standalone::in_folder(folder.path()).await;
    let mut accepted: HashSet<ReceiptId> = HashSet::new();
    {
        let public = standalone.public;
        let mut answers = stream::iter(0..2_000)
            .map(|n| async move {
                let form = format!("lastname=Lovelace&email=ada{n}@example.org");
                let sent = client().post(format!("http://{public}{PATH}")).body(form).send().await.ok()?;
                assert_eq!(sent.status(), 202);
                let body: serde_json::Value = sent.json().await.ok()?;
                Some(body["receipt"].as_str()?.parse::<ReceiptId>().unwrap())
            })
            .buffer_unordered(32);
        while let Some(answer) = answers.next().await {
            accepted.extend(answer);
            if accepted.len() == 500 {
                standalone.process.kill();
            }
        }
    }
    assert!((500..2_000).contains(&accepted.len()), "it was killed in the middle: {}", accepted.len());
    assert!(postgres_of(folder.path()).is_some(), "its postgresql has outlived it");

    let standalone = Standalone::in_folder(folder.path()).await;
    let connection = standalone.connection().await;
    let wanted: Vec<_> = accepted.iter().map(|receipt| receipt.uuid()).collect();
    eventually("every accepted submission has ended", async || {
        let statement = "SELECT count(DISTINCT receipt) FROM runs WHERE receipt = ANY ($1) AND state = 'finished'";
        let ended: i64 = connection.query_one(statement, &[&wanted]).await.unwrap().get(0);
        (usize::try_from(ended).unwrap() == wanted.len()).then_some(())
    })
    .await;
    eventually("the spool is empty", async || {
        (standalone.count("SELECT count(*) FROM spool").await == 0).then_some(())
    })
    .await;
    let runs = standalone.count("SELECT count(*) FROM runs").await;
    assert_eq!(standalone.count("SELECT count(DISTINCT receipt) FROM runs").await, runs);
    assert_eq!(standalone.count("SELECT count(*) FROM records").await, runs);
    assert_eq!(standalone.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_postgresql_is_started_again_when_it_is_killed() {
    let folder = folder();
    let mut standalone = Standalone::in_folder(folder.path()).await;
    standalone.post_finishes(1).await;
    let killed = postgres_of(folder.path()).unwrap();
    let pid = killed.file_name().unwrap();
    assert!(Command::new("kill").arg("-KILL").arg(pid).status().unwrap().success());
    eventually("another one runs", async || postgres_of(folder.path()).filter(|process| *process != killed)).await;
    eventually("it is taken again", async || (standalone.post(2).await.status == 202).then_some(())).await;
    standalone.post_finishes(3).await;
    standalone.worker_is_ready(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_named_is_used_and_both_services_are_unready_without_it() {
    let (servers, folder) = (Servers::new().await, folder());
    let url = servers.database_url.clone();
    let mut command = Process::command("postern");
    command.arg("serve").arg("--demo").env("DATABASE_URL", &url).current_dir(folder.path());
    let mut standalone = Standalone::start(&mut command, url).await;
    standalone.admits().await;
    standalone.post_finishes(1).await;
    assert_eq!(standalone.count("SELECT count(*) FROM records").await, 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it has made a folder");

    servers.forbid_connections().await;
    eventually("a post is refused", async || (standalone.post(2).await.status == 503).then_some(())).await;
    eventually("the ingress is unready", async || {
        (private(&mut standalone.process, "/health/ready").await.0 == 503).then_some(())
    })
    .await;
    standalone.worker_is_ready(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_lease_another_has_taken_is_not_committed() {
    let servers = Servers::new().await;
    let standalone = Standalone::on(&servers).await;
    let mut connection = standalone.connection().await;
    let locked = connection.transaction().await.unwrap();
    locked.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    assert_eq!(standalone.post(1).await.status, 202);
    eventually("the worker has it", async || {
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        (standalone.count(waits).await > 0).then_some(())
    })
    .await;
    let taken = "UPDATE spool SET lease = lease + 1, due_at = now() + interval '1 hour'";
    assert_eq!(standalone.connection().await.execute(taken, &[]).await.unwrap(), 1);
    locked.rollback().await.unwrap();
    drop(connection);
    standalone.post_finishes(2).await;
    assert_eq!(standalone.count("SELECT count(*) FROM receipts").await, 1, "only the other one is done");
    standalone.connection().await.execute("UPDATE spool SET due_at = now()", &[]).await.unwrap();
    eventually("it has run", async || (standalone.count("SELECT count(*) FROM records").await == 2).then_some(()))
        .await;
    eventually("its row is gone", async || (standalone.count("SELECT count(*) FROM spool").await == 0).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_broke_off_two_workers_is_taken_apart_and_an_unreadable_one_is_a_dead_letter() {
    let servers = Servers::new().await;
    let standalone = Standalone::on(&servers).await;
    let two = [poison::submission(ReceiptId::new()), poison::submission(ReceiptId::new())];
    let body = submission::bundle(two.iter().map(Vec::as_slice));
    let put = "INSERT INTO spool (kind, body, attempt, lease, due_at) VALUES ($1, $2, 0, $3, now())";
    let connection = standalone.connection().await;
    for (kind, body, lease) in [("submissions.v1", &body[..], 2), ("submissions.v1", b"x", 0), ("unheard.v1", b"x", 0)]
    {
        connection.execute(put, &[&kind, &body, &lease]).await.unwrap();
    }
    eventually("both have ended", async || {
        (standalone.count("SELECT count(*) FROM receipts").await == 2).then_some(())
    })
    .await;
    eventually("the spool is empty", async || {
        (standalone.count("SELECT count(*) FROM spool").await == 0).then_some(())
    })
    .await;
    assert!(standalone.process.log().contains("a message broke off its workers: taken apart"));
    assert_eq!(standalone.count("SELECT count(*) FROM dead_letters").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_goes_on_from_the_spool_and_one_that_it_starts_answers_the_caller() {
    let servers = Servers::new().await;
    let standalone = Standalone::on(&servers).await;
    let waits = "
permission: waits
addresses: 127.0.0.1
short_url: /waits
workflows: [5]
---
workflow: 5
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1s}, next: [make, go]}
  make: {create_record: Leads, fields: {n: '1'}}
  go: {run_workflow: 6}
---
workflow: 6
start: {without_record: true, next: say}
steps: {say: {respond: 201, text: 'got $env[\"n\"]'}}
";
    apply(&standalone.store, waits).await;
    let answer = eventually("it is permitted", async || {
        let call = Call::new(Method::POST, standalone.public, "/waits").form("n=1").header("prefer", "wait=20");
        Some(call.send().await).filter(|answer| ![403, 404].contains(&answer.status))
    })
    .await;
    assert_eq!((answer.status, answer.text.as_str()), (201, "got 1"), "{answer:?}");
    assert_eq!(standalone.count("SELECT count(*) FROM records").await, 1);
    eventually("the spool is empty", async || {
        (standalone.count("SELECT count(*) FROM spool").await == 0).then_some(())
    })
    .await;
    assert_eq!(standalone.count("SELECT count(*) FROM runs WHERE state = 'finished'").await, 2);
}
