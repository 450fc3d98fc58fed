//! An editor on documents: the language server for YAML, which most editors run, completes and checks by the schema.

mod language_server;

use crate::cli::alone;
use language_server::LanguageServer;

/// A step in which a person types; `|` is where.
const STEP: &str = "workflow: 1\nstart: {next: s}\nsteps:\n  s:\n    ";

async fn server() -> LanguageServer {
    LanguageServer::start(&alone().run("schema").text()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_completes_tasks_outputs_settings_and_words() {
    let mut server = server().await;
    for (typed, expected) in [
        ("|", &["create_record", "condition", "send_mail", "stop"][..]),
        ("create_record: Leads\n    |", &["created", "existing", "fields", "unique", "if_exists", "store_id"]),
        ("create_record: Leads\n    if_exists: |", &["skip", "update"]),
        ("http_request: https://example.org\n    |", &["next", "failed", "retries", "timeout", "json"]),
        ("delay:\n      |", &["for", "until", "zone"]),
    ] {
        let offered = server.complete(&format!("{STEP}{typed}")).await;
        for word in expected {
            assert!(offered.iter().any(|one| one == word), "{typed}: {word} is not among {offered:?}");
        }
        assert!(!offered.iter().any(|one| one == "then") || typed == "|", "{typed}: {offered:?}");
    }
    let offered = server.complete("|").await;
    for kind in ["workflow", "trigger", "module", "permission"] {
        assert!(offered.iter().any(|one| one == kind), "{kind} is not among {offered:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_finds_nothing_in_the_demo_and_underlines_a_misspelt_key() {
    let mut server = server().await;
    for name in ["permission-loopback", "trigger-web_lead", "workflow-77"] {
        let path = format!("{}/../deploy/demo/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let found = server.check(&std::fs::read_to_string(path).unwrap()).await;
        assert_eq!(found, [""; 0], "{name}");
    }
    for (step, line, word) in [
        ("create_record: Leads\n    exsisting: s", 5, "exsisting"),
        ("http_request: https://example.org\n    retries: 50", 5, "20"),
        ("create_record: Leads\n    if_exists: maybe", 5, "skip"),
    ] {
        let found = server.check(&format!("{STEP}{step}\n")).await;
        let is_there = |one: &String| one.starts_with(&format!("{line}: ")) && one.contains(word);
        assert!(found.iter().any(is_there), "{step}: {found:?}");
    }
}
