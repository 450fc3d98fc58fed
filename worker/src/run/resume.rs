//! Takes one run further that waited: what a `resume.v1` message asks for. The message names the revision of the run's
//! checkpoint; delivered twice, or late, it finds another revision and does nothing. Runs go on one by one, from a queue
//! and in slots of their own.

mod ending;

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::lane::Lane;
use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{self, Taken};
use postern_shared::store::outside_calls::{self, Intent};
use postern_shared::store::runs;
use postern_shared::store::spool::{self, Alarm, Way};
use postern_shared::store::{self, Conflicts, StoreError, Transaction, records};

use self::ending::{fail, not_begun, wait_for_turn, write};
use crate::bundle::budget::{BundleBudget, Mode};
use crate::bundle::clock::Clock;
use crate::bundle::keepalive::Keepalive;
use crate::bundle::queries;
use crate::bundle::retry::Retry;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::consume::message::{Message, Origin};
use crate::consume::verdict::{Letter, MAX_ATTEMPTS, SUSPECT_DELIVERIES, Verdict, has_had_all_tries, retry_delay};
use crate::matching::catalog::Pinned;
use crate::outside::breaker::Breakers;
use crate::outside::call::{Call, Failure, FailureKind, MARGIN, Report, target};
use crate::resources::Resources;
use crate::run::child_runs;
use crate::run::execution::{Execution, Progress};
use crate::run::serial_runs;
use crate::run::tally::Tally;
use crate::task::query::{Answer, Query};

/// Handles a message; nothing = it may be acknowledged.
pub async fn handle(resources: &Resources, message: &Message) -> Option<Verdict> {
    let resume = match Resume::decode(&message.body) {
        Ok(resume) => resume,
        Err(error) => {
            return Some(Verdict::Dead {
                letters: vec![Letter::whole(None, &message.body)],
                reason: error.to_string(),
            });
        }
    };
    let again = |why: String| {
        if has_had_all_tries(message) {
            return Err(format!("{why} after {MAX_ATTEMPTS} tries"));
        }
        Ok(Verdict::Alone { bodies: vec![message.body.clone()], delay: retry_delay(message.attempt) })
    };
    let ended = if let Origin::DeadLetter { reason } = &message.origin {
        Err(format!("the broker gave it up: {reason}"))
    } else if message.delivery_count >= SUSPECT_DELIVERIES {
        again(format!("{} workers in a row broke off while they had it", message.delivery_count)).map(Some)
    } else if goes_back(message, &resources.outside.breakers) {
        Ok(Some(Verdict::Back))
    } else {
        match execute(resources, message, &resume, Work::GoOn).await {
            Ok(()) => Ok(None),
            Err(error) => again(error).map(Some),
        }
    };
    match ended {
        Ok(verdict) => verdict,
        // The run, not its message, is what a person looks for and replays.
        Err(reason) => match execute(resources, message, &resume, Work::Fail(&reason)).await {
            Ok(()) => None,
            Err(error) => {
                let letters = vec![Letter::whole(Some(resume.run.receipt), &message.body)];
                Some(Verdict::Dead { letters, reason: format!("{reason}; {error}") })
            }
        },
    }
}

/// Whether the target of a call has begun to rest since the call was taken: then the call waits in the spool, unless it has
/// waited there for too long.
fn goes_back(message: &Message, breakers: &Breakers) -> bool {
    let rests = |pair| breakers.rests(pair, tokio::time::Instant::now());
    !message.is_overdue && message.pair.as_ref().is_some_and(rests)
}

/// Added to the time after which an intent counts as unknown, so that it is past that when it is looked at.
const LATER: Duration = Duration::from_secs(1);

/// What is to be done with a run.
#[derive(Debug, Clone, Copy)]
enum Work<'a> {
    GoOn,
    /// Its outside step has been tried.
    Settle(&'a Report),
    Fail(&'a str),
}

/// What became of an attempt that was committed.
enum Step {
    /// Nothing more is to be done for this message.
    Done(Tally),
    /// The intent is noted: now the call.
    Call { call: Box<Call>, key: String },
}

/// Again and again while it is nobody's fault that this fails.
async fn execute(resources: &Resources, message: &Message, resume: &Resume, work: Work<'_>) -> Result<(), String> {
    let mut retry = Retry::new(&resources.metrics, &resources.outages, "a run that is to go on");
    let mut report = None;
    loop {
        match attempt(resources, message, resume, report.as_ref().map_or(work, Work::Settle)).await {
            Ok(Step::Done(tally)) => {
                resources.outages.committed();
                resources.metrics.resumed(&tally);
                resources.ring(&tally);
                return Ok(());
            }
            Ok(Step::Call { call, key }) => {
                let came = if message.is_overdue {
                    resources.outside.call_overdue(&call, resume.run.workflow.get(), &key).await
                } else {
                    resources.outside.call(&call, resume.run.workflow.get(), &key).await
                };
                resources.metrics.called(&came);
                report = Some(came);
            }
            // Whoever has it now does the work.
            Err(StoreError::LeaseLost) => return Ok(()),
            Err(error) => {
                if let Err(error) = retry.wait_out(error).await {
                    resources.metrics.redone("refused");
                    if let Some(runs) = resources.outages.refused.failed(1) {
                        tracing::warn!(%error, runs, "a run that is to go on was refused");
                    }
                    return Err(error.to_string());
                }
            }
        }
    }
}

async fn attempt(
    resources: &Resources,
    message: &Message,
    resume: &Resume,
    work: Work<'_>,
) -> Result<Step, StoreError> {
    let nothing = || Ok(Step::Done(Tally::default()));
    // Cannot fail: nobody closes it.
    let _one_of_few = resources.connections.of(message.lane).acquire().await;
    let mut connection = resources.store.connection().await?;
    let Some(version) = runs::version(&connection, &resume.run).await? else { return nothing() };
    let pinned = resources.catalogs.pinned(&connection, resume.run.workflow, version).await?;
    let transaction = store::begin(&mut connection).await?;
    let began = Instant::now();
    let Some(taken) = checkpoints::take(&transaction, resume).await? else { return nothing() };
    // It is being called or waits for a slot; without a row of that lane, as after the replay of a dead letter, it goes on.
    if taken.checkpoint.calling && message.lane != Lane::Calling && spool::pairs::calls(&transaction, resume).await? {
        return nothing();
    }
    // Before any claim, as bundles do.
    let mode = if message.lane == Lane::Slow { Mode::Slow } else { Mode::Resumed };
    let budget = BundleBudget::new(mode, Arc::clone(&resources.slow_runs));
    let mut unit = UnitOfWork::new(resources.catalogs.at_least(0).await?, Conflicts::Expected, budget);
    unit.clock = Clock::new(taken.now, began);
    if let Some(record) = taken.run.record {
        unit.take_in(&[record], records::lock(&transaction, &[record]).await?);
    }
    let has_passed = taken.has_passed;
    let lane = message.lane;
    let mut step = match (work, pinned) {
        (Work::Fail(reason), _) => fail(&transaction, resume, taken, reason.to_owned()).await?,
        (Work::GoOn | Work::Settle(_), None) => {
            let reason = format!("version {version} of its workflow cannot be read");
            fail(&transaction, resume, taken, reason).await?
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
        match message.settle_with(&transaction).await {
            // Another worker has the row. What came of a call is known here alone, and the checkpoint was still at its
            // revision: that worker finds it at the next.
            Err(StoreError::LeaseLost) if matches!(work, Work::Settle(_)) => {}
            settled => settled?,
        }
    }
    store::commit(transaction).await?;
    Ok(step)
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
    if taken.checkpoint.begins
        && let Some(reason) = child_runs::refusal(transaction, &taken, &pinned, unit).await?
    {
        return not_begun(transaction, resume, taken, &reason).await;
    }
    if !pinned.workflow.start.parallel && !serial_runs::enter(transaction, &taken.run).await? {
        return wait_for_turn(transaction, resume, taken).await;
    }
    let mut execution = match Execution::resume(pinned, &taken) {
        Ok(execution) => execution,
        Err(reason) => return fail(transaction, resume, taken, reason).await,
    };
    if matches!(report, Some(Report::Answered(_) | Report::Failed(_))) {
        outside_calls::complete(transaction, &resume.run, taken.run.steps + 1).await?;
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
                    || !execution.stands_at(taken.run.steps)
                    || (execution.needs_admission() && !taken.has_passed) =>
            {
                break drop(execution.leave(taken.has_passed));
            }
            Progress::Outside(call) => {
                let (number, first) = execution.numbers();
                match (call.at_most_once, outside_calls::intend(transaction, &resume.run, number).await?) {
                    (true, Intent::Open(age)) if age > call.timeout + MARGIN => {
                        let failure = Failure::new("the worker broke off while it was at it", FailureKind::Unclear);
                        answer = Some(Answer::Outside(Report::Failed(failure)));
                    }
                    (true, Intent::Open(age)) => {
                        // Somebody may still be at it; afterwards it is either done or unknown.
                        let delay = (call.timeout + MARGIN).saturating_sub(age) + LATER;
                        let later = Alarm { resume: resume.clone(), delay, way: Way::Calling(target(&call.request)) };
                        spool::schedule(transaction, &[later]).await?;
                        return Ok(Step::Done(Tally::default()));
                    }
                    (false, _) | (true, Intent::New) => {
                        return Ok(Step::Call { call, key: format!("{}.{first}", resume.run) });
                    }
                }
            }
            Progress::Ended | Progress::Suspended(_) => break,
        }
    }
    write(transaction, resume, &taken, execution, unit).await
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

#[cfg(test)]
mod tests {
    use postern_shared::store::spool::Pair;
    use prometheus::IntGauge;

    use super::*;
    use crate::outside::breaker::CallOutcome;

    #[test]
    fn a_call_whose_target_rests_goes_back_unless_it_is_overdue() {
        let key = |workflow| Pair { workflow, target: "a".to_owned() };
        let breakers = Breakers::new(IntGauge::new("a", "b").unwrap());
        (0..5).for_each(|_| breakers.note(&key(1), CallOutcome::Silence, tokio::time::Instant::now()));
        for (pair, is_overdue, expected) in [
            (Some(key(1)), false, true),
            (Some(key(1)), true, false),
            (Some(key(2)), false, false),
            (None, false, false),
        ] {
            let (kind, body, message_id, origin) = (String::new(), Vec::new(), String::new(), Origin::Lane);
            let (attempt, delivery_count, lane, lease) = (0, 0, Lane::Calling, None);
            let message =
                Message { kind, body, message_id, attempt, delivery_count, origin, lane, lease, pair, is_overdue };
            assert_eq!(goes_back(&message, &breakers), expected, "{message:?}");
        }
    }
}
