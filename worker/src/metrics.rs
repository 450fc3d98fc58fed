//! The worker's metrics, each name written once. Times are in seconds.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use postern_shared::id::WorkflowId;
use postern_shared::telemetry;
use postern_shared::telemetry::capped_label::CappedLabel;
use prometheus::core::Collector;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::outside::breaker::CallOutcome;
use crate::outside::call::{Failure, Report};
use crate::run::slow_runs::Cost;
use crate::run::tally::Tally;

/// The worker's metrics.
#[derive(Debug)]
pub struct Metrics {
    submissions: IntCounterVec,
    runs: IntCounterVec,
    workflows: CappedLabel,
    lead_seconds: Histogram,
    bundle_seconds: Histogram,
    bundles_in_flight: IntGauge,
    slots: IntGaugeVec,
    last_commit: Gauge,
    redone: IntCounterVec,
    dead: IntCounter,
    relayed: IntCounter,
    outside: IntCounterVec,
    slow: IntCounterVec,
    pub resting_targets: IntGauge,
    pub connections_away: IntGaugeVec,
    pub lost_submissions: IntGauge,
    pub digest_lag: IntGauge,
    pub history_ahead: IntGauge,
    pub history_overdue: IntGauge,
    pub commits_hang: IntGauge,
    pub table_bytes: IntGaugeVec,
    pub table_rows: IntGaugeVec,
    pub ready: IntGauge,
    pub settings_version: IntGauge,
}

/// What a slot of a worker is for.
#[derive(Debug, Clone, Copy)]
pub enum Slot {
    /// A transaction with submissions of the default lane.
    Bundle,
    /// A transaction with submissions of bursts.
    Burst,
    /// A run that goes on.
    Resuming,
    /// A call of another system.
    Call,
    /// A run that is too slow for others.
    Slow,
}

impl Slot {
    fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Burst => "burst",
            Self::Resuming => "resuming",
            Self::Call => "call",
            Self::Slow => "slow",
        }
    }
}

/// A slot that is in use, until this is dropped.
#[derive(Debug)]
pub struct InUse {
    used: IntGauge,
    free: IntGauge,
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.used.dec();
        self.free.inc();
    }
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
const LEAD_BUCKETS: [f64; 18] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 7_200.0];

/// The states in which runs end.
const ENDED: [&str; 2] = ["finished", "failed"];

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
                Opts::new(
                    "postern_runs_total",
                    "Runs that ended, by workflow and state: finished, failed. The workflows beyond the first 100 are \
                     `others`.",
                ),
                &["workflow", "state"],
            )?,
            workflows: CappedLabel::default(),
            lead_seconds: Histogram::with_opts(
                HistogramOpts::new("postern_lead_seconds", "Time from accepting a submission to its commit.")
                    .buckets(LEAD_BUCKETS.to_vec()),
            )?,
            bundle_seconds: Histogram::with_opts(
                HistogramOpts::new("postern_bundle_seconds", "Time from taking a bundle to its commit.")
                    .buckets(buckets),
            )?,
            bundles_in_flight: IntGauge::new("postern_bundles_in_flight", "Bundles that a worker is working on.")?,
            slots: IntGaugeVec::new(
                Opts::new(
                    "postern_slots",
                    "Work that a worker can do at the same time, by kind: bundle, burst, resuming, call, slow; and state: \
                     used, free.",
                ),
                &["kind", "state"],
            )?,
            last_commit: Gauge::new(
                "postern_last_commit_timestamp_seconds",
                "When this worker committed last what a lead or a run did, in seconds since 1970.",
            )?,
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
            commits_hang: IntGauge::new(
                "postern_commits_hang",
                "Whether commits hang although PostgreSQL answers: most often too few synchronous standbys do. 0 or 1. The \
                 same in every worker.",
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
            settings_version: telemetry::settings_gauge(registry, "worker")?,
        };
        metrics.register(registry)?;
        telemetry::build_info(registry, "worker")?;
        for outcome in ["claimed", "duplicate", "unmatched", "known"] {
            metrics.submissions.with_label_values(&[outcome]);
        }
        for outcome in ["answered", "failed"] {
            metrics.outside.with_label_values(&[outcome]);
        }
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
            Box::new(self.slots.clone()),
            Box::new(self.last_commit.clone()),
            Box::new(self.connections_away.clone()),
            Box::new(self.lost_submissions.clone()),
            Box::new(self.digest_lag.clone()),
            Box::new(self.history_ahead.clone()),
            Box::new(self.history_overdue.clone()),
            Box::new(self.commits_hang.clone()),
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
        let now = since_1970();
        for accepted in &tally.accepted_at_ms {
            // The clock of the ingress may be ahead of ours.
            let accepted = Duration::from_millis(u64::try_from(*accepted).unwrap_or(0));
            self.lead_seconds.observe(now.saturating_sub(accepted).as_secs_f64());
        }
    }

    /// Runs were taken further and committed.
    pub fn resumed(&self, tally: &Tally) {
        for (workflow, ended) in &tally.ended {
            let workflow = workflow.to_string();
            let workflow = self.workflows.value(&workflow);
            for (state, count) in ENDED.into_iter().zip([ended.finished, ended.failed]) {
                self.runs.with_label_values(&[workflow, state]).inc_by(count);
            }
        }
        self.last_commit.set(since_1970().as_secs_f64());
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

    /// These workflows may run: their counters begin at 0, so that a rate sees their first failure.
    pub fn may_run(&self, workflows: impl IntoIterator<Item = WorkflowId>) {
        for workflow in workflows {
            let workflow = workflow.to_string();
            let workflow = self.workflows.value(&workflow);
            ENDED.iter().for_each(|state| _ = self.runs.with_label_values(&[workflow, state]));
        }
    }

    /// There are these connections, and those are gone: a gauge begins at 0, so that it is there before the first call.
    pub fn may_be_away<'n>(&self, names: &BTreeSet<String>, gone: impl Iterator<Item = &'n String>) {
        names.iter().for_each(|name| _ = self.connections_away.with_label_values(&[name]));
        // One that nobody has called has no gauge to remove.
        gone.for_each(|name| _ = self.connections_away.remove_label_values(&[name]));
    }

    /// There are so many slots of a kind, all of them free.
    pub fn has_slots(&self, kind: Slot, slots: usize) {
        self.slots.with_label_values(&[kind.word(), "used"]);
        self.slots.with_label_values(&[kind.word(), "free"]).set(i64::try_from(slots).unwrap_or(i64::MAX));
    }

    /// A slot is in use for as long as what this returns is held.
    pub fn in_use(&self, kind: Slot) -> InUse {
        let gauge = |state| self.slots.with_label_values(&[kind.word(), state]);
        let slot = InUse { used: gauge("used"), free: gauge("free") };
        slot.used.inc();
        slot.free.dec();
        slot
    }

    /// Counts a bundle as being worked on for as long as what it returns is held.
    pub fn under_way(&self) -> UnderWay {
        self.bundles_in_flight.inc();
        UnderWay(self.bundles_in_flight.clone())
    }

    /// Whether leads may wait for a slot: all slots of a kind are in use.
    pub fn is_busy(&self) -> bool {
        [Slot::Bundle, Slot::Burst].iter().any(|kind| self.slots.with_label_values(&[kind.word(), "free"]).get() <= 0)
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

fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use postern_shared::message::Message;

    use super::*;
    use crate::outside::call::{FailureKind, Reply};

    #[test]
    fn calls_that_were_not_made_are_not_counted() {
        let metrics = Metrics::new(&Registry::new()).unwrap();
        let failed =
            |came| Report::Failed(Failure { came, ..Failure::new(Message::TargetRests, FailureKind::NotSent) });
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
