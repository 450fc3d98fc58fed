//! The ingress's metrics, each name written once.

use postern_http::metrics::ConnectionMetrics;
use postern_shared::telemetry;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};
use warp::http::StatusCode;

/// The ingress's metrics.
#[derive(Debug)]
pub struct Metrics {
    answers: IntCounterVec,
    spooled: IntCounterVec,
    refused_bodies: IntCounterVec,
    waits: IntCounterVec,
    pub connections: ConnectionMetrics,
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
            spooled: IntCounterVec::new(
                Opts::new(
                    "postern_spooled_total",
                    "Submissions that the broker could not take, or all where there is no broker, by outcome: committed \
                     (to the spool), failed.",
                ),
                &["outcome"],
            )?,
            refused_bodies: IntCounterVec::new(
                Opts::new(
                    "postern_refused_bodies_total",
                    "Refused bodies of permitted callers, by outcome: kept, dropped (there was no room).",
                ),
                &["outcome"],
            )?,
            waits: IntCounterVec::new(
                Opts::new(
                    "postern_waits_total",
                    "Callers that wanted to wait for a response, by outcome: answered, ended (no run responded), \
                     timed_out, stopped (at a shutdown), full (too many waited).",
                ),
                &["outcome"],
            )?,
            connections: ConnectionMetrics::new(registry)?,
            settings_version: IntGauge::new(
                "postern_settings_version",
                "Version of the settings that this ingress has.",
            )?,
            ready: telemetry::ready_gauge(registry, "ingress")?,
        };
        // A rate over a counter that appears with its first refusal does not see that refusal.
        for status in [StatusCode::ACCEPTED, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            metrics.answers.with_label_values(&[status.as_str()]);
        }
        for outcome in ["committed", "failed"] {
            metrics.spooled.with_label_values(&[outcome]);
        }
        for outcome in ["kept", "dropped"] {
            metrics.refused_bodies.with_label_values(&[outcome]);
        }
        registry.register(Box::new(metrics.answers.clone()))?;
        registry.register(Box::new(metrics.refused_bodies.clone()))?;
        for outcome in ["answered", "ended", "timed_out", "stopped", "full"] {
            metrics.waits.with_label_values(&[outcome]);
        }
        registry.register(Box::new(metrics.waits.clone()))?;
        registry.register(Box::new(metrics.spooled.clone()))?;
        registry.register(Box::new(metrics.settings_version.clone()))?;
        Ok(metrics)
    }

    /// A submission went the way of the spool.
    pub fn spooled(&self, committed: bool) {
        self.spooled.with_label_values(&[if committed { "committed" } else { "failed" }]).inc();
    }

    /// Refused bodies of permitted callers were `kept` or `dropped`.
    pub fn refused_bodies(&self, outcome: &str, count: usize) {
        self.refused_bodies.with_label_values(&[outcome]).inc_by(u64::try_from(count).unwrap_or(0));
    }

    /// A caller that wanted to wait has done so, or not.
    pub fn waited(&self, outcome: &str) {
        self.waits.with_label_values(&[outcome]).inc();
    }

    /// A caller was answered.
    pub fn answered(&self, status: StatusCode) {
        self.answers.with_label_values(&[status.as_str()]).inc();
    }
}
