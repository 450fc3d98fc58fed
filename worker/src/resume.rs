//! Takes one run further that waited: what a `resume.v1` message asks for. The message names the revision of the run's
//! checkpoint; delivered twice, or late, it finds another revision and does nothing. Runs go on one by one, from a queue
//! and in slots of their own.

use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{self, Taken};
use postern_shared::store::runs::{self, Run, State};
use postern_shared::store::{self, StoreError, Transaction, comments, records, run_log};

use crate::catalog::Pinned;
use crate::checkpoint::{self, Alarms, Wake};
use crate::consumer::{Message, Origin};
use crate::desk::Desk;
use crate::engine::{Execution, Parts, Progress};
use crate::handler::{AWAY, Handler, MAX_ATTEMPTS, REDO, SUSPECT_DELIVERIES, Verdict, retry_delay};
use crate::questions;
use crate::turns;
use crate::waves::Tally;

/// Handles a message; nothing = it may be acknowledged.
pub async fn handle(handler: &Handler, message: &Message) -> Option<Verdict> {
    let resume = match Resume::decode(&message.body) {
        Ok(resume) => resume,
        Err(error) => {
            return Some(Verdict::Dead { letters: vec![(None, message.body.clone())], reason: error.to_string() });
        }
    };
    let again = |why: String| {
        if message.attempt.saturating_add(1) >= MAX_ATTEMPTS {
            return Err(format!("{why} after {MAX_ATTEMPTS} tries"));
        }
        Ok(Verdict::Alone { bodies: vec![message.body.clone()], delay: retry_delay(message.attempt) })
    };
    let ended = if let Origin::DeadLetter { reason } = &message.origin {
        Err(format!("the broker gave it up: {reason}"))
    } else if message.delivery_count >= SUSPECT_DELIVERIES {
        again(format!("{} workers in a row broke off while they had it", message.delivery_count)).map(Some)
    } else {
        match execute(handler, &resume, Work::GoOn).await {
            Ok(()) => Ok(None),
            Err(error) => again(error).map(Some),
        }
    };
    match ended {
        Ok(verdict) => verdict,
        // The run, not its message, is what a person looks for and replays.
        Err(reason) => match execute(handler, &resume, Work::Fail(&reason)).await {
            Ok(()) => None,
            Err(error) => {
                let letters = vec![(Some(resume.run.receipt), message.body.clone())];
                Some(Verdict::Dead { letters, reason: format!("{reason}; {error}") })
            }
        },
    }
}

/// What is to be done with a run.
#[derive(Debug, Clone, Copy)]
enum Work<'a> {
    GoOn,
    Fail(&'a str),
}

/// Again and again while it is nobody's fault that this fails.
async fn execute(handler: &Handler, resume: &Resume, work: Work<'_>) -> Result<(), String> {
    let (mut redo, mut away) = (REDO, AWAY);
    loop {
        match attempt(handler, resume, work).await {
            Ok(tally) => {
                handler.metrics.resumed(&tally);
                handler.relay.bring(tally.alarms);
                return Ok(());
            }
            Err(StoreError::Conflict(_) | StoreError::Fenced) => {
                handler.metrics.redone("conflict");
                tokio::time::sleep(redo.delay()).await;
            }
            Err(error @ (StoreError::Away(_) | StoreError::Schema(_) | StoreError::Settings(_))) => {
                handler.metrics.redone("away");
                tracing::warn!(%error, "a run that is to go on waits for postgresql");
                tokio::time::sleep(away.delay()).await;
            }
            Err(error @ (StoreError::Refused(_) | StoreError::OutsideHistory)) => {
                handler.metrics.redone("refused");
                tracing::warn!(%error, "a run that is to go on was refused");
                return Err(error.to_string());
            }
        }
    }
}

async fn attempt(handler: &Handler, resume: &Resume, work: Work<'_>) -> Result<Tally, StoreError> {
    // Cannot fail: nobody closes it.
    let _one_of_few = handler.resuming.acquire().await;
    let mut connection = handler.store.connection().await?;
    let Some(version) = runs::version(&connection, &resume.run).await? else { return Ok(Tally::default()) };
    let pinned = handler.catalogs.pinned(&connection, resume.run.workflow, version).await?;
    let transaction = store::begin(&mut connection).await?;
    let Some(taken) = checkpoints::take(&transaction, resume).await? else { return Ok(Tally::default()) };
    // Before any claim, as bundles do.
    let mut desk = Desk::default();
    if let Some(record) = taken.run.record {
        desk.take_in(&[record], records::lock(&transaction, &[record]).await?);
    }
    let mut tally = Tally::default();
    match (work, pinned) {
        (Work::GoOn, Some(pinned)) => go_on(&transaction, resume, taken, pinned, &mut desk, &mut tally).await?,
        (Work::GoOn, None) => {
            let reason = format!("version {version} of its workflow cannot be read");
            fail(&transaction, resume, taken, reason, &mut tally).await?;
        }
        (Work::Fail(reason), _) => fail(&transaction, resume, taken, reason.to_owned(), &mut tally).await?,
    }
    store::commit(transaction).await?;
    Ok(tally)
}

async fn go_on(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
    pinned: Arc<Pinned>,
    desk: &mut Desk,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let (steps, is_alone) = (taken.run.steps, !pinned.workflow.start.parallel);
    if is_alone && !turns::enter(transaction, &taken.run).await? {
        return wait_for_turn(transaction, resume, taken).await;
    }
    let mut execution = match Execution::resume(pinned, &taken) {
        Ok(execution) => execution,
        Err(reason) => return fail(transaction, resume, taken, reason, tally).await,
    };
    let mut answer = None;
    while let Progress::Asks(question) = execution.advance(answer.take(), desk) {
        answer = questions::ask(transaction, vec![(0, question)], desk).await?.pop().map(|(_, answer)| answer);
    }
    questions::flush(transaction, desk).await?;
    let said = desk.take_comments();
    if !said.is_empty() {
        comments::append(transaction, &said).await?;
    }
    let Parts { run, log, forgets, document, wake, .. } = execution.into_parts();
    if forgets {
        run_log::forget(transaction, &run.key()).await?;
    } else if !log.is_empty() {
        run_log::append(transaction, &log).await?;
    }
    runs::update(transaction, &run, steps).await?;
    let mut alarms = Alarms::default();
    match (document, wake) {
        (Some(document), wake) => {
            checkpoints::renew(transaction, resume, &document, false).await?;
            if let Some(wake) = wake {
                let resume = Resume { revision: resume.revision + 1, ..resume.clone() };
                alarms.set(&resume, wake, taken.now);
            }
        }
        (None, _) => checkpoints::remove(transaction, resume).await?,
    }
    if wake.is_none() && is_alone {
        leave(transaction, &run, taken.now, &mut alarms).await?;
    }
    tally.count(&run);
    tally.alarms = alarms.write(transaction).await?;
    Ok(())
}

/// Nothing wakes it but the end of the run that is on its record.
async fn wait_for_turn(transaction: &Transaction<'_>, resume: &Resume, taken: Taken) -> Result<(), StoreError> {
    let Taken { mut run, checkpoint, .. } = taken;
    run.state = State::Waiting;
    runs::update(transaction, &run, run.steps).await?;
    checkpoints::renew(transaction, resume, &checkpoint::encode(&checkpoint).map_err(too_large)?, true).await
}

/// Ends a run where it stands, so that a replay can go on there.
async fn fail(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
    reason: String,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let Taken { mut run, checkpoint, now, .. } = taken;
    (run.state, run.message, run.ended_at) = (State::Failed, Some(reason), Some(now));
    runs::update(transaction, &run, run.steps).await?;
    checkpoints::renew(transaction, resume, &checkpoint::encode(&checkpoint).map_err(too_large)?, false).await?;
    let mut alarms = Alarms::default();
    leave(transaction, &run, now, &mut alarms).await?;
    tally.count(&run);
    tally.alarms = alarms.write(transaction).await?;
    Ok(())
}

async fn leave(
    transaction: &Transaction<'_>,
    run: &Run,
    now: SystemTime,
    alarms: &mut Alarms,
) -> Result<(), StoreError> {
    if let Some(next) = turns::leave(transaction, run).await? {
        alarms.set(&next, Wake::Now, now);
    }
    Ok(())
}

fn too_large(bytes: usize) -> StoreError {
    StoreError::Refused(format!("a checkpoint has {bytes} bytes"))
}
