//! The metrics, from the calls that declare them: name, type, labels and help.

use std::collections::BTreeSet;

use super::super::sources::Source;
use super::{cell, table};

/// What declares a metric, and its type.
const TYPES: [(&str, &str); 6] = [
    ("IntCounterVec::new(", "counter"),
    ("IntCounter::new(", "counter"),
    ("IntGaugeVec::new(", "gauge"),
    ("IntGauge::new(", "gauge"),
    ("IntGauge::with_opts(", "gauge"),
    ("Histogram::with_opts(", "histogram"),
];

pub fn part(sources: &[Source]) -> String {
    let (mut rows, mut named) = (BTreeSet::new(), BTreeSet::new());
    for source in sources {
        named.extend(source.literals.iter().filter(|text| is_name(text)).cloned());
        // What begins a declaration ends the one before it.
        let starts = TYPES.iter().flat_map(|(call, kind)| source.code.match_indices(call).map(move |at| (at.0, *kind)));
        let mut starts: Vec<(usize, &str)> = starts.collect();
        starts.sort_unstable();
        for (place, (start, kind)) in starts.iter().enumerate() {
            let end = starts.get(place + 1).map_or(source.code.len(), |(next, _)| *next);
            let declared = &source.code[*start..end];
            let declared = declared.split_once("?").map_or(declared, |(declared, _)| declared);
            let texts: Vec<&str> = declared.split('"').skip(1).step_by(2).collect();
            let [name, help, ..] = texts.as_slice() else { continue };
            rows.insert([(*name).to_owned(), (*kind).to_owned(), labels(declared), help.replace("\\\n", "")]);
        }
    }
    assert!(named.len() > 20);
    assert_eq!(rows.iter().map(|row| row[0].clone()).collect::<BTreeSet<_>>(), named);
    let row = |[name, kind, labels, help]: [String; 4]| vec![format!("`{name}`"), kind, labels, cell(&help)];
    table(&["name", "type", "labels", "what"], rows.into_iter().map(row))
}

fn is_name(text: &str) -> bool {
    text.starts_with("postern_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The names of the labels in a declaration.
fn labels(declared: &str) -> String {
    let listed = declared.split_once("&[").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let constant =
        declared.split_once("const_label(").and_then(|(_, rest)| rest.split_once(", ")).map(|(name, _)| name);
    let names = [listed, constant].into_iter().flatten().flat_map(|list| list.split('"').skip(1).step_by(2));
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
