//! What is written of a run that does not go on when it is taken up: without its engine.

use std::time::SystemTime;

use postern_shared::message::Message;
use postern_shared::resume::Resume;
use postern_shared::store::StoreError;
use postern_shared::store::checkpoints::{Checkpoint, Taken};
use postern_shared::store::run_results::RunResult;
use postern_shared::store::runs::{Run, State};
use postern_shared::trace::TraceContext;

use crate::bundle::effects::{Before, RunEffects};
use crate::run::checkpoint::{self, Wake};

/// How the database has a run that was taken.
pub fn before(resume: &Resume, taken: &Taken) -> Before {
    Before::Waiting { resume: *resume, steps: taken.run.steps, has_passed: taken.has_passed }
}

/// Ends a run before its first step. As with a submission that starts nothing it is no fault, unless the run stands in the
/// place of another one, which nobody would look for any more.
pub fn not_begun(resume: &Resume, taken: Taken, reason: Message) -> Result<RunEffects, StoreError> {
    let reason = Message::DidNotRun { message: Box::new(reason) };
    if taken.run.replays.is_some() {
        return failed(resume, taken, reason);
    }
    Ok(without_checkpoint(resume, taken, State::Finished, reason))
}

/// Ends a run that a person has cancelled. Nothing of where it stood is kept.
pub fn cancelled(resume: &Resume, taken: Taken) -> RunEffects {
    without_checkpoint(resume, taken, State::Failed, Message::Cancelled)
}

fn without_checkpoint(resume: &Resume, taken: Taken, state: State, message: Message) -> RunEffects {
    let before = before(resume, &taken);
    let run = ended(taken.run, state, message, taken.now);
    effects(run, before, None, (taken.checkpoint.awaited, taken.checkpoint.trace))
}

/// Ends a run where it stands, so that a replay can go on there.
pub fn failed(resume: &Resume, taken: Taken, reason: Message) -> Result<RunEffects, StoreError> {
    let before = before(resume, &taken);
    let Taken { mut run, mut checkpoint, now, .. } = taken;
    checkpoint.forget_tries();
    run.failed_at = checkpoint.pending.last().map(|branch| branch.step.clone());
    let (run, document) = (ended(run, State::Failed, reason, now), Some(document(&checkpoint)?));
    Ok(effects(run, before, document, (checkpoint.awaited, checkpoint.trace)))
}

/// Nothing wakes it but the end of the run that is on its record.
pub fn in_turn(resume: &Resume, taken: Taken) -> Result<RunEffects, StoreError> {
    let before = before(resume, &taken);
    let Taken { mut run, mut checkpoint, .. } = taken;
    run.state = State::Waiting;
    (checkpoint.begins, checkpoint.calling) = (false, false);
    let effects = effects(run, before, Some(document(&checkpoint)?), (checkpoint.awaited, checkpoint.trace));
    Ok(RunEffects { wake: Some(Wake::InTurn), ..effects })
}

fn effects(
    run: Run,
    before: Before,
    document: Option<String>,
    (result, trace): (Option<RunResult>, Option<TraceContext>),
) -> RunEffects {
    let (log, keeps, forgets, handled) = (Vec::new(), true, false, Vec::new());
    RunEffects { run, before, log, keeps, forgets, document, wake: None, slow: None, result, handled, trace }
}

fn ended(run: Run, state: State, message: Message, now: SystemTime) -> Run {
    Run { state, message: Some(message), ended_at: Some(now), ..run }
}

fn document(checkpoint: &Checkpoint) -> Result<String, StoreError> {
    checkpoint::encode(checkpoint).map_err(|bytes| StoreError::Refused(format!("a checkpoint has {bytes} bytes")))
}
