//! Writes what became of a run that went on, and what wakes those that wait for it.

use std::time::SystemTime;

use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{self, Standing, Taken};
use postern_shared::store::runs::{self, Run, State};
use postern_shared::store::{StoreError, Transaction, comments, responses, run_log};

use super::Step;
use crate::bundle::queries;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::run::checkpoint::{self, Alarms, Wake};
use crate::run::child_runs;
use crate::run::execution::Execution;
use crate::run::serial_runs;
use crate::run::stored::Parts;
use crate::run::tally::Tally;

/// Writes all that became of a run.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: &Taken,
    execution: Execution,
    unit: &mut UnitOfWork,
) -> Result<Step, StoreError> {
    queries::flush(transaction, unit).await?;
    let said = std::mem::take(&mut unit.effects.comments);
    if !said.is_empty() {
        comments::append(transaction, &said).await?;
    }
    responses::put(transaction, &std::mem::take(&mut unit.effects.responses)).await?;
    execution.note_if_slow(&unit.budget);
    let Parts { run, log, forgets, document, wake, slow, .. } = execution.into_parts();
    let admission = wake == Some(Wake::Admission);
    if forgets {
        run_log::forget(transaction, &run.key()).await?;
    } else if !log.is_empty() {
        run_log::append(transaction, &log).await?;
    }
    runs::update(transaction, &run, taken.run.steps).await?;
    let mut alarms = Alarms::default();
    match document {
        Some(document) => {
            let standing = checkpoint::standing(wake.as_ref(), taken.has_passed);
            checkpoints::renew(transaction, resume, &document, standing).await?;
        }
        None => checkpoints::remove(transaction, resume).await?,
    }
    match wake {
        Some(wake) => {
            let next = Resume { revision: resume.revision + 1, ..resume.clone() };
            alarms.set(&next, run.place, &wake, taken.now);
        }
        None => leave(transaction, &run, taken.now, &mut alarms).await?,
    }
    let started = child_runs::write(transaction, std::mem::take(&mut unit.effects.child_runs), taken.now).await?;
    let mut step = done(transaction, &run, taken.waits, alarms, started, admission).await?;
    if let Step::Done(tally) = &mut step {
        tally.count_slow(slow);
    }
    Ok(step)
}

async fn done(
    transaction: &Transaction<'_>,
    run: &Run,
    waits: bool,
    alarms: Alarms,
    started: bool,
    admission: bool,
) -> Result<Step, StoreError> {
    let alarms = alarms.write(transaction).await? | started;
    if waits {
        responses::notify(transaction, &[run.receipt]).await?;
    }
    let mut tally = Tally { alarms, admission, ..Tally::default() };
    tally.count(run);
    Ok(Step::Done(tally))
}

/// Ends a run that another one started before its first step: as with a submission that starts nothing, it is no fault.
pub(super) async fn not_begun(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
    reason: &str,
) -> Result<Step, StoreError> {
    let Taken { mut run, now, waits, .. } = taken;
    (run.state, run.message, run.ended_at) = (State::Finished, Some(format!("it did not run: {reason}")), Some(now));
    runs::update(transaction, &run, run.steps).await?;
    checkpoints::remove(transaction, resume).await?;
    done(transaction, &run, waits, Alarms::default(), false, false).await
}

/// Nothing wakes it but the end of the run that is on its record.
pub(super) async fn wait_for_turn(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
) -> Result<Step, StoreError> {
    let Taken { mut run, mut checkpoint, .. } = taken;
    run.state = State::Waiting;
    (checkpoint.begins, checkpoint.calling) = (false, false);
    runs::update(transaction, &run, run.steps).await?;
    checkpoints::renew(transaction, resume, &checkpoint::encode(&checkpoint).map_err(too_large)?, Standing::InTurn)
        .await?;
    Ok(Step::Done(Tally::default()))
}

/// Ends a run where it stands, so that a replay can go on there.
pub(super) async fn fail(
    transaction: &Transaction<'_>,
    resume: &Resume,
    taken: Taken,
    reason: String,
) -> Result<Step, StoreError> {
    let Taken { mut run, mut checkpoint, now, waits, .. } = taken;
    checkpoint.forget_tries();
    (run.state, run.message, run.ended_at) = (State::Failed, Some(reason), Some(now));
    runs::update(transaction, &run, run.steps).await?;
    checkpoints::renew(transaction, resume, &checkpoint::encode(&checkpoint).map_err(too_large)?, Standing::Free)
        .await?;
    let mut alarms = Alarms::default();
    leave(transaction, &run, now, &mut alarms).await?;
    done(transaction, &run, waits, alarms, false, false).await
}

async fn leave(
    transaction: &Transaction<'_>,
    run: &Run,
    now: SystemTime,
    alarms: &mut Alarms,
) -> Result<(), StoreError> {
    if let Some(next) = serial_runs::leave(transaction, run).await? {
        alarms.set(&next, 0, &Wake::Now, now);
    }
    Ok(())
}

fn too_large(bytes: usize) -> StoreError {
    StoreError::Refused(format!("a checkpoint has {bytes} bytes"))
}
