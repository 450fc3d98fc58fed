//! A PostgreSQL that answers and commits nothing, since it waits for a standby.

use std::time::Duration;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::Method;

use crate::harness::call::Call;
use crate::harness::own_servers::OwnServers;
use crate::harness::process::Process;
use crate::harness::secured::Secured;
use crate::harness::{self, DEMO, Postern, eventually, private, ready};

/// The commit of a bundle that waits for a standby.
const WAITING: &str = "SELECT pid FROM pg_stat_activity
    WHERE application_name = 'postern-worker' AND wait_event = 'SyncRep' AND query = 'COMMIT'";

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_wait_for_a_standby_are_named_by_an_idle_worker() {
    let servers = Secured::boot().await;
    let mut worker = start(&servers, "postern-worker").await;
    servers.own.wait_for_standby("nobody").await;
    eventually("the worker names the setting", async || {
        let (status, text) = private(&mut worker, "/health/ready").await;
        (status == 503 && text.contains("synchronous_standby_names is 'nobody'")).then_some(())
    })
    .await;
    assert!(private(&mut worker, "/metrics").await.1.contains("postern_commits_hang 1"));
    assert_eq!(worker.log().matches("commits hang").count(), 1, "{}", worker.log());
    servers.own.wait_for_standby("").await;
    ready("the worker is ready again", &mut worker).await;
    eventually("the log says that it is over", async || worker.log().contains("commits pass again").then_some(()))
        .await;
}

/// Whose session is ended while its commit waits for a standby is told of a failure, and the work is there all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_found_done_is_settled_only_when_a_standby_has_it() {
    let servers = Secured::boot().await;
    let mut worker = start(&servers, "postern-worker").await;
    let store =
        Store::new(&DatabaseOptions::new(format!("{}?sslmode=disable", servers.database_url), 2), "tests").unwrap();
    harness::apply(&store, DEMO).await;
    let mut ingress = start(&servers, "postern-ingress").await;
    eventually("the broker takes messages", async || ingress.log().contains("the broker takes messages").then_some(()))
        .await;
    let admin = servers.own.admin().await;
    servers.own.wait_for_standby("nobody").await;
    let public = ingress.address("the public listener is open").await;
    let post = Call::new(Method::POST, public, "/trigger?workflow_trigger=web_lead");
    assert_eq!(post.form("lastname=Li&email=li@example.org").send().await.status, 202);
    // The commits of the upkeep wait as well.
    let end = format!("SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting");
    eventually("the commit waits, and its failure is told", async || {
        admin.query(&end, &[]).await.unwrap();
        worker.log().contains("a bundle waits for postgresql").then_some(())
    })
    .await;
    // The next try is due within a fifth of a second, and would be over.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let records = "SELECT count(*) FROM records";
    assert_eq!(admin.query_one(records, &[]).await.unwrap().get::<_, i64>(0), 1, "it is done");
    let known = r#"postern_submissions_total{outcome="known"}"#;
    let settled = async |worker: &mut Process| private(worker, "/metrics").await.1.contains(&format!("{known} 1"));
    assert!(!settled(&mut worker).await, "no standby has it");
    servers.own.wait_for_standby("").await;
    eventually("it is settled", async || settled(&mut worker).await.then_some(())).await;
    assert_eq!(admin.query_one(records, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_without_a_broker_is_not_ready_while_commits_wait_for_a_standby() {
    let own = OwnServers::boot().await;
    let mut postern = Postern::on(own.servers().await, DEMO, &[("AMQP_URL", "amqp://127.0.0.1:1")]).await;
    let public = postern.public();
    let post = async || {
        let post = Call::new(Method::POST, public, "/trigger?workflow_trigger=web_lead");
        post.form("lastname=Li&email=li@example.org").send().await.status
    };
    assert_eq!(post().await, 202);
    own.wait_for_standby("nobody").await;
    // The sessions read their settings again at some moment after the signal.
    eventually("it is on one machine alone", async || (post().await == 503).then_some(())).await;
    eventually("it is not ready", async || {
        let (status, text) = private(&mut postern.ingress, "/health/ready").await;
        (status == 503 && text.contains("postgresql has committed nothing")).then_some(())
    })
    .await;
    own.wait_for_standby("").await;
    ready("it is ready again", &mut postern.ingress).await;
    assert_eq!(post().await, 202);
}

/// A process that is ready, on these servers.
async fn start(servers: &Secured, program: &str) -> Process {
    let (url, ca) = (&servers.database_url, servers.file("ca.pem"));
    let amqp_url = format!("{}?cacertfile={}", servers.amqps_url, ca.display());
    assert!(Process::command("postern").arg("migrate").env("DATABASE_URL", url).status().unwrap().success());
    let mut process = Process::spawn(Process::command(program).env("DATABASE_URL", url).env("AMQP_URL", amqp_url));
    ready("the process is ready", &mut process).await;
    process
}
