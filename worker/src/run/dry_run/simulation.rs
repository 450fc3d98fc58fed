//! The runs of a dry run. They go on as all runs do, with three differences: what would go on later goes on now, by a clock
//! that is set forward; what would be written to the history is kept in memory; and other systems are not called.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use postern_shared::dry_run::Request;
use postern_shared::id::ReceiptId;
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::{Checkpoint, Elsewhere, Frames, Taken};
use postern_shared::store::run_results::{Awaited, OfStep, RunResult};
use postern_shared::store::runs::{Run, State};
use postern_shared::store::{Conflicts, StoreError, Transaction, records};
use tokio::task::{block_in_place, yield_now};

use super::paths::Paths;
use super::sent;
use crate::bundle::budget::{BundleBudget, Mode};
use crate::bundle::clock::Clock;
use crate::bundle::effects::{Before, ChildRun, RunEffects};
use crate::bundle::queries;
use crate::bundle::unit_of_work::{Known, UnitOfWork};
use crate::matching::catalog::{Catalog, Pinned};
use crate::outside::Outside;
use crate::run::checkpoint::{self, Wake};
use crate::run::child_runs;
use crate::run::execution::{Execution, Progress, first_steps};
use crate::task::query::{Answer, Query};

/// The number of the run of the workflow that is tried.
pub const FIRST: i16 = 1;

/// The runs of a dry run, and what became of them.
pub struct Simulation<'t, 'c> {
    transaction: &'t Transaction<'c>,
    outside: &'t Outside,
    request: Request,
    receipt: ReceiptId,
    pub unit: UnitOfWork,
    /// Those that go on, in the order in which they would be taken.
    waiting: Vec<Waiting>,
    /// Those that have ended, with what they left to the run that waits for them.
    ended: BTreeMap<i16, (Run, RunResult)>,
    pub paths: Paths,
}

/// A run that goes on.
struct Waiting {
    run: Run,
    checkpoint: Checkpoint,
    pinned: Arc<Pinned>,
    wake: Wake,
    /// Whether a run has ended that it had started.
    has_news: bool,
}

impl<'t, 'c> Simulation<'t, 'c> {
    /// Of a request.
    pub fn new(
        transaction: &'t Transaction<'c>,
        outside: &'t Outside,
        (catalog, clock): (Arc<Catalog>, Clock),
        request: Request,
    ) -> Self {
        // Nothing leaves those beside it: there are none.
        let budget = BundleBudget::new(Mode::Slow, Arc::default());
        let mut unit = UnitOfWork::new(catalog, Conflicts::Expected, budget);
        unit.clock = clock;
        let receipt = ReceiptId::at(clock.began());
        unit.numbers.insert(receipt, FIRST);
        let paths = Paths::new(request.until.clone());
        Self { transaction, outside, request, receipt, unit, waiting: Vec::new(), ended: BTreeMap::new(), paths }
    }

    /// Runs a workflow to its end.
    pub async fn run(mut self, pinned: Arc<Pinned>) -> Result<Self, StoreError> {
        self.paths.workflow = Some(pinned.workflow.id);
        self.waiting.push(self.first(pinned));
        while !self.paths.is_over()
            && let Some(next) = self.next()
        {
            self.wake(next).await?;
        }
        // What the database refuses of the records it refuses here, as it would later.
        queries::flush(self.transaction, &mut self.unit).await?;
        Ok(self)
    }

    /// All runs, those first that have ended.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.ended.values().map(|(run, _)| run).chain(self.waiting.iter().map(|one| &one.run))
    }

    fn first(&self, pinned: Arc<Pinned>) -> Waiting {
        let key = RunKey { receipt: self.receipt, number: FIRST };
        let run = Run::begun(key, (pinned.workflow.id, pinned.version), self.request.data.record.clone());
        let checkpoint = Checkpoint {
            env: self.request.data.env.clone(),
            pending: checkpoint::written(&pinned.workflow, &first_steps(&pinned.workflow)),
            parked: Vec::new(),
            is_new: false,
            begins: true,
            depth: 0,
            calling: false,
            awaited: None,
            frames: Frames::default(),
            elsewhere: Elsewhere::default(),
            trace: None,
            tracestate: None,
        };
        Waiting { run, checkpoint, pinned, wake: Wake::Now, has_news: false }
    }

    /// The run that goes on first. Where none is due the clock is set to the time of the first that will be.
    fn next(&mut self) -> Option<Waiting> {
        let now = self.unit.clock.now();
        let is_due = |one: &Waiting| one.due_at(now).is_some_and(|due_at| due_at <= now);
        if let Some(at) = self.waiting.iter().position(is_due) {
            return Some(self.waiting.remove(at));
        }
        let times = self.waiting.iter().enumerate().filter_map(|(at, one)| Some((one.due_at(now)?, at)));
        let (due_at, at) = times.min()?;
        self.unit.clock = Clock::new(due_at, Instant::now());
        Some(self.waiting.remove(at))
    }

    /// Takes a run further.
    async fn wake(&mut self, waiting: Waiting) -> Result<(), StoreError> {
        yield_now().await;
        let Waiting { run, checkpoint, pinned, .. } = waiting;
        if let Some(id) = run.record.as_ref().and_then(RecordRef::own)
            && matches!(self.unit.get(id), Known::Unknown)
        {
            let found = records::lock(self.transaction, &[id]).await?;
            self.unit.take_in(&[id], found);
            self.paths.records.meet(&self.unit, None);
        }
        let taken = Taken {
            run,
            checkpoint,
            bytes: 0,
            query: self.request.data.query.clone(),
            request: self.request.data.request.clone(),
            now: self.unit.clock.now(),
            decision: None,
            is_cancelled: false,
            is_woken: false,
            has_passed: true,
            waits: false,
        };
        if taken.checkpoint.begins
            && let Some(reason) = child_runs::refusal(self.transaction, &taken, &pinned, &mut self.unit).await?
        {
            self.paths.not_begun.insert(taken.run.number);
            self.end(Run { state: State::Finished, message: Some(reason), ..taken.run }, None);
            return Ok(());
        }
        match Execution::resume(Arc::clone(&pinned), &taken, Arc::clone(self.unit.variables())) {
            Ok(execution) => self.go_on(execution, pinned).await,
            Err(reason) => {
                self.end(Run { state: State::Failed, message: Some(reason), ..taken.run }, None);
                Ok(())
            }
        }
    }

    async fn go_on(&mut self, mut execution: Execution, pinned: Arc<Pinned>) -> Result<(), StoreError> {
        execution.budget.go_stepwise();
        let (mut answer, mut shown, mut sent) = (None, 0, None);
        loop {
            let progress = block_in_place(|| execution.advance(answer.take(), &mut self.unit));
            let children = std::mem::take(&mut self.unit.effects.child_runs);
            self.waiting.extend(children.into_iter().filter_map(Waiting::child));
            self.paths.follow(&execution, &mut shown, &mut sent, &self.unit);
            if self.paths.is_over() {
                return Ok(());
            }
            match progress {
                Progress::Asks(Query::Children { parent, step }) => {
                    answer = Some(Answer::Children(self.children(parent, step)));
                }
                Progress::Asks(query) => answer = self.ask(query).await?,
                Progress::Outside(call) => {
                    let step = execution.step_in_hand();
                    let sample = step.and_then(|step| self.request.answers.get(step.name.as_str()));
                    let task = step.map(|step| &step.task);
                    let (would_send, report) = sent::answer(task, &execution.scope, &call, (sample, self.outside));
                    sent = Some(would_send);
                    answer = Some(Answer::Outside(report));
                }
                // The time-out is looked at only where something is waited for.
                Progress::Yields => yield_now().await,
                Progress::Ended | Progress::Suspended(_) => {
                    let (effects, _) = execution.into_effects(Before::New);
                    self.settle(effects, pinned);
                    return Ok(());
                }
            }
        }
    }

    async fn ask(&mut self, query: Query) -> Result<Option<Answer>, StoreError> {
        let answers = queries::ask(self.transaction, vec![(0, query)], &mut self.unit).await?;
        let answer = answers.into_iter().next().map(|(_, answer)| answer);
        let created = match answer {
            Some(Answer::Created { id, existing: false }) => Some(id),
            _ => None,
        };
        self.paths.records.meet(&self.unit, created);
        Ok(answer)
    }

    /// A run has stopped: it goes on later, or has ended.
    fn settle(&mut self, effects: RunEffects, pinned: Arc<Pinned>) {
        let RunEffects { run, document, wake, result, .. } = effects;
        let checkpoint = document.as_deref().and_then(|document| serde_json::from_str(document).ok());
        match (wake, checkpoint) {
            (Some(wake), Some(checkpoint)) => {
                self.waiting.push(Waiting { run, checkpoint, pinned, wake, has_news: false });
            }
            _ => self.end(run, result),
        }
    }

    /// A run has ended: the run that waits for it looks, and the next of its list begins.
    fn end(&mut self, run: Run, result: Option<RunResult>) {
        if let Some(parent) = run.parent {
            for one in self.waiting.iter_mut().filter(|one| one.run.number == parent.run) {
                one.has_news = true;
            }
            let is_next = |one: &&mut Waiting| {
                one.wake == Wake::Queued
                    && one.run.parent.is_some_and(|of| (of.run, of.step) == (parent.run, parent.step))
            };
            if let Some(next) = self.waiting.iter_mut().find(is_next) {
                next.wake = Wake::Now;
            }
        }
        self.ended.insert(run.number, (run, result.unwrap_or_default()));
    }

    /// How the runs stand that a step has started.
    fn children(&self, parent: RunKey, step: i32) -> OfStep {
        let nothing = RunResult::default();
        let ended = self.ended.values().map(|(run, result)| (run, result));
        let all = ended.chain(self.waiting.iter().map(|one| (&one.run, &nothing)));
        let is_of = |run: &Run| run.parent.is_some_and(|of| (of.run, of.step) == (parent.number, step));
        let mut of_step: Vec<_> = all.filter(|(run, _)| is_of(run)).collect();
        of_step.sort_by_key(|(run, _)| (run.parent.map(|of| of.item), run.number));
        let bytes = |result: &RunResult| serde_json::to_string(result).map_or(0, |text| text.len());
        OfStep {
            bytes: of_step.iter().filter(|(_, result)| **result != nothing).map(|(_, result)| bytes(result)).sum(),
            runs: (of_step.into_iter())
                .map(|(run, result)| Awaited {
                    number: run.number,
                    state: run.state,
                    message: run.message.clone(),
                    result: result.clone(),
                })
                .collect(),
        }
    }
}

impl Waiting {
    /// A run that a step has started.
    fn child(child: ChildRun) -> Option<Self> {
        let ChildRun { run, document, wake, pinned } = child;
        let checkpoint = serde_json::from_str(&document).ok()?;
        // Nobody would release it.
        let wake = if wake == Wake::Held { Wake::Now } else { wake };
        Some(Self { run, checkpoint, pinned, wake, has_news: false })
    }

    /// When it goes on; nothing if it does not by itself.
    fn due_at(&self, now: SystemTime) -> Option<SystemTime> {
        match &self.wake {
            Wake::Now | Wake::Slow | Wake::Call { .. } | Wake::InTurn | Wake::Admission => Some(now),
            Wake::Children(_) if self.has_news => Some(now),
            Wake::At(due_at) | Wake::Children(due_at) => Some(*due_at),
            Wake::Decided | Wake::Held | Wake::Queued => None,
        }
    }
}
