//! The crates that are built in are those that `deny.toml` allows: their licences, where they come from, and which of them
//! there may be once. cargo-deny checks the same, and takes minutes to be built.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::sources::read;

/// The platform whose crates are looked at: those of another one need not be there.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What the tests need of `deny.toml`.
struct Allowed {
    licences: BTreeSet<String>,
    registries: BTreeSet<String>,
    banned: BTreeSet<String>,
    once: BTreeSet<String>,
}

impl Allowed {
    fn read() -> Self {
        let text = read("deny.toml");
        let entries = |kind: fn(&str) -> bool| {
            let entries = list(&text, "deny").into_iter().filter(|entry| kind(entry));
            entries.map(|entry| entry.split('"').nth(1).unwrap().to_owned()).collect()
        };
        let names = |key: &str| list(&text, key).iter().map(|name| name.trim_matches('"').to_owned()).collect();
        Self {
            licences: names("allow"),
            registries: names("allow-registry"),
            banned: entries(|entry| !entry.contains("deny-multiple-versions")),
            once: entries(|entry| entry.contains("deny-multiple-versions = true")),
        }
    }
}

/// The items of `key = [ … ]`, of which a line holds one, or one line all.
fn list(text: &str, key: &str) -> Vec<String> {
    let (_, rest) = text.split_once(&format!("\n{key} = [")).unwrap_or_else(|| panic!("deny.toml has no {key}"));
    let (items, _) = rest.split_once(']').unwrap();
    let items = items.lines().map(|line| line.trim().trim_end_matches(','));
    items.filter(|item| !item.is_empty() && !item.starts_with('#')).map(str::to_owned).collect()
}

/// Every crate that is built in: name, version and licence. `cargo` reads them from the packages that it has.
fn crates() -> Vec<Value> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", PLATFORM]);
    let told = cargo.args(["--manifest-path", manifest]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = told["packages"].as_array().unwrap().iter();
    packages.filter(|package| package["source"].is_string()).cloned().collect()
}

#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let (allowed, mut used) = (Allowed::read().licences, BTreeSet::new());
    let crates = crates();
    for package in &crates {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_allowed(licence, &allowed, &mut used), "{}: {licence:?}", package["name"]);
    }
    assert!(crates.len() > 200, "only {} crates were found", crates.len());
    assert_eq!(used, allowed, "a licence of deny.toml is of no crate");
}

#[test]
fn crates_come_from_one_registry_and_the_important_ones_once() {
    let (allowed, lockfile) = (Allowed::read(), read("Cargo.lock"));
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in lockfile.split("\n[[package]]\n").skip(1) {
        let field =
            |name: &str| package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \""))?.strip_suffix('"'));
        let name = field("name").unwrap();
        *versions.entry(name).or_default() += 1;
        if let Some(source) = field("source") {
            let registry = source.strip_prefix("registry+").unwrap_or(source);
            assert!(allowed.registries.contains(registry), "{name} is of {source}");
        }
    }
    for name in &allowed.banned {
        assert!(!versions.contains_key(name.as_str()), "{name} is built in");
    }
    assert!(allowed.once.len() > 10 && allowed.banned.len() > 1);
    for name in &allowed.once {
        assert_eq!(versions.get(name.as_str()), Some(&1), "{name}");
    }
}

#[test]
fn an_expression_of_licences_is_read_as_spdx_does() {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Zlib"].map(str::to_owned).into();
    for (expression, is_fine) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("(MIT OR Zlib) AND ISC AND Zlib", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", false),
        ("GPL-3.0-only OR MIT AND GPL-2.0-only", false),
        ("MIT OR Apache-2.0 AND GPL-2.0-only", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed, &mut BTreeSet::new()), is_fine, "{expression}");
    }
}

/// Whether a licence, or one of those that can be chosen, is allowed. Notes those that were of use.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut left = words.as_slice();
    let is_fine = either(&mut left, allowed, used);
    assert!(left.is_empty(), "{expression} does not read");
    is_fine
}

/// `a OR b`
fn either(words: &mut &[&str], allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let mut is_fine = both(words, allowed, used);
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        is_fine |= both(words, allowed, used);
    }
    is_fine
}

/// `a AND b`, which binds more closely.
fn both(words: &mut &[&str], allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let mut is_fine = single(words, allowed, used);
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        is_fine &= single(words, allowed, used);
    }
    is_fine
}

/// A licence, one with an exception, or an expression in parentheses.
fn single(words: &mut &[&str], allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    *words = rest;
    if *first == "(" {
        let is_fine = either(words, allowed, used);
        *words = words.strip_prefix(&[")"][..]).expect("a parenthesis is not closed");
        return is_fine;
    }
    // A licence with an exception is another one.
    if let Some((&"WITH", rest)) = words.split_first() {
        *words = &rest[1..];
        return false;
    }
    let is_fine = allowed.contains(*first);
    if is_fine {
        used.insert((*first).to_owned());
    }
    is_fine
}
