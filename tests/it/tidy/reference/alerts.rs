//! The alerts, from the rules of Prometheus: when each begins, and what to look at.

use super::super::sources::read;
use super::{cell, table};

pub const RULES: &str = "deploy/prometheus/rules.yaml";

pub fn part() -> String {
    let rules = read(RULES);
    let rules: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(rules.len() > 5);
    let value = |rule: &str, key: &str| -> String {
        let rest = rule.split_once(&format!("{key}: ")).unwrap_or_else(|| panic!("{rule} has no {key}")).1;
        let line = rest.lines().next().unwrap();
        line.strip_suffix('}').unwrap_or(line).trim_matches('\'').to_owned()
    };
    let row = |rule: &&str| {
        let name = rule.lines().next().unwrap();
        let wait = if rule.contains("for: ") { value(rule, "for") } else { String::new() };
        let summary = value(rule, "summary");
        let summary = without_labels(&summary);
        vec![format!("`{name}`"), value(rule, "severity"), wait, cell(&summary), cell(&value(rule, "description"))]
    };
    table(&["alert", "severity", "after", "what happened", "what it means, and what to look at"], rules.iter().map(row))
}

/// A summary without the labels that Prometheus puts into it.
fn without_labels(summary: &str) -> String {
    let mut parts = summary.split("{{").map(|part| part.split_once("}}").map_or(part, |(_, rest)| rest));
    let first = parts.next().filter(|first| !first.is_empty()).unwrap_or("a process").trim_end();
    let rest: String = parts.map(str::trim_end).collect();
    format!("{first}{rest}").trim_end_matches(':').to_owned()
}
