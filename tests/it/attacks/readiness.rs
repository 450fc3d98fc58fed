//! Not ready, with the reason, exactly while what is posted would be refused; and an outage is a few lines of the log.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::disk::Disk;
use crate::harness::call::{Answer, Call, client};
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually, private, ready};

const PATH: &str = "/trigger?workflow_id=77";

/// Nobody listens there.
const NO_BROKER: (&str, &str) = ("AMQP_URL", "amqp://127.0.0.1:1");

/// What PostgreSQL says of a full disk, at each submission.
const DISK_FULL: &str = "
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON spool FOR EACH STATEMENT EXECUTE FUNCTION disk_full()";

async fn post(postern: &Postern, n: u32) -> Answer {
    postern.post(PATH).form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await
}

/// Waits until a process is not ready, and says why with these words.
async fn unready(process: &mut Process, words: &str) {
    let mut last = String::new();
    let told = eventually("it is not ready, with the reason", async || {
        let (status, text) = private(process, "/health/ready").await;
        last = text;
        (status == 503 && last.contains(words)).then_some(())
    });
    told.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_is_not_ready_while_it_is_the_only_way() {
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER, ("POSTERN_MAX_SPOOLED", "2")]).await;
    assert_eq!(
        [post(&postern, 1).await.status, post(&postern, 2).await.status, post(&postern, 3).await.status],
        [202, 202, 503]
    );
    unready(&mut postern.ingress, "the spool is full: it holds 2 messages").await;
    let metrics = private(&mut postern.ingress, "/metrics").await.1;
    assert!(metrics.contains("postern_ready{component=\"ingress\"} 0"), "{metrics}");
    // Nobody posts meanwhile.
    postern.sql("DELETE FROM spool").await;
    ready("the ingress is ready", &mut postern.ingress).await;
    eventually("a lead is accepted", async || (post(&postern, 4).await.status == 202).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM spool WHERE kind <> 'submissions.v1'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_broker_neither_a_full_spool_nor_a_full_disk_is_a_reason() {
    let mut postern = Postern::without_worker(DEMO).await;
    postern.connection().await.batch_execute(DISK_FULL).await.unwrap();
    assert_eq!(post(&postern, 1).await.status, 202);
    assert_eq!(private(&mut postern.ingress, "/health/ready").await, (200, "ready\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_is_told_in_a_few_lines() {
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    postern.connection().await.batch_execute(DISK_FULL).await.unwrap();
    for round in 0..20 {
        let posts = (0..10).map(|n| post(&postern, 10 * round + n));
        let answers = futures_util::future::join_all(posts).await;
        let seen: BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(seen, BTreeSet::from([503]));
    }
    unready(&mut postern.ingress, "No space left on device").await;
    let log = postern.ingress.log();
    let lines = log.lines().filter(|line| line.contains("\"ERROR\"")).count();
    assert!((1..=4).contains(&lines), "{lines} of 20 rounds:\n{log}");

    postern.sql("DROP TRIGGER disk_full ON spool").await;
    ready("the ingress is ready", &mut postern.ingress).await;
    eventually("the log says that it is over", async || {
        assert_eq!(post(&postern, 1_000).await.status, 202);
        postern.ingress.log().contains("the spool takes submissions again").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_settings_it_says_what_keeps_it_from_them() {
    let mut servers = Servers::new().await;
    let real = std::mem::take(&mut servers.database_url);
    let unknown = real.replace("/t_", "/no_");
    let nowhere = "postgres://postern@postern.invalid/none".to_owned();
    let refused = "postgres://postern@127.0.0.1:1/none".to_owned();
    for (url, words) in [(unknown, "does not exist"), (nowhere, "cannot be resolved"), (refused, "refused")] {
        servers.database_url = url;
        let mut ingress = Process::start("postern-ingress", &servers, &[]);
        unready(&mut ingress, "no settings yet").await;
        unready(&mut ingress, words).await;
        let mut worker = Process::start("postern-worker", &servers, &[]);
        unready(&mut worker, words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_database_commits_nothing_is_not_ready() {
    let mut postern = Postern::start(DEMO).await;
    let full = DISK_FULL.replace("ON spool", "ON receipts");
    postern.connection().await.batch_execute(&full).await.unwrap();
    for n in 0..20 {
        assert_eq!(post(&postern, n).await.status, 202);
    }
    unready(&mut postern.workers[0], "postgresql takes no commits").await;
    unready(&mut postern.workers[0], "No space left on device").await;
    let log = postern.workers[0].log();
    let lines = log.lines().filter(|line| line.contains("waits for postgresql")).count();
    assert!((1..=4).contains(&lines), "{lines}:\n{log}");
    postern.sql("DROP TRIGGER disk_full ON receipts").await;
    ready("the worker is ready", &mut postern.workers[0]).await;
    eventually("all have run", async || (postern.records("Leads").await.len() == 20).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_cannot_take_calls_and_slow_runs_is_not_ready_and_says_so() {
    let mut postern = Postern::start(DEMO).await;
    let broken = DISK_FULL.replace("BEFORE INSERT ON spool FOR EACH STATEMENT", "BEFORE UPDATE ON spool FOR EACH ROW");
    postern.connection().await.batch_execute(&broken).await.unwrap();
    let slow = "INSERT INTO spool (lane, kind, body, attempt, due_at) VALUES (7, 'resume.v1', '{}', 0, now())";
    postern.sql(slow).await;
    unready(&mut postern.workers[0], "calls and slow runs cannot reach this worker").await;
    unready(&mut postern.workers[0], "No space left on device").await;
    postern.sql("DROP TRIGGER disk_full ON spool").await;
    ready("the worker is ready", &mut postern.workers[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_serve_is_not_ready_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::of_postgres(folder.path()) else { return };
    // A PostgreSQL whose folder is gone stops by itself; that of a file system which is only unmounted would stay.
    let _data = Gone(folder.path().join("postern-data"));
    let mut command = Process::command("postern");
    command.args(["serve", "--demo"]).current_dir(folder.path());
    let mut serve = Process::spawn(&mut command);
    let public = serve.address("the public listener is open").await;
    let status = async || {
        let call = Call::new("POST".parse().unwrap(), public, PATH);
        call.form(format!("lastname={}", "Lovelace".repeat(1_000))).send().await.status
    };
    eventually("leads are accepted", async || (status().await == 202).then_some(())).await;
    disk.fill();
    eventually("leads are refused", async || (status().await == 503).then_some(())).await;
    unready(&mut serve, "postgresql").await;
    disk.free();
    eventually("leads are accepted again", async || (status().await == 202).then_some(())).await;
    ready("it is ready again", &mut serve).await;
    serve.terminate();
    assert!(serve.ended().await, "{}", serve.log());
}

/// Waits, beside everything else.
async fn seconds(count: u64) {
    let begin = Instant::now();
    eventually("some seconds are over", async || (begin.elapsed().as_secs() >= count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_that_did_not_get_to_run_does_not_blame_the_database() {
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    for is_frozen in [true, true, false] {
        // The result of the trial before counts no more.
        seconds(2).await;
        let mut connection = postern.connection().await;
        let lock = connection.transaction().await.unwrap();
        lock.batch_execute("LOCK TABLE spool").await.unwrap();
        let asked = tokio::spawn(client().get(format!("http://{}/health/ready", postern.private())).send());
        eventually("the trial waits for the lock", async || {
            let waits = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (postern.count(waits).await > 0).then_some(())
        })
        .await;
        if is_frozen {
            postern.ingress.freeze();
        }
        seconds(4).await;
        lock.rollback().await.unwrap();
        postern.ingress.thaw();
        let text = asked.await.unwrap().unwrap().text().await.unwrap();
        assert_eq!(text.contains("postgresql has committed nothing"), !is_frozen, "{text}");
        ready("it is ready again", &mut postern.ingress).await;
    }
}

/// A folder that is removed when this is dropped.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
