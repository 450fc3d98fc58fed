//! What publishing shows to Prometheus. The names are a contract with the dashboards and the alerts.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

use super::confirm::Failure;
use crate::lane::Lane;

/// The value of `outcome` for a bundle that the broker has.
const CONFIRMED: &str = "confirmed";

/// The values of `lane`.
const LANES: [&str; 3] = ["default", "bulk", "resuming"];

#[derive(Debug)]
pub(super) struct Metrics {
    bundles: IntCounterVec,
    published: IntCounterVec,
    submissions: Histogram,
    seconds: Histogram,
    pub(super) breaker_open: IntGauge,
    pub(super) blocked: IntGauge,
}

impl Metrics {
    pub(super) fn register(registry: &Registry, component: &str) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            bundles: IntCounterVec::new(
                Opts::new(
                    "postern_publish_bundles_total",
                    "Messages published, by component, ingress or worker (from the spool), and outcome: confirmed, returned, \
                     refused, timed_out, closed, unconfirmed.",
                )
                .const_label("component", component),
                &["outcome"],
            )?,
            published: IntCounterVec::new(
                Opts::new(
                    "postern_published_total",
                    "Submissions, and messages of their own, that the broker has confirmed, by lane: default, bulk \
                     (bursts), resuming (none: messages that wake runs stay in the spool).",
                )
                .const_label("component", component),
                &["lane"],
            )?,
            submissions: Histogram::with_opts(
                HistogramOpts::new("postern_publish_bundle_submissions", "Submissions in one message.")
                    .const_label("component", component)
                    .buckets(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]),
            )?,
            seconds: Histogram::with_opts(
                HistogramOpts::new("postern_publish_seconds", "Time from publishing a message to its confirm.")
                    .const_label("component", component)
                    .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0]),
            )?,
            breaker_open: IntGauge::with_opts(
                Opts::new("postern_broker_breaker_open", "1 while nothing is sent to the broker, else 0; by component.")
                    .const_label("component", component),
            )?,
            blocked: IntGauge::with_opts(
                Opts::new(
                    "postern_broker_blocked",
                    "1 while RabbitMQ takes no messages for an alarm of its memory or disk, else 0; by component.",
                )
                .const_label("component", component),
            )?,
        };
        // A rate over a counter that appears with its first failure does not see that failure.
        for outcome in Failure::LABELS.into_iter().chain([CONFIRMED]) {
            metrics.bundles.with_label_values(&[outcome]);
        }
        for lane in LANES {
            metrics.published.with_label_values(&[lane]);
        }
        metrics.breaker_open.set(1);
        registry.register(Box::new(metrics.bundles.clone()))?;
        registry.register(Box::new(metrics.published.clone()))?;
        registry.register(Box::new(metrics.submissions.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.breaker_open.clone()))?;
        registry.register(Box::new(metrics.blocked.clone()))?;
        Ok(metrics)
    }

    /// One bundle that callers wait for; probes do not count.
    pub(super) fn observe(&self, lane: Lane, submissions: usize, took: Duration, result: &Result<(), Failure>) {
        if result.is_ok() {
            self.published.with_label_values(&[label(lane)]).inc_by(submissions as u64);
        }
        let outcome = result.as_ref().map_or_else(Failure::label, |()| CONFIRMED);
        self.bundles.with_label_values(&[outcome]).inc();
        self.submissions.observe(u32::try_from(submissions).map_or(f64::MAX, f64::from));
        self.seconds.observe(took.as_secs_f64());
    }
}

fn label(lane: Lane) -> &'static str {
    let [default, bulk, resuming] = LANES;
    match lane {
        Lane::Default => default,
        // Of the last two nothing is ever published.
        Lane::Resuming | Lane::Calling | Lane::Slow => resuming,
        Lane::Bulk1 | Lane::Bulk2 | Lane::Bulk3 | Lane::Bulk4 => bulk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_there_from_the_start() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, "ingress").unwrap();
        metrics.observe(Lane::Bulk3, 3, Duration::from_millis(2), &Ok(()));
        metrics.observe(Lane::Default, 1, Duration::from_secs(2), &Err(Failure::TimedOut));
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            r#"postern_publish_bundles_total{component="ingress",outcome="confirmed"} 1"#,
            r#"postern_publish_bundles_total{component="ingress",outcome="timed_out"} 1"#,
            r#"postern_publish_bundles_total{component="ingress",outcome="returned"} 0"#,
            r#"postern_published_total{component="ingress",lane="bulk"} 3"#,
            r#"postern_published_total{component="ingress",lane="default"} 0"#,
            r#"postern_publish_bundle_submissions_sum{component="ingress"} 4"#,
            r#"postern_broker_breaker_open{component="ingress"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(Metrics::register(&registry, "ingress").is_err());
    }
}
