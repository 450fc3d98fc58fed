//! A PostgreSQL that answers and commits nothing, since it waits for a standby.

use crate::harness::process::Process;
use crate::harness::secured::Secured;
use crate::harness::{eventually, private, ready};

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_wait_for_a_standby_are_named_by_an_idle_worker() {
    let servers = Secured::boot().await;
    let (url, ca) = (&servers.database_url, servers.file("ca.pem"));
    let amqp_url = format!("{}?cacertfile={}", servers.amqps_url, ca.display());
    assert!(Process::command("postern").arg("migrate").env("DATABASE_URL", url).status().unwrap().success());
    let mut worker =
        Process::spawn(Process::command("postern-worker").env("DATABASE_URL", url).env("AMQP_URL", amqp_url));
    ready("the worker is ready", &mut worker).await;
    let admin = servers.admin().await;
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", &[]).await.unwrap();
    admin.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    eventually("the worker names the setting", async || {
        let (status, text) = private(&mut worker, "/health/ready").await;
        (status == 503 && text.contains("synchronous_standby_names is 'nobody'")).then_some(())
    })
    .await;
    assert!(private(&mut worker, "/metrics").await.1.contains("postern_commits_hang 1"));
    assert_eq!(worker.log().matches("commits hang").count(), 1, "{}", worker.log());
    admin.execute("ALTER SYSTEM RESET synchronous_standby_names", &[]).await.unwrap();
    admin.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    ready("the worker is ready again", &mut worker).await;
    eventually("the log says that it is over", async || worker.log().contains("commits pass again").then_some(()))
        .await;
}
