//! What a process says of itself: log lines that are readable alone, and metrics in the text format of Prometheus.
//! No posted value, secret or address list stands in either. A log that cannot be written never ends or stops a
//! service: its lines are dropped and counted.

mod announcement;
pub mod capped_label;
pub mod filter;
mod outlet;
mod panics;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, IsTerminal};
use std::sync::LazyLock;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, IntCounter, IntGauge, Opts, Registry, TextEncoder};

pub use announcement::{announce, print};

use crate::options::{LogFormat, TelemetryOptions};
use crate::store::migrate;

/// The log of this process, as long as it is held. When it is dropped, the lines that wait are written, within
/// [`outlet::FLUSH_LIMIT`].
#[derive(Debug)]
#[must_use = "the last lines are written when this is dropped"]
pub struct Log(());

impl Drop for Log {
    fn drop(&mut self) {
        outlet::flush();
    }
}

/// Starts logging to standard error, of panics too. Fails on a directive that cannot be read, and when it has been
/// started before.
pub fn start(options: &TelemetryOptions) -> Result<Log, String> {
    let filter = filter::read(&options.log)?;
    outlet::start().map_err(|error| format!("logging could not be started: {error}"))?;
    // Its own complaints would go to standard error by a macro that panics when nobody reads it.
    let mut lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| outlet::Line).log_internal_errors(false);
    // On a terminal it has colours, unless `NO_COLOR` is set (no-color.org), which the subscriber looks for by itself.
    if !io::stderr().is_terminal() {
        lines = lines.with_ansi(false);
    }
    match options.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| format!("logging could not be started: {error}"))?;
    announcement::begin(options.log_format);
    panics::log();
    Ok(Log(()))
}

/// The gauge that says what `/health/ready` would answer; the probe sets it when metrics are read. `component` is
/// `ingress`, `worker` or `control`: alerts need not know how a Prometheus names its jobs.
pub fn ready_gauge(registry: &Registry, component: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::with_opts(
        Opts::new(
            "postern_ready",
            "1 while /health/ready answers 200, else 0; by component: ingress, worker, control.",
        )
        .const_label("component", component),
    )?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// Registers the gauge that says which version runs, and which tables it needs. Its value is always 1.
pub fn build_info(registry: &Registry, component: &str) -> Result<(), prometheus::Error> {
    let schema = migrate::Schema::current().number().to_string();
    let gauge = IntGauge::with_opts(
        Opts::new(
            "postern_build_info",
            "Always 1; by component, version of the program and schema, the number of its newest migration.",
        )
        .const_label("component", component)
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("schema", &schema),
    )?;
    gauge.set(1);
    registry.register(Box::new(gauge))
}

/// The gauge of the settings that a process holds.
pub fn settings_gauge(registry: &Registry, component: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::with_opts(
        Opts::new(
            "postern_settings_version",
            "Version of the settings that this process holds, 0 if it holds none yet; by component: ingress, worker.",
        )
        .const_label("component", component),
    )?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// The figures of the process itself, under the names that all Prometheus clients use.
static PROCESS: LazyLock<ProcessCollector> = LazyLock::new(ProcessCollector::for_self);

/// All metrics of these registries, and those of the process, in the text format of Prometheus, version 0.0.4.
pub fn exposition(registries: &[Registry]) -> String {
    let mut text = Vec::new();
    if let Err(error) = encode(registries, &mut text) {
        tracing::error!(%error, "the metrics could not be written");
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn encode(registries: &[Registry], text: &mut Vec<u8>) -> Result<(), prometheus::Error> {
    // The format wants every name once: two programs of one process may have a metric of the same name.
    let mut by_name: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for mut family in registries.iter().flat_map(Registry::gather) {
        match by_name.entry(family.name().to_owned()) {
            Entry::Vacant(place) => _ = place.insert(family),
            Entry::Occupied(mut known) => known.get_mut().mut_metric().extend(family.take_metric()),
        }
    }
    let mut families: Vec<MetricFamily> = by_name.into_values().collect();
    // The log belongs to the process, in which there may be several registries.
    let dropped = IntCounter::new(
        "postern_log_lines_dropped_total",
        "Log lines that could not be written: standard error is full, has no reader, or its reader stands still.",
    )?;
    dropped.inc_by(outlet::dropped());
    families.extend(dropped.collect());
    families.extend(PROCESS.collect());
    TextEncoder::new().encode(&families, text)
}
