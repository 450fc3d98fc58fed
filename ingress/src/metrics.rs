//! The ingress's metrics, each name written once.

use postern_shared::telemetry;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use warp::http::StatusCode;

/// Those of one listener.
#[derive(Debug)]
pub struct ListenerMetrics {
    held: IntGauge,
    idle: IntCounter,
    full: IntCounter,
    stalled: IntCounter,
}

/// Why a limit has closed a connection.
#[derive(Debug, Clone, Copy)]
pub enum Closed {
    /// It was the oldest idle one of the address with most.
    Idle,
    /// It was new, and no other was idle.
    Full,
    /// Its peer did not read.
    Stalled,
}

impl ListenerMetrics {
    /// So many connections are open.
    pub fn held(&self, connections: usize) {
        self.held.set(i64::try_from(connections).unwrap_or(i64::MAX));
    }

    /// A limit has closed a connection.
    pub fn closed(&self, reason: Closed) {
        match reason {
            Closed::Idle => self.idle.inc(),
            Closed::Full => self.full.inc(),
            Closed::Stalled => self.stalled.inc(),
        }
    }
}

/// The ingress's metrics.
#[derive(Debug)]
pub struct Metrics {
    answers: IntCounterVec,
    spooled: IntCounterVec,
    refused_bodies: IntCounterVec,
    waits: IntCounterVec,
    connections: IntGaugeVec,
    connections_closed: IntCounterVec,
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
                    "Submissions that the broker could not take, by what the spool did.",
                ),
                &["outcome"],
            )?,
            refused_bodies: IntCounterVec::new(
                Opts::new(
                    "postern_refused_bodies_total",
                    "Refused bodies of permitted callers, by what became of them.",
                ),
                &["outcome"],
            )?,
            waits: IntCounterVec::new(
                Opts::new("postern_waits_total", "Callers that wanted to wait for a response, by what came of it."),
                &["outcome"],
            )?,
            connections: IntGaugeVec::new(
                Opts::new("postern_connections", "Open connections of callers, by listener."),
                &["listener"],
            )?,
            connections_closed: IntCounterVec::new(
                Opts::new("postern_connections_closed_total", "Connections that a limit has closed, by the reason."),
                &["listener", "reason"],
            )?,
            settings_version: IntGauge::new("postern_settings_version", "Version of the settings that are in force.")?,
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
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.connections_closed.clone()))?;
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

    /// Those of one listener: `public` or `private`.
    pub fn listener(&self, name: &'static str) -> ListenerMetrics {
        let closed = |reason| self.connections_closed.with_label_values(&[name, reason]);
        ListenerMetrics {
            held: self.connections.with_label_values(&[name]),
            idle: closed("idle"),
            full: closed("full"),
            stalled: closed("stalled"),
        }
    }

    /// A caller was answered.
    pub fn answered(&self, status: StatusCode) {
        self.answers.with_label_values(&[status.as_str()]).inc();
    }
}
