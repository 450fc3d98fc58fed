//! Lists: filters, pages, and what comes while one watches.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::Cli;
use crate::harness::{DEMO, Postern};

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_filtered_by_time_state_and_text_and_given_in_pages() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    for n in 0..5 {
        let email = if n < 3 { format!("&email=ada{n}@example.org") } else { String::new() };
        postern.outcome("/trigger?workflow_id=77", &format!("lastname=x{email}")).await;
    }
    let count = |words: &str| cli.run(words).text().lines().count();
    for (words, expected) in [
        ("runs", 5),
        ("runs --last 2", 2),
        ("runs --state failed", 2),
        ("runs --text VALID", 2),
        ("runs --text valid --last 1", 1),
        ("runs --text nothing", 0),
        ("runs --since 1h", 5),
        ("runs --since 2000-01-01 --until 2001-01-01", 0),
        ("runs --until 1h", 0),
        ("runs --state finished --since 1h", 3),
    ] {
        assert_eq!(count(words), expected, "{words}");
    }
    let first = cli.run("runs --last 2 -o json").json().remove(0);
    let next = first["next"].as_str().unwrap();
    let rest = cli.items(&format!("runs --before {next}"), "runs");
    assert_eq!(rest.len(), 3, "{rest:?}");
    assert!(rest.iter().all(|run| !first["runs"].as_array().unwrap().contains(run)));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_items_than_a_page_of_the_api_are_read_in_several() {
    let postern = Postern::without_worker(DEMO).await;
    let put = "INSERT INTO dead_letters (kind, body, reason, attempt) SELECT 'x', '', 'odd ' || n, 0 FROM";
    postern.sql(&format!("{put} generate_series(1, 1100) AS n")).await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.items("dead list --last 1050", "dead_letters").len(), 1050);
    assert_eq!(cli.items("dead list --last 2000", "dead_letters").len(), 1100);
    assert_eq!(cli.items("dead list --text odd.7 --last 5", "dead_letters").len(), 0);
    assert_eq!(cli.run("dead list --last 1050").text().lines().count(), 1050);
    let no_time = cli.run("records Leads --since 1h");
    assert_eq!((no_time.code, no_time.stderr.contains("have no time")), (2, true), "{no_time:?}");
    let no_pages = cli.run("rejected --before 5");
    assert_eq!((no_pages.code, no_pages.stderr.contains("has no pages")), (2, true), "{no_pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_bodies_and_unmatched_submissions_are_filtered_by_permission() {
    let other = "---\npermission: other\naddresses: 127.0.0.2\nworkflows: [77]\n";
    let postern = Postern::start(&format!("{DEMO}{other}")).await;
    let cli = Cli::of(&postern);
    assert_eq!(postern.post("/trigger?workflow_id=77").json("[1]").send().await.status, 400);
    assert_eq!(postern.post("/trigger?workflow_id=77").from("127.0.0.2").json("[1]").send().await.status, 400);
    crate::harness::eventually("both are kept", async || {
        (cli.run("refused list").text().lines().count() == 2).then_some(())
    })
    .await;
    assert_eq!(cli.run("refused list --permission other").text().lines().count(), 1);
    let unknown = cli.run("refused list --permission othre");
    assert_eq!((unknown.code, unknown.stderr.contains("did you mean `other`?")), (1, true), "{unknown:?}");
    assert_eq!(cli.run("unmatched list --permission other").text(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_shows_what_comes_the_oldest_first() {
    let postern = Postern::start(DEMO).await;
    let cli = Cli::of(&postern);
    postern.outcome("/trigger?workflow_id=77", "lastname=x&email=ada0@example.org").await;
    let mut watching = cli.command("runs --watch").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("finished"));
    let first = postern.outcome("/trigger?workflow_id=77", "lastname=x").await;
    let second = postern.outcome("/trigger?workflow_id=77", "lastname=x&email=ada1@example.org").await;
    for expected in [first, second] {
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with(expected["receipt"].as_str().unwrap()), "{line}");
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_an_unknown_name_in_a_filter_is_an_error_and_no_empty_list() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let (workflow, trigger) = ("there is no workflow 999", "there is no trigger web_laed: did you mean `web_lead`?");
    let permission = "there is no permission loopbak: did you mean `loopback`?";
    for (words, message, hint) in [
        ("runs --workflow 999", workflow, "workflows that are there: 77"),
        ("runs --permission loopbak", permission, "permissions that are there: loopback"),
        ("find ada@example.org --permission loopbak", permission, "permissions that are there: loopback"),
        ("find ada@example.org --workflow 999", workflow, "workflows that are there: 77"),
        ("failures --workflow 999", workflow, "workflows that are there: 77"),
        ("replay --workflow 999", workflow, "workflows that are there: 77"),
        ("dismiss --permission loopbak", permission, "permissions that are there: loopback"),
        ("unmatched list --trigger web_laed", trigger, "triggers that are there: web_lead"),
        ("unmatched replay --trigger web_laed", trigger, "triggers that are there: web_lead"),
        ("refused list --permission loopbak", permission, "permissions that are there: loopback"),
        ("refused replay --permission loopbak", permission, "permissions that are there: loopback"),
        ("statistics 999", workflow, "workflows that are there: 77"),
        ("runs --state fialed", "a similar value exists: 'failed'", "needs_attention, failed, running"),
        ("find ada --status fialed", "did you mean `failed`?", "needs_attention, failed, running"),
    ] {
        let end = cli.run(words);
        assert!(end.code > 0 && end.stdout.is_empty(), "{words}: {end:?}");
        assert!(end.stderr.contains(message) && end.stderr.contains(hint), "{words}: {end:?}");
    }
    assert_eq!(cli.run("failures --workflow 77").stderr, "no run has failed\n");
}
