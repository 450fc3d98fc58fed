//! One transaction of a run that goes on.

use std::sync::Arc;
use std::time::Instant;

use postern_shared::lane::Lane;
use postern_shared::message::Message as Text;
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{self, Checkpoint, Taken};
use postern_shared::store::claims::Claim;
use postern_shared::store::outside_calls;
use postern_shared::store::receipts::Skipped;
use postern_shared::store::runs::{self, State};
use postern_shared::store::spool;
use postern_shared::store::{self, Conflicts, StoreError, Transaction, records};

use super::ending::{before, cancelled, failed, in_turn, not_begun};
use super::reach::{Reach, Step, reach};
use crate::bundle::budget::{BundleBudget, Mode};
use crate::bundle::clock::Clock;
use crate::bundle::effects::RunEffects;
use crate::bundle::effects::write::write;
use crate::bundle::keepalive::Keepalive;
use crate::bundle::queries;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::consume::message::Message;
use crate::matching::catalog::Pinned;
use crate::outside::call::Report;
use crate::resources::Resources;
use crate::run::child_runs;
use crate::run::engine::is_read;
use crate::run::execution::{Execution, Progress};
use crate::run::opening::{self, Opening, opening};
use crate::run::serial_runs;
use crate::run::tally::Tally;
use crate::run::unique_claims::{self, claim_of};
use crate::task::query::{Answer, Query};

/// What is to be done with a run.
#[derive(Debug, Clone, Copy)]
pub enum Work<'a> {
    GoOn,
    /// Its outside step has been tried.
    Settle(&'a Report),
    Fail(&'a Text),
}

/// Takes the run further, in one transaction, until it ends, waits, or calls another system.
pub async fn attempt(
    resources: &Resources,
    message: &Message,
    resume: &Resume,
    work: Work<'_>,
) -> Result<Step, StoreError> {
    // Cannot fail: nobody closes it.
    let _one_of_few = resources.connections.of(message.lane).acquire().await;
    let mut connection = resources.store.connection().await?;
    let Some((version, record)) = runs::version(&connection, resume.run).await? else {
        return nothing(store::begin(&mut connection).await?, message).await;
    };
    let pinned = resources.catalogs.pinned(&connection, resume.workflow, version).await?;
    let transaction = store::begin(&mut connection).await?;
    let began = Instant::now();
    // The record comes before the checkpoint: a run that ends has its record, and locks the checkpoint of its parent. The
    // record was read at this revision, or the checkpoint is at another one and is not taken.
    let record = record.as_ref().and_then(RecordRef::own);
    let locked = match record {
        Some(record) => records::lock(&transaction, &[record]).await?,
        None => Vec::new(),
    };
    let Some(taken) = checkpoints::take(&transaction, resume).await? else {
        return nothing(transaction, message).await;
    };
    // It is being called or waits for a slot; without a row of that lane, as after the replay of a dead letter, it goes on.
    if taken.checkpoint.calling && message.lane != Lane::Calling && spool::pairs::calls(&transaction, resume).await? {
        return nothing(transaction, message).await;
    }
    // Before any claim, as bundles do.
    let mode = if message.lane == Lane::Slow { Mode::Slow } else { Mode::Resumed };
    let budget = BundleBudget::new(mode, Arc::clone(&resources.slow_runs));
    let mut unit = UnitOfWork::new(resources.catalogs.at_least(0).await?, Conflicts::Expected, budget);
    unit.clock = Clock::new(taken.now, began);
    unit.is_traced = resources.traces.is_on();
    if let Some(record) = record {
        unit.take_in(&[record], locked);
    }
    let (has_passed, read) = (taken.has_passed, taken.bytes);
    let lane = message.lane;
    let left = Left { waits: taken.waits, claims: claims(&taken) };
    if taken.is_cancelled || taken.is_woken {
        // What would have woken it stands in the spool as it was before the person came.
        spool::withdraw(&transaction, &Resume { revision: resume.revision - 1, ..*resume }).await?;
    }
    let mut step = match (work, pinned) {
        _ if taken.is_cancelled => end(&transaction, cancelled(resume, taken), &left, &mut unit).await?,
        (Work::Fail(reason), _) => end(&transaction, failed(resume, taken, reason.clone())?, &left, &mut unit).await?,
        (Work::GoOn | Work::Settle(_), None) => {
            let reason = Text::VersionUnreadable { version };
            end(&transaction, failed(resume, taken, reason)?, &left, &mut unit).await?
        }
        (Work::GoOn, Some(pinned)) => {
            let report = taken.decision.map(Report::Decided);
            go_on(&transaction, lane, resume, taken, pinned, &mut unit, report).await?
        }
        (Work::Settle(report), Some(pinned)) => {
            go_on(&transaction, lane, resume, taken, pinned, &mut unit, Some(report.clone())).await?
        }
    };
    // A run that calls still needs its message.
    if let Step::Done(tally) = &mut step {
        tally.admission |= has_passed;
        settle(&transaction, message, work).await?;
    }
    store::commit(transaction).await?;
    let written = if let Step::Done(tally) = &step { tally.checkpoint_bytes } else { 0 };
    store::give_back(connection, read + written);
    Ok(step)
}

/// There is nothing to do, which is settled like work.
async fn nothing(transaction: Transaction<'_>, message: &Message) -> Result<Step, StoreError> {
    message.settle_with(&transaction).await?;
    store::confirm_reads(&transaction).await?;
    store::commit(transaction).await?;
    Ok(Step::Done(Tally::default()))
}

async fn settle(transaction: &Transaction<'_>, message: &Message, work: Work<'_>) -> Result<(), StoreError> {
    match message.settle_with(transaction).await {
        // Another worker has the row. What came of a call is known here alone, and the checkpoint was still at its
        // revision: that worker finds it at the next.
        Err(StoreError::LeaseLost) if matches!(work, Work::Settle(_)) => Ok(()),
        settled => settled,
    }
}

async fn go_on(
    transaction: &Transaction<'_>,
    lane: Lane,
    resume: &Resume,
    taken: Taken,
    pinned: Arc<Pinned>,
    unit: &mut UnitOfWork,
    report: Option<Report>,
) -> Result<Step, StoreError> {
    let left = Left { waits: taken.waits, claims: claims(&taken) };
    unit.effects.gone.extend(report.as_ref().and_then(Report::gone).cloned());
    let opening = opening(transaction, &taken, report.as_ref(), &pinned, unit).await?;
    if let Opening::Refused(reason) = opening {
        return does_not_begin(transaction, resume, taken, reason, unit).await;
    }
    if taken.checkpoint.begins
        && matches!(opening, Opening::Open)
        && let Some(reason) = child_runs::refusal(transaction, &taken, &pinned, unit).await?
    {
        return end(transaction, not_begun(resume, taken, reason)?, &left, unit).await;
    }
    // The run of one item of a loop is on the record with the run that waits for it.
    let is_serial = !pinned.workflow.start.parallel && !taken.checkpoint.frames.is_part();
    if is_serial && !serial_runs::enter(transaction, &taken.run).await? {
        return end(transaction, not_in_turn(transaction, resume, taken).await?, &left, unit).await;
    }
    let settles = matches!(report, Some(Report::Answered(_) | Report::Done(_) | Report::Failed(_)));
    let mut execution = match Execution::resume(pinned, &taken, Arc::clone(unit.variables())) {
        Ok(execution) => execution,
        Err(reason) => return end(transaction, failed(resume, taken, reason)?, &left, unit).await,
    };
    if matches!(opening, Opening::Opens) {
        execution.open();
    }
    if settles {
        outside_calls::complete(transaction, resume.run, taken.run.steps + 1).await?;
    }
    let mut answer = report.map(Answer::Outside);
    let mut keepalive = Keepalive::new();
    unit.budget.begin();
    loop {
        match advance(&mut execution, answer.take(), unit) {
            Progress::Asks(query) => answer = ask(transaction, query, &mut execution, unit).await?,
            Progress::Yields => keepalive.beat(transaction).await?,
            // Only in the lane of calls it is called, as the first step of its transaction, and once admitted.
            Progress::Outside(_)
                if lane != Lane::Calling
                    // What came of the call before must be kept first.
                    || settles
                    || !execution.stands_at(taken.run.steps)
                    || (execution.needs_admission() && !taken.has_passed) =>
            {
                break drop(execution.leave(taken.has_passed));
            }
            Progress::Outside(call) if is_read(&call.request) => {
                return Ok(Step::Call { call, key: String::new(), span: execution.span_in_hand() });
            }
            Progress::Outside(call) => match reach(transaction, resume, call, execution.place()).await? {
                Reach::Now(step) => return Ok(step),
                Reach::Unknown(report) => answer = Some(Answer::Outside(report)),
            },
            Progress::Ended | Progress::Suspended(_) => break,
        }
    }
    for claim in left.claims.iter().filter(|claim| !execution.still_sends(claim)) {
        unique_claims::leave(transaction, claim, resume.run).await?;
    }
    execution.note_if_slow(&unit.budget);
    let (effects, _) = execution.into_effects(before(resume, &taken));
    end(transaction, effects, &left, unit).await
}

/// What a run leaves to others when it ends.
struct Left {
    /// Whether the caller of its submission waits, or did.
    waits: bool,
    /// The unique values that it has claimed, of all calls that it makes next or tries again.
    claims: Vec<Claim>,
}

fn claims(taken: &Taken) -> Vec<Claim> {
    let Checkpoint { pending, parked, .. } = &taken.checkpoint;
    let branches = pending.iter().chain(parked.iter().flat_map(|one| &one.steps));
    branches.filter_map(|branch| claim_of(branch.request.as_deref()?)).collect()
}

/// A run on a record of another system does not begin.
async fn does_not_begin(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
    reason: Text,
    unit: &mut UnitOfWork,
) -> Result<Step, StoreError> {
    let (workflow, run) = (taken.run.workflow, taken.run.key());
    let left = Left { waits: taken.waits, claims: claims(&taken) };
    let is_of_submission = taken.run.parent.is_none() && taken.run.replays.is_none();
    let effects = not_begun(resume, taken, reason.clone())?;
    let mut step = end(transaction, effects, &left, unit).await?;
    if is_of_submission {
        if let Step::Done(tally) = &mut step {
            tally.ended.clear();
        }
        opening::forget(transaction, run, &Skipped { workflow: Some(workflow), reason }).await?;
    }
    Ok(step)
}

/// A run whose record another one has: it waits, unless that one waits for it.
async fn not_in_turn(transaction: &Transaction<'_>, resume: &Resume, taken: Taken) -> Result<RunEffects, StoreError> {
    match serial_runs::waits_for_itself(transaction, &taken).await? {
        Some(record) => failed(resume, taken, Text::WaitsForItself { record }),
        None => in_turn(resume, taken),
    }
}

/// Writes what became of the run. A run that has ended gives all of its claims up.
async fn end(
    transaction: &Transaction<'_>,
    effects: RunEffects,
    left: &Left,
    unit: &mut UnitOfWork,
) -> Result<Step, StoreError> {
    if matches!(effects.run.state, State::Finished | State::Failed) {
        for claim in &left.claims {
            unique_claims::leave(transaction, claim, effects.run.key()).await?;
        }
    }
    unit.effects.awaited.extend(left.waits.then_some(effects.run.receipt));
    unit.effects.runs.push(effects);
    Ok(Step::Done(write(transaction, unit).await?))
}

/// Goes on. It may compute for long within one step: this thread's other tasks are handed to another one.
fn advance(execution: &mut Execution, answer: Option<Answer>, unit: &mut UnitOfWork) -> Progress {
    tokio::task::block_in_place(|| execution.advance(answer, unit))
}

async fn ask(
    transaction: &Transaction<'_>,
    query: Query,
    execution: &mut Execution,
    unit: &mut UnitOfWork,
) -> Result<Option<Answer>, StoreError> {
    let (began, searched) = (Instant::now(), unit.budget.searched());
    let answers = queries::ask(transaction, vec![(0, query)], unit).await?;
    execution.charge(unit.budget.share(began.elapsed(), searched, 1));
    Ok(answers.into_iter().next().map(|(_, answer)| answer))
}
