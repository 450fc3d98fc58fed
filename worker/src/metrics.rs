//! The worker's metrics, each name written once. Times are in seconds.

use std::time::{Duration, SystemTime};

use postern_shared::telemetry;
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::outside::breaker::CallOutcome;
use crate::outside::call::{Failure, Report};
use crate::run::slow_runs::Cost;
use crate::run::tally::Tally;

/// The worker's metrics.
#[derive(Debug)]
pub struct Metrics {
    submissions: IntCounterVec,
    runs: IntCounterVec,
    lead_seconds: Histogram,
    bundle_seconds: Histogram,
    bundles_in_flight: IntGauge,
    redone: IntCounterVec,
    dead: IntCounter,
    relayed: IntCounter,
    outside: IntCounterVec,
    slow: IntCounterVec,
    pub resting_targets: IntGauge,
    pub connections_away: IntGaugeVec,
    pub waiting_calls: IntGauge,
    pub spool_messages: IntGauge,
    pub spool_submissions: IntGauge,
    pub lost_submissions: IntGauge,
    pub digest_lag: IntGauge,
    pub history_ahead: IntGauge,
    pub history_overdue: IntGauge,
    pub table_bytes: IntGaugeVec,
    pub table_rows: IntGaugeVec,
    pub ready: IntGauge,
}

/// A bundle that is being worked on, until this is dropped: a handler may be dropped at any `await`.
#[derive(Debug)]
pub struct UnderWay(IntGauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The reasons for which a bundle is done again.
const REDONE: [&str; 5] = ["conflict", "taken", "away", "slow", "refused"];

/// From what nobody notices to what somebody must look at, in seconds.
const LEAD_BUCKETS: [f64; 14] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0];

impl Metrics {
    /// Registers them.
    #[expect(clippy::too_many_lines, reason = "one entry a metric, with its help")]
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let buckets = prometheus::exponential_buckets(0.001, 2.0, 14)?;
        let metrics = Self {
            submissions: IntCounterVec::new(
                Opts::new(
                    "postern_submissions_total",
                    "Submissions taken by a worker, by outcome: claimed, unmatched, duplicate, known (delivered again).",
                ),
                &["outcome"],
            )?,
            runs: IntCounterVec::new(
                Opts::new("postern_runs_total", "Runs that ended, by state: finished, failed."),
                &["state"],
            )?,
            lead_seconds: Histogram::with_opts(
                HistogramOpts::new("postern_lead_seconds", "Time from accepting a submission to its commit.")
                    .buckets(LEAD_BUCKETS.to_vec()),
            )?,
            bundle_seconds: Histogram::with_opts(
                HistogramOpts::new("postern_bundle_seconds", "Time from taking a bundle to its commit.")
                    .buckets(buckets),
            )?,
            bundles_in_flight: IntGauge::new("postern_bundles_in_flight", "Bundles that a worker is working on.")?,
            redone: IntCounterVec::new(
                Opts::new(
                    "postern_bundles_redone_total",
                    "Transactions that did not commit, by reason: conflict, taken (a row that was inserted as new was there \
                     already), away, slow (a statement or the commit took longer than PostgreSQL allows), refused.",
                ),
                &["reason"],
            )?,
            dead: IntCounter::new("postern_dead_letters_total", "Dead letters written: a person must look at them.")?,
            relayed: IntCounter::new("postern_relayed_total", "Submissions of the spool put back into the broker.")?,
            outside: IntCounterVec::new(
                Opts::new(
                    "postern_outside_calls_total",
                    "Calls of other systems that were made, by outcome: answered, failed.",
                ),
                &["outcome"],
            )?,
            slow: IntCounterVec::new(
                Opts::new(
                    "postern_runs_slow_total",
                    "Runs that went on alone, by reason, what they needed too much of: computing, database, memory.",
                ),
                &["reason"],
            )?,
            resting_targets: IntGauge::new(
                "postern_outside_breakers_open",
                "Pairs of workflow and target whose target does not answer: this worker sends it one call at a time.",
            )?,
            connections_away: IntGaugeVec::new(
                Opts::new(
                    "postern_connection_away",
                    "Whether the other system of a connection does not answer this worker: its runs wait, and nothing is \
                     lost. By connection.",
                ),
                &["connection"],
            )?,
            waiting_calls: IntGauge::new(
                "postern_outside_calls_waiting",
                "Calls that are due and have no slot yet: their target does not answer, or the share of their target or \
                 workflow is used. The same in every worker.",
            )?,
            spool_messages: IntGauge::new(
                "postern_spool_messages",
                "Messages in the spool, due or not: submissions, delays, retries and outside calls. The same in every \
                 worker.",
            )?,
            spool_submissions: IntGauge::new(
                "postern_spool_submissions",
                "Messages in the spool with submissions, which POSTERN_MAX_SPOOLED counts. The same in every worker.",
            )?,
            lost_submissions: IntGauge::new(
                "postern_lost_submissions",
                "Submissions of the last day that were answered with 202 and are nowhere to be found. The same in every \
                 worker.",
            )?,
            digest_lag: IntGauge::new(
                "postern_digest_lag_seconds",
                "Age of the oldest bundle that has no search keys yet. The same in every worker.",
            )?,
            history_ahead: IntGauge::new(
                "postern_history_ahead_seconds",
                "How far ahead the history has a place for receipts. The same in every worker.",
            )?,
            history_overdue: IntGauge::new(
                "postern_history_overdue_partitions",
                "Weekly partitions that are older than they are to be kept and could not be removed. The same in every \
                 worker.",
            )?,
            table_bytes: IntGaugeVec::new(
                Opts::new(
                    "postern_table_bytes",
                    "Bytes of a table with its indexes, by table. The same in every worker.",
                ),
                &["table"],
            )?,
            table_rows: IntGaugeVec::new(
                Opts::new(
                    "postern_table_rows",
                    "Rows of a table as PostgreSQL estimates them, by table. The same in every worker.",
                ),
                &["table"],
            )?,
            ready: telemetry::ready_gauge(registry, "worker")?,
        };
        metrics.register(registry)?;
        // A rate over a counter that appears with its first failure does not see that failure.
        for reason in REDONE {
            metrics.redone.with_label_values(&[reason]);
        }
        for cost in Cost::ALL {
            metrics.slow.with_label_values(&[cost.word()]);
        }
        Ok(metrics)
    }

    fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let all: [Box<dyn Collector>; 21] = [
            Box::new(self.submissions.clone()),
            Box::new(self.runs.clone()),
            Box::new(self.lead_seconds.clone()),
            Box::new(self.bundle_seconds.clone()),
            Box::new(self.bundles_in_flight.clone()),
            Box::new(self.redone.clone()),
            Box::new(self.dead.clone()),
            Box::new(self.relayed.clone()),
            Box::new(self.outside.clone()),
            Box::new(self.slow.clone()),
            Box::new(self.resting_targets.clone()),
            Box::new(self.connections_away.clone()),
            Box::new(self.waiting_calls.clone()),
            Box::new(self.spool_messages.clone()),
            Box::new(self.spool_submissions.clone()),
            Box::new(self.lost_submissions.clone()),
            Box::new(self.digest_lag.clone()),
            Box::new(self.history_ahead.clone()),
            Box::new(self.history_overdue.clone()),
            Box::new(self.table_bytes.clone()),
            Box::new(self.table_rows.clone()),
        ];
        all.into_iter().try_for_each(|one| registry.register(one))
    }

    /// A bundle was committed.
    pub fn executed(&self, tally: &Tally, took: Duration) {
        let add = |family: &IntCounterVec, label: &str, count: usize| {
            family.with_label_values(&[label]).inc_by(count as u64);
        };
        add(&self.submissions, "claimed", tally.claimed - tally.unmatched - tally.duplicates);
        add(&self.submissions, "duplicate", tally.duplicates);
        add(&self.submissions, "unmatched", tally.unmatched);
        add(&self.submissions, "known", tally.known);
        self.resumed(tally);
        self.bundle_seconds.observe(took.as_secs_f64());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        for accepted in &tally.accepted_at_ms {
            // The clock of the ingress may be ahead of ours.
            let accepted = Duration::from_millis(u64::try_from(*accepted).unwrap_or(0));
            self.lead_seconds.observe(now.saturating_sub(accepted).as_secs_f64());
        }
    }

    /// Runs were taken further and committed.
    pub fn resumed(&self, tally: &Tally) {
        for (state, count) in [("finished", tally.finished), ("failed", tally.failed)] {
            self.runs.with_label_values(&[state]).inc_by(count as u64);
        }
        for (cost, count) in Cost::ALL.into_iter().zip(tally.slow) {
            self.slow.with_label_values(&[cost.word()]).inc_by(count as u64);
        }
    }

    /// What came of a call; a call that was not made counts as nothing.
    pub fn called(&self, report: &Report) {
        let outcome = match report {
            Report::Answered(_) | Report::Done(_) => "answered",
            Report::Failed(Failure { came: CallOutcome::NotMade, .. }) | Report::Decided(_) => return,
            Report::Failed(_) => "failed",
        };
        self.outside.with_label_values(&[outcome]).inc();
    }

    /// Counts a bundle as being worked on for as long as what it returns is held.
    pub fn under_way(&self) -> UnderWay {
        self.bundles_in_flight.inc();
        UnderWay(self.bundles_in_flight.clone())
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

#[cfg(test)]
mod tests {
    use postern_shared::message::Message;

    use super::*;
    use crate::outside::call::{FailureKind, Reply};

    #[test]
    fn calls_that_were_not_made_are_not_counted() {
        let metrics = Metrics::new(&Registry::new()).unwrap();
        let failed = |came| Report::Failed(Failure { reason: Message::TargetRests, kind: FailureKind::NotSent, came });
        for (report, answered, failures) in [
            (failed(CallOutcome::NotMade), 0, 0),
            (failed(CallOutcome::Silence), 0, 1),
            (failed(CallOutcome::Broken), 0, 2),
            (failed(CallOutcome::Answer), 0, 3),
            (
                Report::Answered(Reply {
                    status: 503,
                    headers: Vec::new(),
                    body: Vec::new(),
                    scrubber: Default::default(),
                }),
                1,
                3,
            ),
        ] {
            metrics.called(&report);
            let count = |outcome: &str| metrics.outside.with_label_values(&[outcome]).get();
            assert_eq!((count("answered"), count("failed")), (answered, failures), "{report:?}");
        }
    }
}
