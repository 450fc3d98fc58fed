//! The ingress's metrics, each name written once.

use postern_shared::telemetry;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};
use warp::http::StatusCode;

/// The ingress's metrics.
#[derive(Debug)]
pub struct Metrics {
    answers: IntCounterVec,
    pub settings_version: IntGauge,
    pub ready: IntGauge,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            answers: IntCounterVec::new(
                Opts::new("postern_http_answers_total", "Answers on the public listener, by HTTP status."),
                &["status"],
            )?,
            settings_version: IntGauge::new("postern_settings_version", "Version of the settings that are in force.")?,
            ready: telemetry::ready_gauge(registry, "ingress")?,
        };
        // A rate over a counter that appears with its first refusal does not see that refusal.
        for status in [StatusCode::ACCEPTED, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            metrics.answers.with_label_values(&[status.as_str()]);
        }
        registry.register(Box::new(metrics.answers.clone()))?;
        registry.register(Box::new(metrics.settings_version.clone()))?;
        Ok(metrics)
    }

    /// A caller was answered.
    pub fn answered(&self, status: StatusCode) {
        self.answers.with_label_values(&[status.as_str()]).inc();
    }
}
