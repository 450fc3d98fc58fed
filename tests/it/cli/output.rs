//! What is printed: tables on a terminal, plain lines elsewhere, JSON and YAML as the API returns them, and names.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Cli, alone};
use crate::harness::{DEMO, Postern, eventually};

/// What a command prints on a terminal.
fn on_a_terminal(cli: &Cli, words: &str, environment: &[(&str, &str)]) -> String {
    let command = cli.command(words);
    let line = format!("{} {words}", command.get_program().display());
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm-256color").env_remove("NO_COLOR").envs(environment.iter().copied());
    String::from_utf8(script.output().unwrap().stdout).unwrap().replace('\r', "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_a_table_and_a_pipe_plain_lines() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let failed = postern.outcome("/trigger?workflow_id=77", "lastname=x").await;
    let receipt = failed["receipt"].as_str().unwrap();
    let plain = cli.run("runs").text();
    let cells: Vec<&str> = plain.trim_end().split('\t').collect();
    assert_eq!((cells[0], cells[2]), (format!("{receipt}.1").as_str(), "failed"), "{plain}");
    assert!(cells[1].ends_with('Z') && cells.len() == 7, "{plain}");
    let shown = on_a_terminal(&cli, "runs", &[]);
    let head = console_text(&shown).lines().next().unwrap().to_owned();
    assert!(head.starts_with("RUN") && head.contains("STATE"), "{shown}");
    assert!(shown.contains("\u{1b}[31mfailed") && shown.contains("s ago"), "{shown:?}");
    let plain = on_a_terminal(&cli, "runs", &[("NO_COLOR", "1")]);
    assert!(plain.starts_with("RUN") && !plain.contains('\u{1b}'), "{plain:?}");
}

/// A text without what colours it.
fn console_text(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    first + &parts.map(|part| part.split_once('m').unwrap().1).collect::<String>()
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_unchanged_answer_of_the_api() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    let receipt = postern.outcome("/trigger?workflow_id=77", "lastname=Lovelace&email=ada@example.org").await;
    let receipt = receipt["receipt"].as_str().unwrap();
    for (words, path) in [
        ("runs", "/runs?last=20"),
        ("records Leads", "/records/Leads?last=20"),
        ("record 1", "/record/1"),
        ("changes", "/audit_log?last=20"),
        ("unmatched list", "/unmatched?last=20"),
        ("refused list", "/refused_bodies?last=20"),
        ("rejected", "/rejected_callers?last=20"),
        ("dead list", "/dead_letters?last=20"),
        ("dead groups", "/dead_letter_groups"),
        ("audit --hours 2", "/audit?hours=2"),
        ("get workflows", "/workflows"),
        ("get workflow 77", "/workflows/77"),
        ("get workflow 77 --versions", "/workflows/77/versions"),
        ("get permissions", "/permissions"),
        ("token list", "/tokens"),
        (&format!("receipt {receipt}"), &format!("/receipts/{receipt}")),
    ] {
        // Between two calls the hour, or the last use of the token, may have changed.
        eventually(words, async || {
            let json = cli.run(&format!("{words} -o json")).text();
            let answer = postern.api("GET", path).send().await;
            let yaml = cli.run(&format!("{words} -o yaml")).text();
            let read = postern_shared::yaml::read(&yaml).unwrap();
            (json.trim_end() == answer.text && read[0].value == answer.json).then_some(())
        })
        .await;
    }
    for (words, names) in [
        ("runs", format!("{receipt}.1\n")),
        ("records Leads", "1\n".to_owned()),
        ("get workflows", "workflow/77\n".to_owned()),
        ("get trigger web_lead", "trigger/web_lead\n".to_owned()),
        (&format!("receipt {receipt}"), format!("{receipt}\n")),
    ] {
        assert_eq!(cli.run(&format!("{words} -o name")).text(), names, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_ends_with_a_hint() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    for words in [
        "runs --workflow 5",
        "receipt 0193a5c8-7d00-7abc-8def-0123456789ab",
        "record 99",
        "dead show 99",
        "get trigger nothing",
        "delete trigger web_lead",
        "explain nonsense",
        "explain create_recrd",
        "token revoke nothing",
        "runs --profile nowhere",
        "replay 0193a5c8-7d00-7abc-8def-0123456789ab.77",
        "validate /nowhere.yaml",
        "audit -o name",
    ] {
        let end = cli.run(words);
        let error = end.stderr.lines().find(|line| !line.starts_with("warning: ")).unwrap();
        assert!(end.code > 0 && error.starts_with("postern: "), "{words}: {end:?}");
        let last = end.stderr.lines().last().unwrap();
        assert!(last.starts_with("hint: ") && last.len() > 10, "{words}: {end:?}");
    }
    let away = alone().run("runs");
    assert!(away.stderr.lines().last().unwrap().contains("postern serve"), "{away:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_wrote_cannot_command_a_terminal() {
    let postern = Postern::start(DEMO).await;
    let form = "lastname=%1b%5b2J%0aevil%09x&email=ada@example.org";
    postern.outcome("/trigger?workflow_id=77", form).await;
    for words in ["records Leads", "record 1"] {
        let text = Cli::of(&postern).run(words).text();
        assert!(!text.contains('\u{1b}') && text.contains("evil"), "{text:?}");
    }
    let list: Value = Cli::of(&postern).items("records Leads", "records")[0].clone();
    assert_eq!(list["fields"]["lastname"], "\u{1b}[2J\nevil\tx");
}
