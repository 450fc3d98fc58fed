//! The commands of the first day: init, status, explain, token, completion, man, send as JSON, and profiles.

use std::fs;

use serde_json::json;

use super::{Cli, alone};
use crate::harness::{DEMO, Postern, TOKEN};

/// Two workflows that respond and one that does not, for callers that wait.
const RESPONDS: &str = "permission: p
addresses: 127.0.0.1
workflows: [1, 2, 3]
wait: 3
---
workflow: 1
start: {without_record: true, next: a}
steps: {a: {respond: 201, text: 'hello $env[\"name\"]'}}
---
workflow: 2
start: {without_record: true, next: a}
steps: {a: {respond: 200, json: {hello: '$env[\"name\"]'}}}
---
workflow: 3
start: {without_record: true, next: a}
steps: {a: {stop: finished}}
";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_documents_are_applied_as_they_are_and_a_lead_runs() {
    let postern = Postern::start("trigger: other\n").await;
    let cli = Cli::of(&postern);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first");
    let written = cli.run(&format!("init {}", path.display()));
    assert_eq!((written.code, written.stdout.lines().count()), (0, 3), "{written:?}");
    assert!(written.stderr.contains(&format!("postern apply {}", path.display())), "{written:?}");
    assert_eq!(cli.run(&format!("init {}", path.display())).code, 2, "nothing is overwritten");
    assert_eq!(cli.run(&format!("apply {}", path.display())).text().matches(": applied").count(), 3);
    postern.settings_are_in_force().await;
    for email in ["ada@example.org", "ADA@example.org"] {
        let send = format!("send http://{}/trigger --trigger contact_form lastname=x email={email}", postern.public());
        let end = crate::harness::eventually("the worker has it", async || {
            let end = cli.run(&format!("{send} --wait"));
            (!end.stdout.contains("unmatched")).then_some(end)
        })
        .await;
        assert!(end.text().contains(": finished"));
    }
    assert_eq!(cli.items("records Leads", "records").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_names_what_needs_a_person_and_the_command_that_shows_it() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.run("status").text(), "all is well\n");
    postern.outcome("/trigger?workflow_id=77", "lastname=x").await;
    let put = "INSERT INTO dead_letters (kind, body, reason, attempt) VALUES";
    postern.sql(&format!("{put} ('x', '', 'odd', 0), ('x', '', 'odd', 0)")).await;
    let held = cli.run("export workflow 77").text().replace("start:\n", "start:\n  hold: true\n");
    cli.run_with("apply -", &held).text();
    let end = cli.run("status");
    assert_eq!(end.code, 1, "{end:?}");
    for part in ["1 run has failed", "postern failures", "2 dead letters", "postern dead groups", "77 New lead"] {
        assert!(end.stdout.contains(part), "{part}: {end:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&cli.run("status -o json").stdout).unwrap();
    let needs: Vec<_> = json["needs"].as_array().unwrap().iter().map(|need| &need["what"]).collect();
    assert_eq!(needs, ["failed", "dead_letter", "hold"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_a_document_and_a_task_are_explained() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let admitted = cli.run("explain 127.0.0.1").text();
    assert!(admitted.starts_with("127.0.0.1 is admitted\n  loopback admits it: "), "{admitted}");
    let denied = cli.run("explain 203.0.113.7").text();
    assert!(denied.contains("by no permission") && denied.contains("does not admit it"), "{denied}");
    assert!(alone().run("explain create_record").text().contains("`if_exists`"));
    assert_eq!(alone().run("explain workflow.create_record").text(), alone().run("explain create_record").text());
    assert!(alone().run("explain permission").text().contains("`addresses`"));
    assert!(alone().run("explain secret").text().contains("postern secret set"));
    let expression = alone().run("explain expression").text();
    for part in ["`$env[\"lastname\"]`", "`upper`", "`email`"] {
        assert!(expression.contains(part), "{part}: {expression}");
    }
    assert!(alone().run("explain create_recrd").stderr.contains("did you mean `create_record`?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_used_listed_and_revoked() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let token = cli.run("token create nightly").text().trim().to_owned();
    assert!(cli.run(&format!("runs --token {token}")).code == 0);
    let list = cli.run("token list").text();
    assert!(list.contains("\tnightly\tviewer\t") && !list.contains(&token), "the least right: {list}");
    assert_eq!(cli.run("token revoke nightly").code, 2, "nobody can be asked");
    assert!(cli.run("token revoke nihgtly --yes").stderr.contains("did you mean `nightly`?"));
    assert_eq!(cli.run("token revoke nightly --yes").text(), "token nightly: revoked\n");
    let refused = cli.run(&format!("runs --token {token}"));
    assert_eq!((refused.code, refused.stderr.contains("postern token create")), (1, true), "{refused:?}");
}

#[test]
fn shells_complete_and_the_manual_has_a_page_for_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = alone().run(&format!("completion {shell}")).text();
        assert!(script.contains("postern") && script.contains("unmatched"), "{shell}");
    }
    assert!(alone().run("man").text().starts_with(".ie"), "roff");
    let folder = tempfile::tempdir().unwrap();
    alone().run(&format!("man --folder {}", folder.path().display())).text();
    for page in ["postern.1", "postern-apply.1", "postern-dead-replay.1"] {
        let text = fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains("SYNOPSIS"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_sent_with_its_types_and_waited_for() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let send = format!("send http://{}/trigger --trigger web_lead --json - --wait", postern.public());
    let sent = cli.run_with(&send, r#"{"lastname": "Lovelace", "email": "ada@example.org", "tags": ["a", "b"]}"#);
    assert!(sent.text().contains("  3 note (comment): next"));
    assert!(cli.run("record 1").text().contains("Asked about a, b"));
    let two = r#"[{"lastname": "x", "email": "x@example.org"}, {"lastname": "y"}]"#;
    let end = cli.run_with(&format!("{send} -o json"), two);
    assert_eq!(end.code, 1, "one has failed: {end:?}");
    let lines: Vec<serde_json::Value> = end.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut statuses: Vec<_> = lines.iter().filter_map(|line| line["outcome"]["status"].as_str()).collect();
    statuses.sort_unstable();
    assert_eq!((statuses, &lines[2]["sent"]), (vec!["failed", "finished"], &json!(2)));
    let wrong = cli.run_with(&send, "[5]");
    assert_eq!((wrong.code, wrong.stderr.contains("value 1 is no object")), (1, true), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_names_a_server_and_its_token() {
    let postern = Postern::without_worker(DEMO).await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/postern");
    fs::create_dir_all(&folder).unwrap();
    let control = postern.control();
    let profile = format!("{{url: 'http://{control}', token: {TOKEN}}}");
    fs::write(folder.join("config.yaml"), format!("default: here\nprofiles:\n  here: {profile}\n")).unwrap();
    let run = |words: &str, environment: &[(&str, &str)]| {
        let mut command = alone().command(words);
        command.env_remove("POSTERN_URL").env_remove("POSTERN_API_TOKEN").env("HOME", home.path());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let elsewhere = [("POSTERN_URL", "http://127.0.0.1:1"), ("POSTERN_API_TOKEN", "x")];
    assert!(run("runs", &[]).0, "the default of the file");
    assert!(run("runs --profile here", &elsewhere).0, "a named profile comes before the environment");
    assert!(run("runs", &[("POSTERN_PROFILE", "here"), elsewhere[0]]).0);
    assert!(!run("runs", &elsewhere).0, "the environment comes before the default of the file");
    let (_, only_url) = run("runs", &elsewhere[..1]);
    assert!(only_url.contains("a token of the API is needed"), "no token of another server is sent: {only_url}");
    let (_, unknown) = run("runs --profile heer", &[]);
    assert!(unknown.contains("did you mean `here`?") && unknown.contains("config.yaml"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workflow_responds_is_printed_behind_the_outcome() {
    let postern = Postern::start(RESPONDS).await;
    let cli = Cli::of(&postern);
    for (workflow, response) in [(1, "responded 201: hello Ada\n"), (2, "responded 200: {\"hello\":\"Ada\"}\n")] {
        let send = format!("send http://{}/trigger --workflow {workflow} --wait name=Ada", postern.public());
        let sent = cli.run(&send).text();
        assert!(sent.contains(": finished") && sent.ends_with(response), "{sent}");
    }
    let ordinary = cli.run(&format!("send http://{}/trigger --workflow 3 --wait", postern.public())).text();
    assert!(ordinary.contains(": finished") && !ordinary.contains("responded"), "{ordinary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_first_day_speak_russian() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    for (words, stdin, expected) in [
        ("status", "", "всё в порядке\n"),
        ("find ada@example.org", "", "postern: такого текста нигде нет\nподсказка: находятся почта, телефон"),
        ("get workflow 78", "", "postern: такого нет: бизнес-процесс 78\nподсказка: есть такие (бизнес-процесс): 77\n"),
        ("apply -", "trigger: other\n", "триггер other: применено\n"),
        ("apply - --dry-run", "trigger: newer\n", "триггер newer: будет создано\n"),
        ("delete trigger other", "", "подсказка: --yes отвечает за вас\n"),
    ] {
        let end = cli.run_in_russian(words, stdin);
        assert!(format!("{}{}", end.stdout, end.stderr).contains(expected), "{words}: {end:?}");
    }
    let json = cli.run_in_russian("status -o json", "");
    assert_eq!(json.stdout, "{\"status\":\"well\",\"needs\":[]}\n", "programs get the same everywhere");
}
