//! The ingress's metrics, each name written once.

use postern_http::metrics::ConnectionMetrics;
use std::time::{Duration, SystemTime};

use postern_shared::id::PermissionKey;
use postern_shared::intake::error::ErrorCode;
use postern_shared::telemetry;
use postern_shared::telemetry::capped_label::CappedLabel;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};
use warp::http::StatusCode;

/// From what the broker confirms at once to the longest wait for a response, in seconds.
const REQUEST_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0, 30.0];

/// The permission of a refusal to a caller that none admits, or before it is known which one it is.
const NO_PERMISSION: &str = "none";

/// The ingress's metrics.
#[derive(Debug)]
pub struct Metrics {
    answers: IntCounterVec,
    request_seconds: Histogram,
    refusals: IntCounterVec,
    permissions: CappedLabel,
    spooled: IntCounterVec,
    refused_bodies: IntCounterVec,
    waits: IntCounterVec,
    pub connections: ConnectionMetrics,
    pub settings_version: IntGauge,
    settings_snapshot: IntGauge,
    pub ready: IntGauge,
}

impl Metrics {
    /// Registers them.
    #[expect(clippy::too_many_lines, reason = "one entry a metric, with its help")]
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            answers: IntCounterVec::new(
                Opts::new("postern_http_answers_total", "Answers on the public listener, by HTTP status."),
                &["status"],
            )?,
            request_seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "postern_http_request_seconds",
                    "Time from the header of a request on the public listener to its answer, with the time for which the \
                     caller sent its body or waited for a response.",
                )
                .buckets(REQUEST_BUCKETS.to_vec()),
            )?,
            refusals: IntCounterVec::new(
                Opts::new(
                    "postern_refusals_total",
                    "Calls that were refused, by permission and code of the error. `none` is a caller that no permission \
                     admits, or that several would; the permissions beyond the first 100 are `others`.",
                ),
                &["permission", "code"],
            )?,
            permissions: CappedLabel::default(),
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
            settings_version: telemetry::settings_gauge(registry, "ingress")?,
            settings_snapshot: IntGauge::new(
                "postern_settings_snapshot_timestamp_seconds",
                "When the settings of this ingress were read from PostgreSQL, if it has them from its snapshot on disk, in \
                 seconds since 1970; else 0.",
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
        metrics.refusals.with_label_values(&[NO_PERMISSION, ErrorCode::AddressDenied.as_str()]);
        telemetry::build_info(registry, "ingress")?;
        registry.register(Box::new(metrics.answers.clone()))?;
        registry.register(Box::new(metrics.request_seconds.clone()))?;
        registry.register(Box::new(metrics.refusals.clone()))?;
        registry.register(Box::new(metrics.settings_snapshot.clone()))?;
        registry.register(Box::new(metrics.refused_bodies.clone()))?;
        for outcome in ["answered", "ended", "timed_out", "stopped", "full"] {
            metrics.waits.with_label_values(&[outcome]);
        }
        registry.register(Box::new(metrics.waits.clone()))?;
        registry.register(Box::new(metrics.spooled.clone()))?;
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

    /// A request took so long.
    pub fn took(&self, time: Duration) {
        self.request_seconds.observe(time.as_secs_f64());
    }

    /// A call was refused, if it is known under which permission.
    pub fn refused(&self, permission: Option<&PermissionKey>, code: ErrorCode) {
        let permission = permission.map_or(NO_PERMISSION, |key| self.permissions.value(key.as_str()));
        self.refusals.with_label_values(&[permission, code.as_str()]).inc();
    }

    /// The settings come from the disk, and were read from PostgreSQL at this moment; none = they come from PostgreSQL.
    pub fn settings_on_disk_since(&self, moment: Option<SystemTime>) {
        let since = moment.and_then(|moment| moment.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        self.settings_snapshot.set(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    }

    /// Calls may come under these permissions: a counter of each begins at 0, so that a rate sees its first refusal.
    pub fn admits<'k>(&self, permissions: impl IntoIterator<Item = &'k PermissionKey>) {
        for key in permissions {
            self.refusals.with_label_values(&[self.permissions.value(key.as_str()), ErrorCode::InvalidBody.as_str()]);
        }
    }
}
