//! Items that are taken side by side: each in a run of the same workflow that begins with the steps of the item.

use std::collections::BTreeMap;

use postern_shared::message::Message;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::{Awaits, Checkpoint, Elsewhere, Frame, Frames};
use postern_shared::store::receipts::MAX_RUNS;
use postern_shared::store::run_results::{Awaited, OfStep, RunResult};
use postern_shared::store::runs::State;
use postern_shared::task::for_each::{ForEach, OnError};
use postern_shared::task::run_workflow::{MAX_DEPTH, MAX_WAIT};
use serde_json::{Value, json};

use super::items::{done, frame};
use crate::bundle::effects::ChildRun;
use crate::run::checkpoint::{self, Next, Wake};
use crate::task::awaited::{Waited, wait};
use crate::task::child;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;
use crate::task::query::{Answer, Query};

/// The most items whose runs begin in the transaction of a bundle, which others share.
const MAX_IN_BUNDLE: usize = 50;

/// Starts a run for each item: so many begin at once, and each of the others when one has ended.
pub fn start(
    settings: &ForEach,
    at_once: i16,
    items: &[Value],
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    if usize::from(context.depth) >= MAX_DEPTH {
        return Err(TaskError::ChainTooDeep { most: MAX_DEPTH });
    }
    let (count, workflow) = (items.len(), context.workflow);
    let first = match answer {
        Some(Answer::Numbers(Some(first))) => first,
        Some(Answer::Numbers(None)) => return Err(TaskError::TooManyRuns { most: MAX_RUNS.into() }),
        _ if count > MAX_IN_BUNDLE && !context.alone => return Ok(Outcome::Alone),
        _ => {
            let (receipt, count) = (context.run.receipt, i16::try_from(count).unwrap_or(i16::MAX));
            return Ok(Outcome::Ask(Query::Numbers { receipt, count }));
        }
    };
    let mut children = Vec::with_capacity(count);
    for (number, (at, item)) in (first..).zip((1..).zip(items)) {
        let frame = Frame { is_part: true, ..frame(settings, context, (item.clone(), at, count)) };
        let wake = if number - first < at_once { Wake::Now } else { Wake::Queued };
        children.push(child(number, frame, wake, context)?);
    }
    context.unit.effects.child_runs.extend(children);
    let message = Message::RunsStarted { count, workflow };
    Ok(Outcome::Await { until: context.now() + MAX_WAIT, many: true, message })
}

fn child(number: i16, frame: Frame, wake: Wake, context: &mut Context<'_>) -> Result<ChildRun, TaskError> {
    context.budget.compute()?;
    let (pinned, step) = (context.pinned, &frame.step);
    let mut env = context.scope.env.as_ref().clone();
    let had = (&frame.names.0, &frame.names.1);
    let had = (env.get(had.0).cloned().unwrap_or_default(), env.get(had.1).cloned().unwrap_or_default());
    env.set(&frame.names.0, frame.item.clone());
    env.set(&frame.names.1, frame.at.into());
    let step = pinned.workflow.find(step).and_then(|index| pinned.workflow.step(index));
    let body = step.map_or(&[][..], |step| step.successors("each"));
    let next: Vec<Next> = body.iter().rev().map(|one| Next { frame: Some(0), ..Next::from(*one) }).collect();
    let item = i32::try_from(frame.at).unwrap_or(i32::MAX);
    let open = BTreeMap::from([(0, Frame { had, ..frame })]);
    let checkpoint = Checkpoint {
        env,
        pending: checkpoint::written(&pinned.workflow, &next),
        parked: Vec::new(),
        is_new: false,
        begins: false,
        depth: context.depth + 1,
        calling: false,
        awaited: Some(RunResult::default()),
        frames: Frames { open, shown: Some(0), spent: 0 },
        elsewhere: Elsewhere::opened(),
        trace: context.trace,
        tracestate: context.tracestate.cloned(),
    };
    let record = context.record.clone();
    child::child(context, (pinned, number, item), record, &checkpoint, wake)
}

/// Goes on when the runs of all items have ended.
pub fn awaited(
    settings: &ForEach,
    awaits: Awaits,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let OfStep { runs, .. } = match wait(awaits, answer, context)? {
        Waited::Ended(runs) => runs,
        Waited::Not(outcome) => return Ok(outcome),
    };
    let has_failed = |run: &&Awaited| run.state != State::Finished || run.result.failed;
    let (count, failed) = (runs.len(), runs.iter().filter(has_failed).count());
    if failed > 0 && settings.on_error == OnError::Fail {
        return Ok(Outcome::Failed { message: Message::ChildrenFailed { failed, count } });
    }
    let collected = runs.into_iter().map(|run| match run.state {
        State::Finished => run.result.value.unwrap_or_default(),
        _ => json!({"error": run.message.map(|message| message.to_string())}),
    });
    let outcome = done(settings, collected.collect(), (count, failed), context)?;
    let parent = RunKey { number: awaits.run, ..context.run };
    context.unit.effects.results_read.push((parent, awaits.step));
    Ok(outcome)
}
