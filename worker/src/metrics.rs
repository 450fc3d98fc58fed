//! The worker's metrics, each name written once. Times are in seconds.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};

use crate::waves::Tally;

/// The worker's metrics.
#[derive(Debug)]
pub struct Metrics {
    submissions: IntCounterVec,
    runs: IntCounterVec,
    bundle_seconds: Histogram,
    redone: IntCounterVec,
    dead: IntCounter,
    relayed: IntCounter,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let buckets = prometheus::exponential_buckets(0.001, 2.0, 14)?;
        let metrics = Self {
            submissions: IntCounterVec::new(
                Opts::new("postern_submissions_total", "Submissions taken from the broker, by what became of them."),
                &["outcome"],
            )?,
            runs: IntCounterVec::new(Opts::new("postern_runs_total", "Runs that ended, by their state."), &["state"])?,
            bundle_seconds: Histogram::with_opts(
                HistogramOpts::new("postern_bundle_seconds", "From taking a bundle to its commit.").buckets(buckets),
            )?,
            redone: IntCounterVec::new(
                Opts::new("postern_bundles_redone_total", "Transactions of a bundle that did not commit, by reason."),
                &["reason"],
            )?,
            dead: IntCounter::new("postern_dead_letters_total", "Dead letters written.")?,
            relayed: IntCounter::new("postern_relayed_total", "Spool rows put back into the broker.")?,
        };
        registry.register(Box::new(metrics.submissions.clone()))?;
        registry.register(Box::new(metrics.runs.clone()))?;
        registry.register(Box::new(metrics.bundle_seconds.clone()))?;
        registry.register(Box::new(metrics.redone.clone()))?;
        registry.register(Box::new(metrics.dead.clone()))?;
        registry.register(Box::new(metrics.relayed.clone()))?;
        Ok(metrics)
    }

    /// A bundle was committed.
    pub fn executed(&self, tally: &Tally, took: Duration) {
        let add = |family: &IntCounterVec, label: &str, count: usize| {
            family.with_label_values(&[label]).inc_by(count as u64);
        };
        add(&self.submissions, "claimed", tally.claimed - tally.unmatched);
        add(&self.submissions, "unmatched", tally.unmatched);
        add(&self.submissions, "known", tally.known);
        add(&self.runs, "finished", tally.finished);
        add(&self.runs, "failed", tally.failed);
        self.bundle_seconds.observe(took.as_secs_f64());
    }

    /// A bundle has to start again, or is taken apart.
    pub fn redone(&self, reason: &str) {
        self.redone.with_label_values(&[reason]).inc();
    }

    /// Dead letters were written.
    pub fn dead(&self, count: usize) {
        self.dead.inc_by(count as u64);
    }

    /// Spool rows reached the broker.
    pub fn relayed(&self, count: usize) {
        self.relayed.inc_by(count as u64);
    }
}
