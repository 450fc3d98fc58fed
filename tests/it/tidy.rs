//! The rules of this repository that a program can check: most of them are absences. Every check also makes sure
//! that it finds what it looks for where it is allowed, so that it cannot pass by looking at nothing.

mod circles;
mod dependencies;
mod readme;
mod reference;
pub mod sources;

use std::collections::BTreeSet;
use std::process::Command;

use self::sources::{Source, files, production, read};

/// Fails, naming the files, if anything but what stands under `places` does this.
fn only_in(places: &[&str], does: impl Fn(&Source) -> bool) {
    let allowed = |path: &str| places.iter().any(|place| path.starts_with(place));
    let (inside, outside): (Vec<_>, Vec<_>) =
        production().into_iter().filter(does).map(|source| source.path).partition(|path| allowed(path));
    assert!(outside.is_empty(), "allowed only in {places:?}, but done in {outside:#?}");
    assert!(!inside.is_empty(), "nothing in {places:?} does it any more: the check, or the rule, is out of date");
}

#[test]
fn amqp_is_named_only_by_the_broker_and_the_consumer() {
    only_in(&["shared/src/broker", "worker/src/consume"], |source| source.names("lapin"));
}

#[test]
fn http_is_served_only_by_ingress_control_and_the_probe_of_the_worker() {
    only_in(&["ingress/", "deploy/control/", "shared/http/", "worker/src/probe.rs"], |source| source.names("warp"));
}

#[test]
fn nothing_but_the_consumer_settles_a_delivery() {
    let settles = [".ack(", ".nack(", ".reject("];
    only_in(&["worker/src/consume"], |source| settles.iter().any(|call| source.code.contains(call)));
}

#[test]
fn sql_stands_only_in_the_store() {
    only_in(&["shared/src/store/"], |source| source.literals.iter().any(|text| is_statement(text)));
}

#[test]
fn every_statement_begins_with_the_name_of_its_file_and_itself() {
    let mut found = 0;
    for source in production().iter().filter(|source| source.path.starts_with("shared/src/store/")) {
        let module = source.stem();
        for (name, text) in source.text_constants() {
            let first = text.lines().next().unwrap_or_default();
            assert_eq!(first, format!("-- {module}::{}", name.to_lowercase()), "{} {name}", source.path);
            found += 1;
        }
        let nameless: Vec<&String> = source.literals.iter().filter(|text| begins_with_verb(text)).collect();
        assert!(nameless.is_empty(), "{}: statements without their names: {nameless:#?}", source.path);
        for text in source.literals.iter().filter(|text| text.starts_with("-- ")) {
            assert!(text.starts_with(&format!("-- {module}::")), "{}: {text}", source.path);
        }
    }
    assert!(found > 20, "only {found} statements were found");
}

#[test]
fn the_environment_is_read_only_by_options() {
    const SERVE: &str = "deploy/standalone/src/serve/options.rs";
    let reads = |source: &Source| source.code.contains("env::var") || source.code.contains("env = \"");
    only_in(
        &[
            "shared/src/options",
            "ingress/src/options.rs",
            "worker/src/options.rs",
            "deploy/control/src/options.rs",
            "deploy/standalone/src/options",
            SERVE,
        ],
        reads,
    );
}

#[test]
fn the_services_do_not_know_each_other_and_shared_knows_neither() {
    // Which runs all.
    const ALL: &str = "deploy/standalone/src/serve";
    only_in(&["ingress/", ALL], |source| source.names("postern_ingress"));
    only_in(&["worker/", ALL], |source| source.names("postern_worker"));
    // Its types of operations are those of the command line.
    only_in(&["deploy/control/", "deploy/standalone/src/"], |source| source.names("postern_control"));
    for (manifest, strangers) in [
        ("ingress/Cargo.toml", ["postern-worker", "lapin"]),
        ("ingress/Cargo.toml", ["postern-control", "askama"]),
        ("deploy/control/Cargo.toml", ["postern-ingress", "postern-worker"]),
        ("deploy/control/Cargo.toml", ["lapin", "postern-tests"]),
        ("worker/Cargo.toml", ["postern-ingress", "postern-control"]),
        ("worker/Cargo.toml", ["postern-tests", "postern-http"]),
        ("shared/Cargo.toml", ["postern-ingress", "postern-worker"]),
        ("shared/Cargo.toml", ["warp", "postern-tests"]),
        ("shared/Cargo.toml", ["postern-http", "hyper"]),
        ("shared/http/Cargo.toml", ["postern-ingress", "postern-worker"]),
        ("shared/http/Cargo.toml", ["postern-control", "postern-tests"]),
    ] {
        let text = read(manifest);
        assert!(text.contains("\n[dependencies]\n"), "{manifest}");
        for stranger in strangers {
            assert!(!text.contains(&format!("\n{stranger}")), "{manifest} names {stranger}");
        }
    }
}

#[test]
fn no_file_is_named_after_nothing_in_particular() {
    let all = files();
    assert!(all.iter().any(|path| path == "tests/it/tidy.rs"));
    for path in all.iter().filter(|path| path.ends_with(".rs")) {
        for part in path.trim_end_matches(".rs").split('/') {
            assert!(!["mod", "util", "utils", "common", "helper", "helpers", "misc"].contains(&part), "{path}");
        }
    }
}

#[test]
fn migrations_are_numbered_and_all_are_taken_in_order() {
    let folder = "shared/migrations/";
    let mut on_disk: Vec<String> =
        files().iter().filter_map(|path| path.strip_prefix(folder)).map(str::to_owned).collect();
    on_disk.retain(|name| name.ends_with(".sql"));
    on_disk.sort();
    let line = |name: &String| {
        let number: i32 = name[..4].parse().unwrap_or_else(|_| panic!("{name} has no number of four digits"));
        format!("    ({number}, include_str!(\"../../migrations/{name}\")),\n")
    };
    let expected: String = on_disk.iter().map(line).collect();
    let text = read("shared/src/store/migrate.rs");
    let list = text.split_once("const MIGRATIONS: &[(i32, &str)] = &[\n").and_then(|(_, rest)| rest.split_once("];"));
    assert_eq!(list.map(|(list, _)| list), Some(expected.as_str()));
    assert!(!on_disk.is_empty());
}

#[test]
fn the_contract_names_tests_that_there_are() {
    let code: String = sources::all().into_iter().map(|source| source.text).collect();
    let is_test = |name: &str| {
        let at = code.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("there is no test {name}"));
        code[..at].lines().rev().take(4).any(|line| line.trim_start().starts_with("#[") && line.contains("test"))
    };
    let invariants = read("worker/README.md");
    let invariants = invariants.split("\n## ").find(|section| section.starts_with("Invariants\n")).unwrap();
    let contract = read("tests/CONTRACT.md") + invariants;
    let rows = contract.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | "));
    let mut found = 0;
    for (what, tests) in rows.filter(|(what, _)| !["what holds", "what always holds"].contains(what)) {
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing proves: {what}");
        for name in names {
            assert!(is_test(name), "{name} is no test");
            found += 1;
        }
    }
    assert!(found > 90, "only {found} tests were found");
}

#[test]
fn every_mutation_applies_to_the_code_and_names_tests_that_there_are() {
    let tests: String = files().iter().filter(|file| file.ends_with(".rs")).map(|file| read(file)).collect();
    for patch in files().iter().filter(|file| file.ends_with(".patch")) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let applied = Command::new("git").args(["-C", root, "apply", "--check", patch]).output().unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        let text = read(patch);
        let caught_by = text.lines().find_map(|line| line.strip_prefix("Caught by: ")).unwrap();
        for test in caught_by.split(", ") {
            assert!(tests.contains(&format!("fn {test}()")), "{patch}: there is no test {test}");
        }
    }
}

#[test]
fn every_file_says_at_its_top_why_it_exists() {
    let silent: BTreeSet<String> = (sources::all().into_iter())
        .filter(|source| !source.is_test && !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// Whether a text holds a statement, or a part of one.
/// The lone word is a method of HTTP.
fn is_statement(text: &str) -> bool {
    let has_verb = ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sources::has_word(text, verb));
    text.starts_with("-- ") || has_verb && text != "DELETE"
}

fn begins_with_verb(text: &str) -> bool {
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "LISTEN", "NOTIFY", "CREATE", "ALTER", "DROP", "SET"];
    verbs.contains(&text.split_whitespace().next().unwrap_or_default())
}
