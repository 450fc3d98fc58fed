//! The program `postern` against a running Postern: what it prints, and with which exit code it ends.

mod console;
mod csv;
mod documents;
mod drafts;
mod first_steps;
mod lists;
mod output;
mod people;
mod program;

use std::io::Write;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, TOKEN, eventually};

pub use program::{Cli, End, alone};

/// The documents of the demo, as a person names them.
pub const DEMO_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/demo");

/// A file with this text, removed when dropped.
fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_fills_an_empty_database_and_has_nothing_to_do_the_second_time() {
    let servers = empty_database().await;
    let cli = Cli::on(&servers.database_url);
    assert!(cli.run("migrate -o json").json()[0]["taken"].as_u64().unwrap() > 0);
    assert_eq!(cli.run("migrate").text(), "0 migrations taken, the schema is up to date\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_or_not_ours_and_a_token_that_is_missing_or_wrong_are_told_apart() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let other = |url: String, token| Cli { url, token, ..alone() };
    for (cli, code, message) in [
        (alone(), 1, "there is no server at http://127.0.0.1:1"),
        (other(cli.url.clone(), ""), 2, "a token of the API is needed"),
        (other(cli.url.clone(), "another-token-of-no-use"), 1, "refuses the token"),
        (other(format!("http://{}", postern.public()), TOKEN), 1, "is not the API of Postern"),
        (other(another_version().await, TOKEN), 1, "is Postern 9.9.9, this program is"),
    ] {
        let end = cli.run("runs");
        assert_eq!((end.code, end.stderr.contains(message)), (code, true), "{message}: {end:?}");
    }
}

/// The address of a server that answers as a newer Postern would.
async fn another_version() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\npostern-version: 9.9.9\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_replayed_and_discarded_and_the_changes_say_who_did_it() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let put = "INSERT INTO dead_letters (kind, body, reason, attempt) VALUES";
    postern.sql(&format!("{put} ('submissions.v1', '', 'odd', 0), ('x', '', 'odd', 0), ('x', '', 'odd', 0)")).await;
    let groups = cli.items("dead groups", "groups");
    let counts: Vec<_> = groups.iter().map(|group| group["count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [2, 1]);
    let group = groups[1]["group"].as_str().unwrap();
    let id = cli.items(&format!("dead list --group {group}"), "dead_letters")[0]["id"].clone();
    let refused = cli.run_with(&format!("dead replay {id} --env -"), "{}");
    assert_eq!((refused.code, refused.stderr.contains("not a bundle")), (1, true), "{refused:?}");
    assert!(cli.run(&format!("dead show {id}")).text().contains("odd"));
    assert_eq!(cli.run(&format!("dead replay {id} --per-second 2")).text(), "1 replayed, 0 left\n");
    assert_eq!(cli.run(&format!("dead replay {id}")).code, 1);
    assert_eq!(cli.run("dead discard --all --reason old").text(), "2 discarded, 0 left\n");
    assert_eq!(cli.run("dead list").text(), "");
    let changes = cli.run("changes dead_letter").text();
    assert_eq!(changes.matches("token POSTERN_API_TOKEN\tdiscard\tdead_letter").count(), 2, "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_after_the_demo_was_applied_applies_again_without_a_change() {
    let postern = Postern::without_worker(DEMO_PERMISSION).await;
    let cli = Cli::of(&postern);
    let applied = "trigger web_lead: applied\nworkflow 77: applied\npermission loopback: applied\n";
    assert_eq!(cli.run(&format!("apply {DEMO_FOLDER}")).text(), applied);
    let exported = cli.run("export").text();
    assert_eq!(cli.run_with("apply -", &exported).text(), applied.replace(": applied", ": unchanged"));
    assert_eq!(cli.run("export").text(), exported);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_gives_the_one_that_is_named_and_fails_if_there_is_none() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    assert!(cli.run("export workflow 77").text().starts_with("workflow: 77\n"));
    assert_eq!(cli.run("export -o json trigger").json()[0]["trigger"], "web_lead");
    let missing = cli.run("export workflow 78");
    let told = "postern: there is no workflow 78\nhint: workflows that are there: 77\n";
    assert_eq!((missing.code, missing.stderr.as_str()), (1, told));
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_refuses_all_documents_if_one_has_a_finding() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let before = cli.run("export").text();
    let refused = cli.run_with("apply -", "trigger: other\n---\nworkflow: 78\nstart: {next: nowhere}\n");
    assert_eq!((refused.code, refused.stdout.contains("-:4: ")), (1, true), "{refused:?}");
    assert_eq!(cli.run("export").text(), before);
}

#[test]
fn validate_ends_with_0_1_or_2_and_names_file_and_line() {
    assert_eq!(alone().run(&format!("validate {DEMO_FOLDER}")).text(), "3 checked, no findings\n");
    let bad = file("workflow: 1\nstart: {next: end}\nsteps:\n  end:\n    stop: sometimes\n");
    let name = bad.path().display();
    let found = alone().run(&format!("validate {name}"));
    assert_eq!((found.code, found.stderr.as_str()), (1, ""));
    assert!(found.stdout.starts_with(&format!("{name}:5: step end: field stop: ")), "{found:?}");
    let found = alone().run(&format!("validate -o json {name}"));
    let finding: Value = serde_json::from_str(found.stdout.trim()).unwrap();
    assert_eq!((found.code, &finding["line"], &finding["path"]), (1, &5.into(), &"steps.end.stop".into()));
    for wrong in ["validate", "validate /nowhere.yaml", "nonsense"] {
        assert_eq!(alone().run(wrong).code, 2, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_sent_shows_up_in_receipt_runs_and_records() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let sent = cli.run(&format!(
        "send http://{}/trigger --trigger web_lead lastname=Lovelace email=Ada@example.org",
        postern.public()
    ));
    assert_eq!(sent.stderr, "1 sent: 202 × 1\n");
    let id = sent.text().trim().to_owned();
    let receipt = cli.run(&format!("receipt {id} --wait")).text();
    assert!(receipt.starts_with(&format!("{id}: finished\n")), "{receipt}");
    assert!(receipt.contains("by permission loopback for trigger web_lead"), "{receipt}");
    let path = "\n  1 usable (condition): then\n  2 lead (create_record): created\n  3 note (comment): next\n\
        records: 1\nread, never posted: firstname, street, tags\n";
    assert!(receipt.ends_with(path), "{receipt}");
    assert!(cli.run("runs --workflow 77").text().starts_with(&format!("{id}.1\t")));
    assert_eq!(cli.run("runs --state failed").text(), "");
    let record = cli.run("record 1").text();
    assert!(record.contains("\nlastname: \"Lovelace\"") && record.contains("Asked about"), "{record}");
    let records = cli.run("records Leads").text();
    assert!(records.contains(r#""lastname":"Lovelace""#) && records.lines().count() == 1, "{records}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_gives_json_to_programs() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let sent = cli.run(&format!("send -o json http://{}/trigger --workflow 77 lastname=x", postern.public())).json();
    assert_eq!(
        (&sent[0]["status"], &sent[1]),
        (&202.into(), &serde_json::json!({"sent": 1, "statuses": {"202": 1}, "refused": 0}))
    );
    let id = sent[0]["body"]["receipt"].as_str().unwrap();
    let receipt = cli.run(&format!("receipt {id} --wait -o json"));
    assert_eq!(receipt.code, 1, "{receipt:?}");
    let receipt: Value = serde_json::from_str(&receipt.stdout).unwrap();
    assert_eq!((&receipt["receipt"], &receipt["status"]), (&id.into(), &"failed".into()), "{receipt}");
    let path = receipt["runs"][0]["path"].as_array().unwrap();
    assert_eq!((&path[0]["output"], &path[1]["step"]), (&"else".into(), &"reject".into()), "{receipt}");
    assert_eq!(cli.items("runs --state failed", "runs")[0]["receipt"], id);
    assert_eq!(cli.run(&format!("apply -o json {DEMO_FOLDER}")).json()[2]["changed"], false);
    assert_eq!(cli.run(&format!("validate -o json {DEMO_FOLDER}")).json()[0]["documents"], 3);
    assert!(cli.items("records Leads", "records").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_a_csv_file_is_a_submission() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let rows = file("lastname,email\nLovelace,ada@example.org\n\"Hopper, G.\",grace@example.org\n");
    let send = format!("send http://{}/trigger --workflow 77 --csv {}", postern.public(), rows.path().display());
    let receipts = cli.run(&format!("{send} street=Main")).text();
    assert_eq!(receipts.lines().count(), 2);
    for id in receipts.lines() {
        cli.run(&format!("receipt {id} --wait")).text();
    }
    let records = cli.items("records Leads", "records");
    let mut names: Vec<_> = records.iter().map(|one| one["fields"]["lastname"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!((names, &records[0]["fields"]["street"]), (vec!["Hopper, G.", "Lovelace"], &"Main".into()));
    assert_eq!(cli.run("records Leads --last 1").text().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_submission_is_a_failure_that_says_what_the_caller_was_told() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let refused = cli.run(&format!("send http://{}/trigger --workflow 78 a=b", postern.public()));
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("403 target_denied"), "{}", refused.stderr);
    let unreachable = alone().run("send http://127.0.0.1:1/trigger a=b");
    assert_eq!((unreachable.code, unreachable.stderr.contains("no answer")), (1, true), "{unreachable:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_no_worker_has_taken_is_a_failure() {
    let postern = Postern::without_worker(DEMO).await;
    let id = eventually("the broker takes messages", async || {
        let answer = postern.post("/trigger?workflow_id=77").form("a=b").send().await;
        answer.json["receipt"].as_str().map(str::to_owned)
    })
    .await;
    let open = Cli::of(&postern).run(&format!("receipt {id} --wait --timeout 1"));
    assert_eq!((open.code, open.stderr.contains("it is queued")), (1, true), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_told_with_its_reason_at_once() {
    let postern = Postern::without_worker(DEMO).await;
    let id = "0193a5c8-7d00-7abc-8def-0123456789ab";
    const DEAD: &str = "postern: it became a dead letter: it was poison\n\
                        hint: `postern dead list` shows its number, `postern dead replay NUMBER` puts it back\n";
    let put = "INSERT INTO dead_letters (receipt, kind, body, reason, attempt) VALUES";
    postern.sql(&format!("{put} ('{id}', 'submissions.v1', '', 'it was poison', 0)")).await;
    let end = Cli::of(&postern).run(&format!("receipt {id} --wait --timeout 600"));
    assert_eq!((end.code, end.stderr.as_str()), (1, DEAD));
}

/// Something to start an ingress with; the demo brings the same permission with its targets.
const DEMO_PERMISSION: &str = "permission: loopback\naddresses: 127.0.0.1\nworkflows: [1]\n";

/// A database with nothing in it.
pub async fn empty_database() -> Servers {
    let servers = Servers::new().await;
    let (client, connection) = tokio_postgres::connect(&servers.database_url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    servers
}
