//! A log that cannot be written: its disk is full, its reader has gone or stands still.

use std::fs::OpenOptions;
use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::Value;

use crate::harness::call::Call;
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually};

/// What a pipe holds on Linux: full, it makes its writers wait.
const PIPE_BYTES: usize = 64 * 1024;

/// A `postern serve` that nobody hears.
struct Unheard {
    process: Process,
    public: SocketAddr,
    private: SocketAddr,
    _servers: Servers,
}

impl Unheard {
    /// Logs everything to standard error.
    async fn start(stdout: impl Into<Stdio>, stderr: impl Into<Stdio>) -> Self {
        let servers = Servers::new().await;
        let (public, private) = (free(), free());
        let mut command = Process::command("postern");
        command.args(["serve", "--demo"]).env("DATABASE_URL", &servers.database_url).env("POSTERN_LOG", "trace");
        command.env("POSTERN_LISTEN", public.to_string()).env("POSTERN_PRIVATE_LISTEN", private.to_string());
        let process = Process::unheard(command.stdout(stdout), stderr);
        let unheard = Self { process, public, private, _servers: servers };
        eventually("it admits", async || {
            let url = format!("http://{public}/receipts/x");
            (reqwest::get(url).await.ok()?.status() == 404).then_some(())
        })
        .await;
        unheard
    }

    /// Posts, and waits until the last one has run; then it is told to stop, and must.
    async fn serves_and_stops(mut self, posts: usize) {
        let post = |n: usize| {
            let form = format!("lastname=Lovelace&email=ada{n}@example.org");
            Call::new(Method::POST, self.public, "/trigger?workflow_trigger=web_lead").form(form).send()
        };
        let mut answers = stream::iter(0..posts).map(post).buffered(16);
        let mut last = String::new();
        while let Some(answer) = answers.next().await {
            assert_eq!(answer.status, 202, "{}", answer.text);
            last = answer.header("location");
        }
        drop(answers);
        eventually("the last one has run", async || {
            let receipt = Call::new(Method::GET, self.public, &last).send().await;
            (receipt.json["status"] == "finished").then_some(())
        })
        .await;
        self.process.terminate();
        assert!(self.process.ended().await);
    }

    async fn dropped_lines(&self) -> u64 {
        let metrics = reqwest::get(format!("http://{}/metrics", self.private)).await.unwrap().text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("postern_log_lines_dropped_total "));
        line.unwrap().parse().unwrap()
    }
}

/// An address that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A pipe that takes nothing more for as long as its reader is held.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(&[b'\n'; PIPE_BYTES]).unwrap();
    (reader, writer)
}

fn full_disk() -> std::fs::File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_go_on_when_the_reader_of_the_log_has_gone() {
    let ((reader, stdout), (other, stderr)) = (pipe().unwrap(), pipe().unwrap());
    drop((reader, other));
    let postern = Unheard::start(stdout, stderr).await;
    eventually("dropped lines are counted", async || (postern.dropped_lines().await > 0).then_some(())).await;
    postern.serves_and_stops(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_go_on_when_the_reader_of_the_log_stands_still() {
    let ((_reader, stdout), (_other, stderr)) = (full_pipe(), full_pipe());
    let postern = Unheard::start(stdout, stderr).await;
    postern.serves_and_stops(3_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_go_on_when_the_disk_of_the_log_is_full() {
    let postern = Unheard::start(full_disk(), full_disk()).await;
    eventually("dropped lines are counted", async || (postern.dropped_lines().await > 0).then_some(())).await;
    postern.serves_and_stops(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_ends_although_its_log_stands_still() {
    for program in ["postern-ingress", "postern-worker", "postern-control"] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let (_reader, stderr) = full_pipe();
        let mut command = Process::command(program);
        command.env("DATABASE_URL", "postgres://u@127.0.0.1:1/x").env("AMQP_URL", "amqp://127.0.0.1:1");
        command.env("POSTERN_PRIVATE_LISTEN", taken.local_addr().unwrap().to_string());
        assert!(!Process::unheard(&mut command, stderr).ended().await, "{program}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_json_log_is_json_to_the_last_one() {
    let no_secrets = [("POSTERN_API_TOKEN", ""), ("POSTERN_ADMIN_PASSWORD", "")];
    let mut postern = Postern::with_ingress(DEMO, &no_secrets).await;
    for process in [&mut postern.ingress, &mut postern.control] {
        process.terminate();
        assert!(process.ended().await);
    }
    let mut fails = Process::command("postern");
    fails.args(["serve", "--data-dir", "/dev/null/x"]);
    let mut failed = Process::spawn(&mut fails);
    assert!(!failed.ended().await);
    eventually("the end of the log", async || failed.log().contains("postern stops").then_some(())).await;
    for log in [postern.ingress.log(), postern.control.log(), failed.log()] {
        let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()), "{log}");
    }
    assert!(postern.control.log().contains("\"link\":\"http://"), "{}", postern.control.log());
}
