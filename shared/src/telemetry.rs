//! What a process says of itself: log lines that are readable alone, and metrics in the text format of Prometheus.
//! No posted value, secret or address list stands in either.

use prometheus::{Encoder, IntGauge, Opts, Registry, TextEncoder};
use tracing_subscriber::EnvFilter;

use crate::broker::LOG_DIRECTIVE as LAPIN_OFF;
use crate::options::{LogFormat, TelemetryOptions};

/// Starts logging to standard error. A directive that cannot be read is an error.
pub fn start(options: &TelemetryOptions) -> Result<(), String> {
    // lapin writes whole messages into its warnings, warp every client that hangs up.
    let directives = format!("{LAPIN_OFF},warp=off,{}", options.log);
    let filter = EnvFilter::try_new(directives).map_err(|error| format!("POSTERN_LOG: {error}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| format!("logging could not be started: {error}"))
}

/// The gauge that says what `/health/ready` would answer; the probe sets it when metrics are read. `component` is
/// `ingress` or `worker`: alerts need not know how a Prometheus names its jobs.
pub fn ready_gauge(registry: &Registry, component: &str) -> Result<IntGauge, prometheus::Error> {
    let options = Opts::new("postern_ready", "1 while /health/ready answers 200, else 0.");
    let gauge = IntGauge::with_opts(options.const_label("component", component))?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// All metrics of a registry in the text format of Prometheus, version 0.0.4.
pub fn exposition(registry: &Registry) -> String {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&registry.gather(), &mut text) {
        tracing::error!(%error, "the metrics could not be written");
    }
    String::from_utf8_lossy(&text).into_owned()
}
