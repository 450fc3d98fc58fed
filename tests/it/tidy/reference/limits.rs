//! The limits: every constant that bounds something, with its value and its reason.

use super::super::sources::Source;
use super::values::Constants;
use super::{cell, table};

/// The words of which the name of a limit has one.
const WORDS: [&str; 37] = [
    "AFTER",
    "AHEAD",
    "BURST",
    "BYTES",
    "CAREFUL",
    "CELLS",
    "CONNECTIONS",
    "DELIVERIES",
    "FAILURES",
    "FEW",
    "FUEL",
    "GRACE",
    "HELD",
    "KEEP",
    "KEPT",
    "LATELY",
    "LEASE",
    "LEAST",
    "LENGTH",
    "LIMIT",
    "LONGEST",
    "MANY",
    "MAX",
    "MIN",
    "MORE",
    "MOST",
    "RATE",
    "REFUSED",
    "RESERVED",
    "REST",
    "SHARE",
    "SLOTS",
    "SMALL",
    "TIGHT",
    "TIMEOUT",
    "TURN",
    "WINDOW",
];

/// The pages of the control panel: how much of something they show bounds nobody.
const PAGES: &str = "deploy/control/src/panel/";

/// The files of the panel that are no pages.
const NO_PAGES: [&str; 5] = ["live", "login", "password", "throttle", "visit"];

pub fn part(sources: &[Source]) -> String {
    let constants = Constants::read(sources);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for constant in constants.all.iter().filter(|one| is_limit(&one.name) && is_no_page(&one.file)) {
        let Some(value) = constants.shown(constant) else { continue };
        assert!(!constant.about.is_empty(), "{}: {} has no comment", constant.file, constant.name);
        rows.push(vec![format!("`{}`", constant.name), value, cell(&constant.about), format!("`{}`", constant.file)]);
    }
    assert!(rows.len() > 150, "only {} limits were found", rows.len());
    table(&["name", "value", "what it bounds, and why", "where"], rows)
}

fn is_limit(name: &str) -> bool {
    name.split('_').any(|word| WORDS.contains(&word))
}

fn is_no_page(file: &str) -> bool {
    let name = |page: &str| page.split(['/', '.']).next().unwrap_or_default().to_owned();
    file.strip_prefix(PAGES).is_none_or(|page| NO_PAGES.contains(&name(page).as_str()))
}
