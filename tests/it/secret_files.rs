//! Secrets in files, as containers mount them.

use std::fs;
use std::process::Command;

use postern_shared::store::roles::{self, Password, Process as Role, Wanted};
use tempfile::TempDir;

use crate::harness::call::{Call, client};
use crate::harness::process::Process;
use crate::harness::{DEMO, Postern, TOKEN, eventually, ready};

const PATH: &str = "/trigger?workflow_id=77";
const LEAD: &str = "lastname=Lovelace&email=ada@example.org";

/// Puts secrets into files of a folder of its own, and their paths into the environment of a program.
fn with_files(command: &mut Command, secrets: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, secret) in secrets {
        let file = folder.path().join(name);
        fs::write(&file, format!("{secret}\n")).unwrap();
        command.env_remove(name).env(format!("{name}_FILE"), file);
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn every_secret_may_stand_in_a_file() {
    let postern = Postern::without_worker(DEMO).await;
    let servers = postern.servers();
    let key = "0f".repeat(32);
    let started = |binary: &str, more: &[(&str, &str)]| {
        let mut command = Process::command(binary);
        let database = servers.database_url_of(binary);
        let mut secrets = vec![("DATABASE_URL", &*database), ("POSTERN_SECRETS_KEY", &*key)];
        secrets.extend((binary != "postern-control").then_some(("AMQP_URL", &*servers.amqp_url)));
        secrets.extend(more);
        let folder = with_files(&mut command, &secrets);
        (Process::spawn(&mut command), folder)
    };
    let (mut ingress, _files) = started("postern-ingress", &[]);
    let (mut worker, _files) = started("postern-worker", &[("POSTERN_SMTP_URL", "smtp://u:p@127.0.0.1:1")]);
    let (mut control, _files) =
        started("postern-control", &[("POSTERN_API_TOKEN", TOKEN), ("POSTERN_ADMIN_PASSWORD", "a-long-password")]);
    for process in [&mut ingress, &mut worker, &mut control] {
        ready("it is ready", process).await;
    }
    let public = ingress.address("the public listener is open").await;
    let lead = Call::new("POST".parse().unwrap(), public, PATH).form(LEAD).send().await;
    assert_eq!(postern.ended(&lead).await["status"], "finished");
    let panel = control.address("the control listener is open").await;
    let runs = client().get(format!("http://{panel}/api/v1/runs")).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(runs.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_in_the_file_is_used_without_a_restart() {
    let postern = Postern::without_worker(DEMO).await;
    let servers = postern.servers();
    let role = format!("{}_worker", servers.name());
    let wanted = vec![Wanted { process: Role::Worker, password: Password::read("the-first-password").ok() }];
    roles::make(&mut postern.connection().await, &servers.name().parse().unwrap(), wanted).await.unwrap();
    let mut command = Process::command("postern-worker");
    command.env("AMQP_URL", &servers.amqp_url);
    let folder = with_files(&mut command, &[("DATABASE_URL", &servers.database_url_as(&role, "the-first-password"))]);
    let mut worker = Process::spawn(&mut command);
    ready("the worker is ready", &mut worker).await;

    fs::write(folder.path().join("DATABASE_URL"), servers.database_url_as(&role, "the-second-password")).unwrap();
    postern.sql(&format!("ALTER ROLE {role} PASSWORD 'the-second-password'")).await;
    let sessions = format!("SELECT pid FROM pg_stat_activity WHERE usename = '{role}'");
    postern.sql(&format!("SELECT pg_terminate_backend(pid) FROM ({sessions}) s")).await;
    let lead = postern.post(PATH).form(LEAD).send().await;
    assert_eq!(postern.ended(&lead).await["status"], "finished", "{}", worker.log());
    eventually("it is ready", async || {
        (crate::harness::private(&mut worker, "/health/ready").await.0 == 200).then_some(())
    })
    .await;
}
