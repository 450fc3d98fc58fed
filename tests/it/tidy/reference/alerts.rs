//! The alerts, from the rules of Prometheus: when each begins, and what to look at.

use super::super::sources::read;
use super::{cell, table};

const RULES: &str = "deploy/prometheus/rules.yaml";

/// The name of a process, which Prometheus puts into the summary.
const INSTANCE: &str = "{{ $labels.instance }}";

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
        let summary = match summary.strip_prefix(INSTANCE) {
            Some(rest) => format!("a process{rest}"),
            None => summary.replace(&format!(" {INSTANCE}"), ""),
        };
        vec![format!("`{name}`"), value(rule, "severity"), wait, cell(&summary), cell(&value(rule, "description"))]
    };
    table(&["alert", "severity", "after", "what happened", "what it means, and what to look at"], rules.iter().map(row))
}
