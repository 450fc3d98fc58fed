//! The runs of one submission, one after another.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use postern_shared::expression::Scope;
use postern_shared::id::WorkflowId;
use postern_shared::module::Modules;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::{StoreError, Transaction};
use postern_shared::submission::Submission;

use crate::bundle::keepalive::Keepalive;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::record_of::record_of;
use crate::matching::resolve::Resolved;
use crate::run::checkpoint::Wake;
use crate::run::execution::{Execution, Progress};
use crate::run::field_usage::FieldUsage;
use crate::run::serial_runs::SerialRuns;
use crate::task::query::{Answer, Query};

/// The runs of one submission, in their order. The first ones have ended, the next one goes on, and the last ones wait.
pub(super) struct Sequence<'a> {
    pub(super) submission: &'a Submission,
    /// What the conditions and the runs read.
    pub(super) field_usage: FieldUsage,
    /// The sequence that begins when this one has ended.
    pub(super) next: Option<usize>,
    pub(super) runs: Vec<Execution>,
    /// So many of the runs have ended, or go on in another transaction: the next one has its turn.
    ended: usize,
}

/// The sequences of a bundle.
#[derive(Default)]
pub(super) struct Sequences<'a> {
    pub(super) all: Vec<Sequence<'a>>,
    /// Those that begin at once.
    pub(super) going: VecDeque<usize>,
    /// The last sequence of each record on which a workflow does not run in parallel.
    last: HashMap<RecordRef, usize>,
}

impl<'a> Sequences<'a> {
    pub(super) fn add(&mut self, submission: &'a Submission, resolved: Resolved, scope: &Scope, modules: &Modules) {
        let alone = resolved.start.iter().any(|pinned| !pinned.workflow.start.parallel);
        let at = self.all.len();
        match submission.record.clone().filter(|_| alone).and_then(|record| self.last.insert(record, at)) {
            Some(before) => self.all[before].next = Some(at),
            None => self.going.push_back(at),
        }
        let runs = (1..).zip(resolved.start).map(|(number, pinned)| {
            let record = submission.record.clone().map(|record| record_of(modules, &pinned.workflow, record));
            let execution = Execution::new(pinned, number, submission.receipt, record, scope.clone());
            execution.traced(submission.traceparent, submission.tracestate.clone())
        });
        self.all.push(Sequence {
            submission,
            field_usage: resolved.field_usage,
            next: None,
            runs: runs.collect(),
            ended: 0,
        });
    }

    /// The workflows of which no other run may be on the record of one of these.
    pub(super) fn alone(&self) -> HashSet<(WorkflowId, RecordRef)> {
        let runs = self.all.iter().flat_map(|sequence| &sequence.runs);
        runs.filter_map(Execution::needs_turn).collect()
    }
}

impl Sequence<'_> {
    /// The database has worked for the run that asked.
    pub(super) fn charge(&mut self, took: Duration) {
        if let Some(execution) = self.runs.get_mut(self.ended) {
            execution.charge(took);
        }
    }

    /// Goes on until a run asks, or all have ended.
    pub(super) async fn advance(
        &mut self,
        mut answer: Option<Answer>,
        unit: &mut UnitOfWork,
        serial_runs: &mut SerialRuns,
        keepalive: &mut Keepalive,
        transaction: &Transaction<'_>,
    ) -> Result<Option<Query>, StoreError> {
        while let Some(execution) = self.runs.get_mut(self.ended) {
            keepalive.beat(transaction).await?;
            let turn = execution.needs_turn();
            let waits = turn.as_ref().is_some_and(|turn| serial_runs.is_taken(turn));
            let mut progress = match execution.is_new() {
                true if execution.is_on_hold() => execution.hold(),
                true if waits => execution.wait_for_turn(),
                _ => execution.advance(answer.take(), unit),
            };
            while matches!(progress, Progress::Yields) {
                keepalive.beat(transaction).await?;
                progress = execution.advance(None, unit);
            }
            let progress = if matches!(progress, Progress::Outside(_)) { execution.leave(false) } else { progress };
            match progress {
                Progress::Asks(query) => return Ok(Some(query)),
                Progress::Ended | Progress::Suspended(Wake::InTurn | Wake::Held) => {}
                Progress::Outside(_) | Progress::Yields | Progress::Suspended(_) => {
                    if let Some(turn) = turn {
                        serial_runs.stay(execution.key(), turn);
                    }
                }
            }
            self.ended += 1;
        }
        Ok(None)
    }
}
