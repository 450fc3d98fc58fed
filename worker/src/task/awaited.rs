//! How a step goes on that waits for the runs that it has started.

use std::time::Duration;

use postern_shared::message::Message;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Awaits;
use postern_shared::store::run_results::{Awaited, OfStep};
use postern_shared::store::runs::State;
use serde_json::{Value, json};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query};
use crate::run::checkpoint::{MAX_CHECKPOINT_BYTES, moment};

/// How often a replay looks at the runs of the run in whose place it stands: their end does not wake it.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether the runs have ended.
pub enum Waited {
    /// They have, or the step has waited for long enough.
    Ended(OfStep),
    /// What the step does first.
    Not(Outcome),
}

/// Looks at the runs.
pub fn wait(awaits: Awaits, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Waited, TaskError> {
    let Some(Answer::Children(found)) = answer else {
        let parent = RunKey { number: awaits.run, ..context.run };
        return Ok(Waited::Not(Outcome::Ask(Query::Children { parent, step: awaits.step })));
    };
    let (until, now) = (moment(awaits.until_ms), context.now());
    if found.runs.iter().any(is_open) && now < until {
        let is_mine = awaits.run == context.run.number;
        let until = if is_mine { until } else { until.min(now + LOOK_AGAIN) };
        return Ok(Waited::Not(Outcome::AwaitMore { until }));
    }
    if found.bytes > MAX_CHECKPOINT_BYTES {
        return Err(TaskError::ResultsTooLarge { bytes: found.bytes, most: MAX_CHECKPOINT_BYTES });
    }
    Ok(Waited::Ended(found))
}

/// Goes on when all runs have ended or the step has waited for long enough. `store` is the `$env` name that gets what they
/// left. What runs left of which one failed is kept: a replay of the step reads it when that one was replayed.
pub fn perform(
    awaits: Awaits,
    store: Option<&str>,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let OfStep { runs, .. } = match wait(awaits, answer, context)? {
        Waited::Ended(found) => found,
        Waited::Not(outcome) => return Ok(outcome),
    };
    let (count, open) = (runs.len(), runs.iter().filter(|run| is_open(run)).count());
    let failed = runs.iter().filter(|run| run.state == State::Failed).count();
    if let Some(name) = store {
        let mut results: Vec<Value> = runs.into_iter().map(value).collect();
        let one = if awaits.many { None } else { results.pop() };
        context.set_env(name, one.unwrap_or(Value::Array(results)))?;
    }
    Ok(match (open, failed) {
        (0, 0) => {
            let parent = RunKey { number: awaits.run, ..context.run };
            context.unit.effects.results_read.push((parent, awaits.step));
            Outcome::Continue("next")
        }
        (0, failed) => Outcome::Failed { message: Message::ChildrenFailed { failed, count } },
        (open, _) => Outcome::Failed { message: Message::ChildrenLate { open, count } },
    })
}

fn is_open(run: &Awaited) -> bool {
    !matches!(run.state, State::Finished | State::Failed)
}

/// What `$env` gets of a run.
fn value(run: Awaited) -> Value {
    let (status, body) = run.result.response.map_or((None, Value::Null), |one| (Some(one.status), one.body));
    let message = run.message.map(|message| message.to_string());
    json!({"run": run.number, "state": run.state.word(), "message": message, "status": status, "body": body})
}
