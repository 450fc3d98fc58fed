//! The verbs for documents: get, delete, diff, and what apply can do beside setting them.

use super::Cli;
use crate::harness::{DEMO, Postern};

const FOLDER: &str = super::DEMO_FOLDER;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_shown_as_a_list_and_as_its_document_and_removed() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    cli.run_with("apply -", "module: Leads\nfields: {a: text}\n").text();
    for (kind, key, cell) in [
        ("module", "Leads", "open"),
        ("trigger", "web_lead", "Web form"),
        ("workflow", "77", "active"),
        ("permission", "loopback", "127.0.0.1, ::1"),
    ] {
        let list = cli.run(&format!("get {kind}s")).text();
        assert!(list.lines().count() == 1 && list.starts_with(&format!("{key}\t")) && list.contains(cell), "{list}");
        assert_eq!(cli.run(&format!("get {kind} {key}")).text(), cli.run(&format!("export {kind} {key}")).text());
        let asked = cli.run(&format!("delete {kind} {key}"));
        assert_eq!((asked.code, asked.stderr.contains("--yes")), (2, true), "{asked:?}");
        let missing = cli.run(&format!("delete {kind} {key} 999 --yes"));
        assert_eq!((missing.code, missing.stdout.as_str()), (1, ""), "nothing is removed if one is not there");
        assert_eq!(cli.run(&format!("delete {kind} {key} --yes")).text(), format!("{kind} {key}: deleted\n"));
        let gone = cli.run(&format!("get {kind} {key}"));
        assert_eq!((gone.code, gone.stderr.contains(&format!("there is no {kind} {key}"))), (1, true), "{gone:?}");
    }
}

/// A trigger and a workflow as a person writes them.
const WRITTEN: &str = "\
# The form of the web site.
trigger: web_lead
title: \"Web form\" # shown in lists
---
# Asked for by the sales people.
workflow: 77
start: {triggers: [web_lead], without_record: true, next: end}
steps:
  # nothing to do yet
  end: {stop: finished}
";

#[tokio::test(flavor = "multi_thread")]
async fn the_export_of_an_import_is_the_same_text() {
    let postern = Postern::without_worker("").await;
    let cli = Cli::of(&postern);
    cli.run_with("apply -", WRITTEN).text();
    assert_eq!(cli.run("export").text(), WRITTEN);
    assert_eq!(cli.run("get workflow 77").text(), WRITTEN.split_once("---\n").unwrap().1);
    let again = cli.run_with("apply -", &WRITTEN.replace("nothing to do yet", "later")).text();
    assert!(again.contains("web_lead: unchanged") && again.contains("77: applied"), "{again}");
    assert_eq!(cli.run("get workflow 77 --versions").text().lines().count(), 1, "a comment makes no version");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_panel_and_json_change_keeps_the_comments() {
    let postern = Postern::without_worker("").await;
    let cli = Cli::of(&postern);
    cli.run_with("apply -", WRITTEN).text();
    let json = r#"{"trigger": "web_lead", "title": "Form"}"#;
    assert_eq!(postern.api("PUT", "/triggers/web_lead").json(json).send().await.status, 200);
    let expected = "# The form of the web site.\ntrigger: web_lead\ntitle: Form # shown in lists\n";
    assert_eq!(cli.run("export trigger web_lead").text(), expected);
    let viewer = cli.run("token create viewer --role viewer").text();
    assert!(!cli.run(&format!("export --token {}", viewer.trim())).text().contains('#'), "a comment can hold anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_workflow_are_listed_and_shown() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let newer = cli.run("export workflow 77").text().replace("New lead", "Newer lead");
    cli.run_with("apply -", &newer).text();
    let versions = cli.run("get workflow 77 --versions").text();
    assert!(versions.starts_with("2\t") && versions.lines().count() == 2, "{versions}");
    assert!(cli.run("get workflow 77 --version 1").text().contains("title: New lead"));
    assert_eq!(cli.run("get trigger web_lead --versions").code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn diff_shows_the_lines_that_applying_would_change() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.run(&format!("diff {FOLDER}")).text(), "");
    let texts = "trigger: web_lead\ntitle: Form\n---\ntrigger: new\n";
    let end = cli.run_with("diff -", texts);
    let expected = "--- trigger web_lead (set)\n+++ trigger web_lead (file)\n@@ -1,2 +1,2 @@\n trigger: web_lead\n\
                    -title: Web form\n+title: Form\n--- trigger new (set)\n+++ trigger new (file)\n@@ -0,0 +1 @@\n\
                    +trigger: new\n";
    assert_eq!((end.code, end.stdout.as_str()), (1, expected), "{end:?}");
    cli.run_with("apply -", texts).text();
    assert_eq!(cli.run_with("diff -", texts).text(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_would_become_of_each_document_and_changes_nothing() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let before = cli.run("export").text();
    let texts = "trigger: web_lead\ntitle: Form\n---\ntrigger: new\n---\npermission: loopback\naddresses: 127.0.0.1\n\
                 triggers: [web_lead]\n";
    let end = cli.run_with("apply - --dry-run", texts).text();
    let lines =
        "trigger web_lead: would be changed\ntrigger new: would be created\npermission loopback: would be changed\n";
    assert_eq!(end, lines);
    assert_eq!(cli.run(&format!("apply {FOLDER} --dry-run")).text().matches("would be unchanged").count(), 3);
    let refused = cli.run_with("apply - --dry-run", "workflow: 5\nstart: {next: a}\nsteps: {a: {run_workflow: 999}}\n");
    assert_eq!((refused.code, refused.stdout.starts_with("-:3: ")), (1, true), "the server has checked: {refused:?}");
    assert_eq!(cli.run("export").text(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_removes_what_is_in_no_file_of_the_kinds_that_are_in_files() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    cli.run_with("apply -", "trigger: old\n---\ntrigger: older\n").text();
    let texts = "trigger: web_lead\ntitle: Web form\n";
    let shown = cli.run_with("apply - --prune --dry-run", texts).text();
    assert!(shown.contains("trigger old: would be deleted") && shown.lines().count() == 3, "{shown}");
    let asked = cli.run_with("apply - --prune", texts);
    assert_eq!((asked.code, asked.stdout.as_str()), (2, ""), "{asked:?}");
    let pruned = cli.run_with("apply - --prune --yes", texts).text();
    assert_eq!(pruned, "trigger web_lead: unchanged\ntrigger old: deleted\ntrigger older: deleted\n");
    assert_eq!(cli.run("get triggers -o name").text(), "trigger/web_lead\n");
    assert_eq!(cli.run("get workflows -o name").text(), "workflow/77\n", "no file has a workflow");
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_refuses_names_that_lead_nowhere_with_their_lines() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let text = "workflow: 5\nstart:\n  triggers: [web_laed]\n  without_record: true\n  next: end\nsteps: {end: {stop: finished}}\n";
    let end = cli.run_with("apply - --strict", text);
    let line = "-:3: start.triggers.0: there is no trigger web_laed: did you mean `web_lead`?\n";
    assert_eq!((end.code, end.stdout.as_str()), (1, line));
    assert!(cli.run("get workflows -o name").text().lines().count() == 1, "nothing is set");
    assert_eq!(cli.run_with("apply - --strict", &format!("{text}---\ntrigger: web_laed\n")).code, 0);
    cli.run_with("apply -", &text.replace("web_laed", "nothing")).text();
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_told_in_the_language_of_the_locale() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let wrong = cli.run_in_russian("apply -", "trigger: a\ntitel: x\n");
    let here = "-:2: titel: неизвестный ключ `titel` — возможно, имелось в виду `title`?\n";
    assert_eq!((wrong.code, wrong.stdout.as_str()), (1, here));
    let unknown = "workflow: 5\nstart: {without_record: true, next: a}\nsteps: {a: {run_workflow: 999}}\n";
    let refused = cli.run_in_russian("apply -", unknown);
    assert_eq!(refused.stdout, "-:3: steps.a.run_workflow: бизнес-процесса 999 не существует\n", "the server tells it");
    let explained = cli.run_in_russian("explain 203.0.113.7", "").text();
    assert!(explained.contains("ни одно из его правил не охватывает этот адрес"), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l22_names_that_lead_nowhere_are_warnings() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let text = "permission: p\naddresses: 10.0.0.1\nworkflows: [999]\ntriggers: [web_laed]\n";
    let end = cli.run_with("apply -", text);
    assert_eq!(end.code, 0, "{end:?}");
    assert!(end.stderr.contains("warning: -:3: workflows.0: there is no workflow 999\n"), "{end:?}");
    assert!(
        end.stderr.contains("warning: -:4: triggers.0: there is no trigger web_laed: did you mean `web_lead`?"),
        "{end:?}"
    );
    let warnings: Vec<&str> = end.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    let strict = cli.run_with("apply - --strict", text);
    assert_eq!((strict.code, strict.stdout.lines().collect::<Vec<_>>()), (1, warnings), "the same lines are errors");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_looks_misspelt_is_a_warning_and_an_open_one_is_none() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    cli.run_with("apply -", "module: Leads\nfields: {n: text}\n").text();
    let text = |module: &str| {
        format!("workflow: 5\nstart: {{without_record: true, next: a}}\nsteps: {{a: {{create_record: {module}}}}}\n")
    };
    let warned = cli.run_with("apply -", &text("Laeds"));
    let line = "-:3: steps.a.create_record: there is no module Laeds: did you mean `Leads`?\n";
    assert_eq!((warned.code, warned.stderr.as_str()), (0, format!("warning: {line}").as_str()));
    let strict = cli.run_with("apply - --strict", &text("Laeds"));
    assert_eq!((strict.code, strict.stdout.as_str()), (1, line));
    assert_eq!(cli.run_with("apply - --strict", &text("Contacts")).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_starts_itself_is_refused_and_one_that_may_is_warned_of() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let workflow = |id: u8, start: &str, other: u8| {
        format!(
            "---\nworkflow: {id}\nstart: {{{start}without_record: true, next: go}}\nsteps:\n  go: {{run_workflow: {other}}}\n"
        )
    };
    let end = "---\nworkflow: 6\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}\n";
    assert_eq!(cli.run_with("apply -", &format!("{}{end}", workflow(5, "", 6))).code, 0);
    // The workflow that is stored closes the chain.
    let refused = cli.run_with("apply -", &workflow(6, "", 5));
    let finding = "-:5: steps.go.run_workflow: the workflow starts itself without an end: 6 → 5 → 6; put a condition before this step\n";
    assert_eq!((refused.code, refused.stdout.as_str()), (1, finding));
    let text = workflow(6, "condition: '$env[\"n\"]', ", 5);
    let warned = cli.run_with("apply -", &text);
    let line = "-:5: steps.go.run_workflow: the workflow may start itself again: 6 → 5 → 6; make sure that its condition ends it\n";
    assert_eq!((warned.code, warned.stderr.as_str()), (0, format!("warning: {line}").as_str()));
    let strict = cli.run_with("apply - --strict", &text);
    assert_eq!((strict.code, strict.stdout.as_str()), (1, line));
}

#[tokio::test(flavor = "multi_thread")]
async fn l22_deleting_what_others_name_is_a_warning() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let end = cli.run_with("apply - --prune --strict --yes", "trigger: other\n");
    assert_eq!(end.code, 1, "{end:?}");
    assert!(end.stdout.contains("trigger web_lead is removed, and") && end.stdout.contains("workflow 77"), "{end:?}");
    let end = cli.run("delete trigger web_lead --yes");
    assert_eq!(end.code, 0, "{end:?}");
    assert!(end.stderr.contains("warning: workflow 77") && end.stderr.contains("names trigger web_lead\n"), "{end:?}");
}
