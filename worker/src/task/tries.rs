//! How a step goes on that reached outside: what failed for a while is tried again, and what nobody knows a person decides.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::message::Message;
use postern_shared::rendered::Rendered;
use postern_shared::store::checkpoints::Decision;
use postern_shared::task::tries::Tries;
use serde_json::{Value, json};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use crate::outside::call::{Call, Failure, FailureKind, Reply, Report};

/// The first and the longest wait before the next try.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// What came of a try.
pub struct Judgement {
    /// What `$env` gets.
    pub found: Value,
    /// What the path tells of a step that has done what it should, or why it has not.
    pub outcome: Result<Option<Message>, Failed>,
}

/// Why a try was in vain.
pub struct Failed {
    pub reason: Message,
    /// Whether trying again may help, and cannot do twice what must be done at most once.
    pub again: bool,
    /// The wait for which the target asked.
    pub after: Option<Duration>,
}

/// Says what is to be reached, or what becomes of the step now that this is known. `prepare` renders for the first try;
/// `judge` reads a reply, which has `max_bytes` at most.
pub fn perform(
    tries: &Tries,
    max_bytes: usize,
    report: Option<Report>,
    context: &mut Context<'_>,
    prepare: impl FnOnce(&mut Context<'_>) -> Result<Rendered, TaskError>,
    judge: impl FnOnce(Reply) -> Judgement,
) -> Result<Outcome, TaskError> {
    let failed = |reason: Message, again| Err(Failed { reason, again, after: None });
    let Judgement { found, outcome } = match report {
        None | Some(Report::Decided(Decision::Repeat)) => {
            let Tries { timeout, at_most_once, .. } = *tries;
            let request = match context.request.take() {
                Some(request) => request,
                None => Arc::new(prepare(context)?),
            };
            return Ok(Outcome::Outside(Box::new(Call {
                request,
                timeout,
                at_most_once,
                max_bytes,
                unclear_for: None,
            })));
        }
        Some(Report::Decided(Decision::Done)) => Judgement { found: json!({"decided": "done"}), outcome: Ok(None) },
        Some(Report::Decided(Decision::Fail)) => {
            let reason = Message::PersonDecided;
            let found = json!({"decided": "fail", "error": reason.to_string()});
            Judgement { found, outcome: failed(reason, false) }
        }
        Some(Report::Answered(reply)) => judge(reply),
        // No step of these works on records.
        Some(Report::Done(_)) => Judgement { found: Value::Null, outcome: Ok(None) },
        Some(Report::Failed(Failure { reason, kind: FailureKind::Unclear, .. })) if tries.at_most_once => {
            return Ok(Outcome::Unclear { message: reason });
        }
        Some(Report::Failed(Failure { reason, kind, .. })) => Judgement {
            found: json!({"error": reason.to_string()}),
            outcome: failed(reason, kind != FailureKind::Final),
        },
    };
    if let Err(Failed { reason, again: true, after }) = &outcome
        && context.tries.times < tries.retries
    {
        let due_at = context.now() + after.unwrap_or_else(|| backoff(context.tries.times));
        return Ok(Outcome::Retry { due_at, message: reason.clone(), unclear_at: None });
    }
    if let Some(name) = &tries.store {
        context.set_env(name, found)?;
    }
    Ok(match outcome {
        Ok(None) => Outcome::Continue("next"),
        Ok(Some(message)) => Outcome::Said { output: "next", message },
        Err(Failed { reason: message, .. }) => Outcome::Failed { message },
    })
}

fn backoff(tries: u32) -> Duration {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    let mut delay = backoff.delay();
    for _ in 0..tries {
        delay = backoff.delay();
    }
    delay
}
