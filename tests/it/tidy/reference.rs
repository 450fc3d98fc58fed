//! The generated parts of the READMEs are those of the code. With `POSTERN_WRITE_REFERENCE` set they are written, which
//! `tests/run reference` does. A part stands between `<!-- NAME -->` and `<!-- end of NAME -->`.

mod alerts;
mod codes;
mod dashboards;
mod limits;
mod metrics;
mod prometheus_rule;
mod routes;
mod settings;
mod values;

use std::collections::BTreeSet;

use postern_shared::spec::reference;
use postern_shared::store::roles;

use super::readme::readmes;
use super::sources::{Source, exists, production, read, write};

/// The parts of `shared/README.md`, which the program knows itself.
const OF_SHARED: [&str; 5] = ["documents", "tasks", "filters", "tests", "functions"];

/// Every part with its name.
fn parts() -> Vec<(&'static str, String)> {
    let sources = production();
    let sources = sources.as_slice();
    let of_shared = OF_SHARED.iter().map(|name| (*name, reference::part(name).unwrap()));
    let others = [
        ("settings", settings::part(sources)),
        ("metrics", metrics::part(sources)),
        ("alerts", alerts::part()),
        ("private routes", routes::private(sources)),
        ("public routes", routes::public(sources)),
        ("operations", routes::operations()),
        ("limits", limits::part(sources)),
        ("held by ingress", postern_ingress::limits::table()),
        ("held by control", postern_control::limits::table()),
        ("rights", roles::table()),
        ("codes", codes::part()),
        ("ready-made calls", postern_control::panel::readme()),
        ("commands", postern::reference::commands()),
    ];
    of_shared.chain(others).collect()
}

/// The text with its generated parts as the code has them. Notes the parts that it has.
fn generated(file: &str, text: &str, parts: &[(&'static str, String)], seen: &mut BTreeSet<&'static str>) -> String {
    let (mut whole, mut lines) = (String::new(), text.lines());
    while let Some(line) = lines.next() {
        whole += &format!("{line}\n");
        let Some(name) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let (name, part) =
            parts.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{file}: there is no part {name}"));
        assert!(seen.insert(name), "the part {name} stands twice");
        let end = format!("<!-- end of {name} -->");
        assert!(lines.any(|line| line == end), "{file}: the part {name} has no end");
        whole += &format!("{}\n{end}\n", part.trim_end());
    }
    whole
}

/// A table of Markdown.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        assert_eq!(row.len(), head.len(), "{row:?}");
        table += &format!("| {} |\n", row.join(" | "));
    }
    table
}

/// Every text that follows `before` in the code, up to a quote.
fn quoted(sources: &[Source], before: &str) -> BTreeSet<String> {
    let found = sources.iter().flat_map(|source| source.code.split(before).skip(1));
    found.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// A text as it stands in a cell: a sign of Markdown or HTML is a letter there, and code stays code.
fn cell(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let outside =
        |(place, part): (usize, &str)| if place % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() };
    text.split('`').enumerate().map(outside).collect::<Vec<_>>().join("`")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests/run reference asks for the parts to be written")]
fn the_reference_is_that_of_the_code() {
    let (parts, mut seen) = (parts(), BTreeSet::new());
    let readmes = readmes().into_iter().map(|file| {
        let of_code = generated(&file, &read(&file), &parts, &mut seen);
        (file, of_code)
    });
    let mut files: Vec<(String, String)> = readmes.collect();
    files.extend(dashboards::files(&production()));
    files.push(prometheus_rule::file());
    for (file, of_code) in files {
        if std::env::var_os("POSTERN_WRITE_REFERENCE").is_some() {
            write(&file, &of_code);
        } else {
            assert!(exists(&file) && read(&file) == of_code, "{file} is out of date: run tests/run reference");
        }
    }
    let names: BTreeSet<&str> = parts.iter().map(|(name, _)| *name).collect();
    assert_eq!(seen, names);
}
