//! The rules of Prometheus as an object for its operator in Kubernetes.

use std::fmt::Write;

use super::super::sources::read;
use super::alerts::RULES;

const HEAD: &str = "# Written by `tests/run reference` from deploy/prometheus/rules.yaml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: postern}
spec:
";

/// Its path and its text.
pub fn file() -> (String, String) {
    let mut text = HEAD.to_owned();
    for line in read(RULES).lines().filter(|line| !line.starts_with('#')) {
        let _ = writeln!(text, "  {line}");
    }
    ("deploy/kubernetes/components/monitoring/rules.yaml".to_owned(), text)
}
