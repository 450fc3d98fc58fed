//! The dashboards of Grafana, from the table of metrics: each metric is a panel of one dashboard. `tests/run reference`
//! writes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::sources::Source;
use super::metrics::{Metric, declared};

/// The dashboards: name, title, and the beginnings of the names of their metrics without `postern_`. The first one counts
/// that has the longest beginning.
const DASHBOARDS: [(&str, &str, &[&str]); 4] = [
    (
        "leads",
        "Postern: leads",
        &[
            "backlog",
            "dead_letters",
            "lead_",
            "lost_",
            "oldest_",
            "relayed",
            "runs_needing",
            "runs_total",
            "seconds_to",
            "spool",
            "submissions",
        ],
    ),
    (
        "workers",
        "Postern: workers",
        &["bundle", "digest", "history", "last_commit", "outside", "runs_slow", "slots", "table"],
    ),
    ("ingress", "Postern: ingress", &["broker", "http", "publish", "refus", "spooled", "waits"]),
    (
        "connections",
        "Postern: connections and processes",
        &[
            "build",
            "commits",
            "connection_away",
            "connections",
            "database",
            "log_lines",
            "ready",
            "secrets",
            "settings",
            "trace",
        ],
    ),
];

/// What stands first in a dashboard, beside its metrics: dashboard, title, unit, query.
const FIRST: [(&str, &str, &str, &str); 6] = [
    ("leads", "Share of failed runs, by workflow", "percentunit", "postern:runs_failed:ratio15m"),
    ("leads", "Share of unmatched submissions", "percentunit", "postern:submissions_unmatched:ratio15m"),
    ("workers", "Share of slots in use, by kind", "percentunit", "postern:slots_used:ratio"),
    ("workers", "History", "bytes", "postern:history_bytes"),
    ("connections", "CPU", "none", "rate(process_cpu_seconds_total{job=~\"$job\"}[$__rate_interval])"),
    ("connections", "Memory", "bytes", "process_resident_memory_bytes{job=~\"$job\"}"),
];

/// Labels that tell processes of one kind apart, and no more.
const OF_ALL: &str = "The same in every";

/// The path and the text of each dashboard.
pub fn files(sources: &[Source]) -> Vec<(String, String)> {
    let mut of: BTreeMap<&str, Vec<Metric>> = BTreeMap::new();
    for metric in declared(sources) {
        of.entry(dashboard(&metric.name)).or_default().push(metric);
    }
    let text = |name: &str, title: &str| {
        let first = FIRST.iter().filter(|first| first.0 == name);
        let first = first.map(|(_, title, unit, query)| panel(title, "", unit, &[((*query).to_owned(), "")]));
        let rest = of[name].iter().map(of_metric);
        let panels = first.chain(rest).enumerate().map(|(at, panel)| placed(panel, at)).collect();
        (format!("deploy/grafana/{name}.json"), format!("{:#}\n", whole(name, title, panels)))
    };
    DASHBOARDS.iter().map(|(name, title, _)| text(name, title)).collect()
}

/// The dashboard of a metric.
fn dashboard(metric: &str) -> &'static str {
    let name = metric.trim_start_matches("postern_");
    let fits = |beginnings: &[&str]| beginnings.iter().filter(|one| name.starts_with(**one)).map(|one| one.len()).max();
    let best = DASHBOARDS.iter().filter_map(|(name, _, beginnings)| Some((fits(beginnings)?, *name))).max();
    best.unwrap_or_else(|| panic!("{metric} belongs to no dashboard")).1
}

fn of_metric(metric: &Metric) -> Value {
    let title = metric.name.trim_start_matches("postern_").trim_end_matches("_total").replace('_', " ");
    panel(&title, &metric.help, unit(metric), &queries(metric))
}

fn unit(metric: &Metric) -> &'static str {
    let name = metric.name.as_str();
    match metric.kind {
        "counter" => "ops",
        _ if name.ends_with("_timestamp_seconds") => "dateTimeFromNow",
        _ if name.contains("seconds") => "s",
        _ if name.ends_with("_bytes") => "bytes",
        _ => "none",
    }
}

/// The queries of a metric, each with its legend.
fn queries(metric: &Metric) -> Vec<(String, &'static str)> {
    let Metric { name, kind, labels, help } = metric;
    let by = |more: &[&str]| {
        let labels = labels.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>().join(", ");
        if labels.is_empty() { String::new() } else { format!(" by ({labels})") }
    };
    match *kind {
        "counter" => vec![(format!("sum{} (rate({name}[$__rate_interval]))", by(&[])), "")],
        "histogram" => [("0.5", "p50 {{component}}"), ("0.95", "p95 {{component}}")]
            .into_iter()
            .map(|(part, legend)| {
                let rates = format!("sum{} (rate({name}_bucket[$__rate_interval]))", by(&["le"]));
                (format!("histogram_quantile({part}, {rates})"), legend)
            })
            .collect(),
        _ if help.contains(OF_ALL) => {
            let labels: Vec<&str> = labels.iter().map(String::as_str).filter(|label| *label != "component").collect();
            let by = if labels.is_empty() { String::new() } else { format!(" by ({})", labels.join(", ")) };
            vec![(format!("max{by} ({name})"), "")]
        }
        // Grafana counts in milliseconds.
        _ if name.ends_with("_timestamp_seconds") => vec![(format!("1000 * max{} ({name})", by(&["instance"])), "")],
        _ => vec![(format!("max{} ({name})", by(&["instance"])), "")],
    }
}

fn panel(title: &str, help: &str, unit: &str, queries: &[(String, &str)]) -> Value {
    let targets = queries.iter().enumerate().map(|(at, (query, legend))| {
        let id = char::from(b'A' + u8::try_from(at).unwrap()).to_string();
        let legend = if legend.is_empty() { "__auto" } else { legend };
        json!({"refId": id, "datasource": source(), "expr": query, "legendFormat": legend})
    });
    json!({
        "type": "timeseries",
        "title": title,
        "description": help,
        "datasource": source(),
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": targets.collect::<Vec<_>>(),
    })
}

/// Three beside each other.
fn placed(mut panel: Value, at: usize) -> Value {
    panel["id"] = json!(at + 1);
    panel["gridPos"] = json!({"h": 8, "w": 8, "x": at % 3 * 8, "y": at / 3 * 8});
    panel
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn whole(name: &str, title: &str, panels: Vec<Value>) -> Value {
    let job = json!({
        "name": "job", "type": "query", "datasource": source(), "query": "label_values(postern_build_info, job)",
        "includeAll": true, "multi": true, "refresh": 2, "current": {"text": "All", "value": "$__all"},
    });
    json!({
        "uid": format!("postern-{name}"),
        "title": title,
        "tags": ["postern"],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}, job]},
        "links": [{"type": "dashboards", "tags": ["postern"], "title": "Postern", "asDropdown": false}],
        "panels": panels,
    })
}
