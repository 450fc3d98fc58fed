//! What became of the runs of one transaction, counted for the metrics and for those who wait for its commit.

use std::collections::BTreeMap;

use postern_shared::id::WorkflowId;
use postern_shared::store::runs::{Run, State};
use postern_traces::Span;

use super::log_lines::LogLines;
use super::slow_runs::Cost;

/// What became of a transaction.
#[derive(Debug, Default)]
pub struct Tally {
    /// Submissions that this transaction claimed.
    pub claimed: usize,
    /// When each of those was accepted: milliseconds since 1970, by the clock of the ingress.
    pub accepted_at_ms: Vec<i64>,
    /// Submissions that another delivery had claimed before.
    pub known: usize,
    /// Claimed submissions that another one of their permission had made before.
    pub duplicates: usize,
    /// Claimed submissions that started nothing.
    pub unmatched: usize,
    /// Runs that ended, by their workflow.
    pub ended: BTreeMap<WorkflowId, Ended>,
    /// Whether a run waits for its admission, or has left its place to another.
    pub admission: bool,
    /// Runs that go on alone, by [`Cost::ALL`].
    pub slow: [usize; Cost::ALL.len()],
    /// What the log says of it when it is committed.
    pub log: LogLines,
    /// The bytes of the checkpoints that were written.
    pub checkpoint_bytes: usize,
    /// What wakes the runs that go on at once: to be brought on its way when this is committed.
    pub alarms: bool,
    /// The spans of its receipts, runs and steps: to be handed over when this is committed.
    pub spans: Vec<Span>,
}

/// How many runs ended, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub finished: u64,
    pub failed: u64,
}

impl Tally {
    /// The same with what became of the runs.
    pub fn with_runs(mut self, runs: Self) -> Self {
        let Self { ended, admission, slow, checkpoint_bytes, alarms, log, spans, .. } = runs;
        self.log.append(log);
        self.spans.extend(spans);
        Self { ended, admission, slow, checkpoint_bytes, alarms, ..self }
    }

    /// Counts a run that goes on alone, if it does.
    pub fn count_slow(&mut self, cost: Option<Cost>) {
        if let Some(cost) = cost {
            self.slow[cost as usize] += 1;
        }
    }

    /// Counts a run, if it has ended.
    pub fn count(&mut self, run: &Run) {
        self.log.run(run);
        match run.state {
            State::Finished => self.ended.entry(run.workflow).or_default().finished += 1,
            State::Failed => self.ended.entry(run.workflow).or_default().failed += 1,
            State::Running | State::Waiting | State::Held | State::NeedsAttention => {}
        }
    }
}
