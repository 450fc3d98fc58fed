//! The routes of the listeners, from the doc comments of the functions that answer them; and the operations of the API,
//! from their table.

use std::collections::BTreeSet;

use postern_control::api::BASE;
use postern_control::operation::{About, ROWS, Row};
use postern_shared::store::accounts::Role;

use super::super::sources::Source;
use super::{cell, quoted, table};

/// The routes of the listener for callers.
pub fn public(sources: &[Source]) -> String {
    part(sources, |file| file.starts_with("ingress/"))
}

/// The routes of the listeners for operators, which all services have.
pub fn private(sources: &[Source]) -> String {
    part(sources, |file| !file.starts_with("ingress/"))
}

/// The operations of the API.
pub fn operations() -> String {
    let row = |row: &Row| {
        let About { verb, path, role, summary, .. } = row.about;
        let role = role.map_or("none", Role::word);
        vec![format!("`{} {BASE}{path}`", verb.method()), role.to_owned(), cell(summary)]
    };
    table(&["operation", "role", "does"], ROWS.iter().map(row))
}

fn part(sources: &[Source], is_here: impl Fn(&str) -> bool) -> String {
    let described = described(sources);
    assert_eq!(described.iter().map(|(_, route, _)| path(route)).collect::<BTreeSet<_>>(), answered(sources));
    let here = described.into_iter().filter(|(file, ..)| is_here(file));
    // Two listeners have the same routes, in the same words.
    let rows: BTreeSet<(String, String)> = here.map(|(_, route, about)| (route, about)).collect();
    table(&["route", "answers"], rows.into_iter().map(|(route, about)| vec![format!("`{route}`"), cell(&about)]))
}

/// The lines of doc comments that describe a route: its file, the route, and what it answers.
fn described(sources: &[Source]) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for source in sources {
        for line in source.text.lines().filter_map(|line| line.trim().strip_prefix("/// - `")) {
            let Some((route, about)) = line.split_once("`: ") else { continue };
            if ["GET /", "POST /", "HEAD /", "OPTIONS /"].iter().any(|method| route.starts_with(method)) {
                found.push((source.path.clone(), route.to_owned(), about.trim_end_matches('.').to_owned()));
            }
        }
    }
    found
}

fn path(route: &str) -> String {
    route.rsplit(' ').next().unwrap().to_owned()
}

/// The paths that the code answers.
fn answered(sources: &[Source]) -> BTreeSet<String> {
    let mut paths = BTreeSet::from(["/{short_url}".to_owned()]);
    for source in sources {
        let macros = source.code.split("path!(").skip(1).map(|path| path.split(')').next().unwrap());
        paths.extend(macros.map(|path| format!("/{}", path.replace('"', "").replace(" / ", "/"))));
    }
    let prefixes = quoted(sources, "path.strip_prefix(\"").into_iter().filter(|path| path.starts_with('/'));
    paths.extend(prefixes.map(|path| path + "{id}"));
    paths
}
