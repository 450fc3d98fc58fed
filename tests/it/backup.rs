//! A backup by `pg_dump` while leads come, restored into an empty database beside an empty vhost.

use std::process::Command;

use crate::cli::{Cli, empty_database};
use crate::harness::servers::Servers;
use crate::harness::{Postern, eventually};

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2]
---
workflow: 1
start: {module: Leads, without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, store_id: lead, created: pause}
  pause: {delay: {for: 5s}, next: change}
  change: {set_value: {seen: 'yes'}, record: '$env[\"lead\"]'}
---
workflow: 2
start: {module: Leads, without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: late}}
";

fn run(program: &str, arguments: &[&str]) {
    let ended = Command::new(program).args(arguments).output().unwrap();
    assert!(ended.status.success(), "{program}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The same database on servers of its own.
async fn restored(postern: &Postern, file: &str) -> Servers {
    let mut servers = empty_database().await;
    // The roles are of the server, and stand in no dump.
    servers.role_prefix.clone_from(&postern.servers().role_prefix);
    run("pg_restore", &["--clean", "--if-exists", "--exit-on-error", "--dbname", &servers.database_url, file]);
    assert_eq!(Cli::on(&servers.database_url).run("migrate").code, 0);
    servers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_under_load_is_restored_and_its_runs_go_on() {
    let postern = Postern::start(SETTINGS).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump").display().to_string();
    let mut posted = 0_usize;
    let dumping = tokio::task::spawn_blocking({
        let (url, file) = (postern.servers().database_url.clone(), file.clone());
        move || {
            std::thread::sleep(std::time::Duration::from_millis(500));
            run("pg_dump", &["--format=custom", "--file", &file, &url]);
        }
    });
    while !dumping.is_finished() {
        assert_eq!(postern.post("/trigger?workflow_id=1").form(format!("n={posted}")).send().await.status, 202);
        posted += 1;
    }
    dumping.await.unwrap();

    let servers = restored(&postern, &file).await;
    let mut again = Postern::on(servers, "", &[]).await;
    let kept = again.count("SELECT count(*) FROM receipts").await;
    assert!(kept > 0 && kept <= i64::try_from(posted).unwrap(), "{kept} of {posted}");
    let unfinished = again.count("SELECT count(*) FROM runs WHERE state <> 'finished'").await;
    assert!(unfinished > 0, "nothing was under way");
    again.start_worker().await;
    eventually("what was under way goes on", async || {
        (again.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == kept).then_some(())
    })
    .await;
    let seen = "SELECT count(DISTINCT fields->>'n') FROM records WHERE fields->>'seen' = 'yes'";
    assert_eq!(again.count(seen).await, kept, "each once");
    assert_eq!(again.outcome("/trigger?workflow_id=2", "").await["status"], "finished");
    assert_eq!(again.count("SELECT count(*) FROM dead_letters").await, 0);
}
