//! What people tried with the command line, and what must happen: cases K1 to K6.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Cli, alone};
use crate::harness::process::Process;
use crate::harness::tls::{certify, openssl};
use crate::harness::{DEMO, Postern, eventually};

/// An empty folder that other users may pass, since PostgreSQL does not run as root.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn entries(folder: &TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_run_that_fails_is_a_failure_that_names_the_run() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let id = cli.run(&format!("send http://{}/trigger --workflow 77 lastname=x", postern.public())).text();
    let waited = cli.run(&format!("receipt {} --wait", id.trim()));
    assert_eq!((waited.code, waited.stdout.contains(": failed")), (1, true), "{waited:?}");
    let hint = format!("postern run-again {}.1", id.trim());
    assert!(waited.stderr.starts_with("postern: it has failed") && waited.stderr.contains(&hint), "{waited:?}");
    assert_eq!(cli.run(&format!("receipt {}", id.trim())).code, 0, "only --wait judges");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_submission_that_starts_nothing_is_a_failure() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    cli.run_with(
        "apply -",
        "workflow: 77\nactive: false\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}\n",
    )
    .text();
    postern.settings_are_in_force().await;
    let send = format!("send http://{}/trigger --trigger web_lead lastname=x", postern.public());
    let waited = eventually("the worker follows the settings", async || {
        let waited = cli.run(&format!("receipt {} --wait", cli.run(&send).text().trim()));
        waited.stdout.contains("unmatched").then_some(waited)
    })
    .await;
    assert_eq!((waited.code, waited.stderr.contains("postern unmatched replay")), (1, true), "{waited:?}");
}

#[test]
fn without_a_command_help_is_shown_and_nothing_is_made() {
    let folder = folder();
    let output = Process::command("postern").current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("Usage: postern"), "{text}");
    assert_eq!(entries(&folder), 0);
}

#[test]
fn a_port_that_is_taken_is_named_with_its_flag_and_nothing_is_left() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let holder = TcpListener::bind(taken).unwrap();
    for (setting, flag) in [("POSTERN_LISTEN", "--listen"), ("POSTERN_WORKER_LISTEN", "--worker-listen")] {
        let folder = folder();
        let mut command = Process::command("postern");
        let output = command.arg("serve").env(setting, taken.to_string()).current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(flag) && told.contains(setting), "{told}");
        assert_eq!(entries(&folder), 0, "{told}");
    }
    drop(holder);
}

/// A folder with a certificate that has signed nothing.
fn folder_with_certificate() -> TempDir {
    let folder = folder();
    certify(folder.path());
    folder
}

/// A server that ends with the test, however the test ends.
struct HttpsServer(Child);

impl Drop for HttpsServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that answers by TLS what openssl makes of any request, and its port.
fn https_server(folder: &TempDir) -> (HttpsServer, u16) {
    certify(folder.path());
    let arguments = "s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www";
    let mut server = openssl(folder.path(), arguments).spawn().unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let accepts = lines.map_while(Result::ok).find(|line| line.starts_with("ACCEPT")).unwrap();
    (HttpsServer(server), accepts.rsplit(':').next().unwrap().parse().unwrap())
}

#[test]
fn https_is_spoken_with_a_server_whose_certificate_is_trusted() {
    let folder = folder();
    let (_server, port) = https_server(&folder);
    let call = |words: &str, trusted: &str| {
        let mut command: Command = alone().command(words);
        command.env("SSL_CERT_FILE", trusted).env("SSL_CERT_DIR", "/nowhere");
        let output = command.stdin(Stdio::null()).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let certificate = folder.path().join("cert.pem").display().to_string();
    let runs = format!("runs --url https://localhost:{port}");
    let known = call(&runs, &certificate);
    assert!(known.contains("is not the API of Postern"), "{known}");
    let other = folder_with_certificate();
    let unknown = call(&runs, &other.path().join("cert.pem").display().to_string());
    assert!(unknown.contains("certificate"), "{unknown}");
}

#[test]
fn without_any_certificate_plain_http_is_spoken() {
    for words in ["runs", "send http://127.0.0.1:1/trigger a=b"] {
        let mut command = alone().command(words);
        let output = command.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("there is no server") || told.contains("no answer"), "{words}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_is_an_error_with_a_suggestion() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    for (words, message) in [
        ("records Laeds", "there is no module Laeds: did you mean `Leads`?"),
        ("records Contacts", "there is no module Contacts"),
        ("runs --workflow 5", "there is no workflow 5"),
        ("runs --workflow 5", "77"),
        ("unmatched list --workflow 5", "there is no workflow 5"),
        ("unmatched list --trigger web_laed", "there is no trigger web_laed: did you mean `web_lead`?"),
    ] {
        let end = cli.run(words);
        assert_eq!((end.code, end.stdout.as_str()), (1, ""), "{words}: {end:?}");
        assert!(end.stderr.contains(message), "{words}: {end:?}");
    }
    for words in ["records Leads", "runs --workflow 77", "unmatched list --trigger web_lead"] {
        let end = cli.run(words);
        assert_eq!((end.code, end.stdout.as_str()), (0, ""), "{words}: {end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_no_terminal_has_no_colours_and_the_end_names_the_data() {
    let folder = folder();
    let mut command = Process::command("postern");
    command.args(["serve", "--demo"]).current_dir(folder.path()).env("POSTERN_LOG_FORMAT", "text");
    let mut serve = Process::spawn(&mut command);
    eventually("it listens", async || serve.log().contains("the public listener is open").then_some(())).await;
    eventually("it works", async || serve.log().contains("the catalog was loaded").then_some(())).await;
    serve.interrupt();
    assert!(serve.ended().await, "{}", serve.log());
    let log = eventually("its last line", async || {
        Some(serve.log()).filter(|log| log.lines().last().is_some_and(|line| line.contains("postern-data")))
    })
    .await;
    assert!(!log.contains('\u{1b}'), "{log}");
    let after: Vec<&str> = log.lines().skip_while(|line| !line.contains("SIGINT")).skip(1).collect();
    assert_eq!(after.len(), 1, "{log}");
    let data = folder.path().join("postern-data").canonicalize().unwrap();
    assert_eq!(after[0], format!("stopped; the data is in {}", data.display()));
}
