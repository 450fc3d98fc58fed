//! A primary that another server has succeeded, and that lives on: its sessions read what is old, and their commits wait for
//! standbys that follow the other one. All services leave it by themselves.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::Method;
use tokio::time::timeout;

use crate::harness::call::Call;
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{self, BROKER_TAKES, DEMO, TOKEN, eventually, private, ready};
use crate::replicated::replicas::Replicas;

/// A session that waits for a standby stays until the server ends it, whatever its client does.
const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE application_name LIKE 'postern-%' AND wait_event IS DISTINCT FROM 'SyncRep'";

/// How long a call may take until it is made again: its commit may wait for a standby for ever.
const CALL_LIMIT: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn all_services_leave_a_primary_that_was_succeeded() {
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let (mut replicas, servers) = (Replicas::boot(folder.path()).await, Servers::new().await);
    let url = replicas.url();
    let migrated = Process::command("postern").arg("migrate").env("DATABASE_URL", &url).status().unwrap();
    assert!(migrated.success());
    let store = Store::new(&DatabaseOptions::new(&url, 2), "tests").unwrap();
    harness::apply(&store, DEMO).await;
    let start = |program| {
        let mut command = Process::command(program);
        Process::spawn(command.env("DATABASE_URL", &url).env("AMQP_URL", &servers.amqp_url))
    };
    let [mut ingress, mut worker, mut control] = ["postern-ingress", "postern-worker", "postern-control"].map(start);
    for process in [&mut ingress, &mut worker, &mut control] {
        ready("the service is ready", process).await;
    }
    eventually("the broker takes messages", async || {
        private(&mut ingress, "/metrics").await.1.contains(BROKER_TAKES).then_some(())
    })
    .await;
    let (public, panel) =
        (ingress.address("the public listener is open").await, control.address("the control listener is open").await);

    let old = replicas.of("postern", replicas.primary).connect().await.unwrap();
    assert!(old.query_one(SESSIONS, &[]).await.unwrap().get::<_, i64>(0) > 2, "all of them work with it");
    replicas.fail_over().await;
    let new = replicas.of("postern", replicas.primary).connect().await.unwrap();

    // What control changes is committed by the new primary, and the ingress follows it there.
    let bearer = format!("Bearer {TOKEN}");
    let moved = DEMO.replace("workflows: [77]", "workflows: [77]\nshort_url: /moved");
    assert_ne!(moved, DEMO);
    eventually("control changes the settings", async || {
        let call = Call::new(Method::POST, panel, "/api/v1/apply").header("authorization", &bearer);
        let answer = timeout(CALL_LIMIT, call.header("content-type", "application/yaml").body(moved.clone()).send());
        (answer.await.ok()?.status == 200).then_some(())
    })
    .await;
    let stored = "SELECT count(*) FROM permissions WHERE document::text LIKE '%/moved%'";
    assert_eq!(new.query_one(stored, &[]).await.unwrap().get::<_, i64>(0), 1);
    eventually("the ingress follows", async || {
        let call = Call::new(Method::POST, public, "/moved?workflow_id=77");
        (call.form("lastname=Li&email=li@example.org").send().await.status == 202).then_some(())
    })
    .await;
    // The worker executes it there, and the ingress tells there what it has answered.
    for statement in ["SELECT count(*) FROM records", "SELECT count(*) FROM answered"] {
        eventually(statement, async || {
            (new.query_one(statement, &[]).await.unwrap().get::<_, i64>(0) > 0).then_some(())
        })
        .await;
    }
    eventually("nobody works with the old primary", async || {
        (old.query_one(SESSIONS, &[]).await.unwrap().get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    for process in [&ingress, &worker, &control] {
        let log = process.log();
        assert!(log.contains("another server of postgresql is the primary now"), "{log}");
    }
    // The old one stands first in the URL, and takes connections.
    for program in ["postern-ingress", "postern-worker", "postern-control"] {
        ready("a service that starts later is ready", &mut start(program)).await;
        assert_eq!(old.query_one(SESSIONS, &[]).await.unwrap().get::<_, i64>(0), 0, "{program}");
    }
}
