//! The metrics, from the calls that declare them: name, type, labels and help.

use std::collections::BTreeSet;

use super::super::sources::Source;
use super::{cell, table};

/// What declares a metric, of whole numbers or not, and its type.
const TYPES: [(&str, &str); 7] = [
    ("CounterVec::new(", "counter"),
    ("Counter::new(", "counter"),
    ("Counter::with_opts(", "counter"),
    ("GaugeVec::new(", "gauge"),
    ("Gauge::new(", "gauge"),
    ("Gauge::with_opts(", "gauge"),
    ("Histogram::with_opts(", "histogram"),
];

/// A metric as it is declared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    pub labels: Vec<String>,
    pub help: String,
}

pub fn part(sources: &[Source]) -> String {
    let row = |one: Metric| {
        let labels: Vec<String> = one.labels.iter().map(|name| format!("`{name}`")).collect();
        vec![format!("`{}`", one.name), one.kind.to_owned(), labels.join(", "), cell(&one.help)]
    };
    table(&["name", "type", "labels", "what"], declared(sources).into_iter().map(row))
}

/// Every metric that is declared, by name.
pub fn declared(sources: &[Source]) -> BTreeSet<Metric> {
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
            let help = help.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ");
            rows.insert(Metric { name: (*name).to_owned(), kind, labels: labels(declared), help });
        }
    }
    assert!(named.len() > 20);
    assert_eq!(rows.iter().map(|row| row.name.clone()).collect::<BTreeSet<_>>(), named);
    rows
}

fn is_name(text: &str) -> bool {
    text.starts_with("postern_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The names of the labels in a declaration.
fn labels(declared: &str) -> Vec<String> {
    let constant = declared.split("const_label(").skip(1).filter_map(|rest| Some(rest.split_once(", ")?.0));
    let listed = declared.split_once("&[").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let names = constant.chain(listed).flat_map(|list| list.split('"').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}
