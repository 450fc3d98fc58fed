//! What is asked of the system that keeps a record, and how the step goes on behind it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::backoff::Backoff;
use postern_shared::expression::render;
use postern_shared::message::Message;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::{Action, ConnectedCall, Rendered};
use postern_shared::store::checkpoints::{Decision, Tried};
use serde_json::Value;

use crate::outside::call::{Call, Failure, FailureKind, Report, UNDER_WAY};
use crate::outside::connected::Done;
use crate::outside::vtiger::may_pass;
use crate::run::checkpoint::moment;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;

/// How long a call may take, with the log-in and the looks that belong to it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The first and the longest wait before the next try. The last is short: when the other system is there again, the runs
/// that wait for it shall not wait on.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The shortest wait after a call of which nobody knows what came: it may still be under way.
const UNCLEAR: Duration = Duration::from_secs(5);

/// The most tries of a step that the other system answers with an error of its own, which may be for good.
const MAX_ERRORS: u32 = 10;

/// The most tries of a step while the other system is away: some three days.
const MAX_TRIES: u32 = 5_000;

/// How a step stands.
pub enum Stands {
    /// It leaves the transaction, or is tried again.
    Waits(Outcome),
    /// This was done.
    Done(Done),
    /// A person says that it was done.
    Decided,
}

/// A call of another system.
pub fn call(request: Arc<Rendered>, at_most_once: bool, unclear_for: Option<Duration>) -> Call {
    Call { request, timeout: TIMEOUT, at_most_once, max_bytes: 0, unclear_for }
}

/// How a step goes on that could not be done. While the other system is away it is tried again.
pub fn again(failure: Failure, tried: &Tried, now: SystemTime) -> Result<Outcome, TaskError> {
    let Failure { reason, kind, unclear_for, .. } = failure;
    if kind == FailureKind::Final {
        return Err(reason);
    }
    let (tries, most) = if may_pass(&reason) { (tried.errors, MAX_ERRORS) } else { (tried.times, MAX_TRIES) };
    if tries >= most {
        return Err(reason.after_tries(most));
    }
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    // From some try on it is the longest wait.
    let wait = (0..=tried.times.min(10)).fold(Duration::ZERO, |_, _| backoff.delay());
    let wait = if kind == FailureKind::Unclear { wait.max(UNCLEAR) } else { wait };
    let unclear_at = match kind {
        FailureKind::Unclear => Some(now),
        _ => unclear_for.and_then(|age| now.checked_sub(age)),
    };
    Ok(Outcome::Retry { due_at: now + wait, message: reason, unclear_at })
}

/// Says what is to be done, or how the step stands now that this is known. `asks` = nobody can find out what came of it, and
/// a person decides.
pub fn stands(
    report: Option<Report>,
    asks: bool,
    context: &mut Context<'_>,
    prepare: impl FnOnce(&mut Context<'_>) -> Result<ConnectedCall, TaskError>,
) -> Result<Stands, TaskError> {
    let is_decided = matches!(report, Some(Report::Decided(_)));
    match report {
        // What came is read with the fields of a module, not as an answer of HTTP.
        None | Some(Report::Decided(Decision::Repeat) | Report::Answered(_)) => {
            let request = match context.request.take() {
                Some(request) => request,
                None => {
                    let call = prepare(context)?;
                    let vtiger = context.unit.connections().vtiger(&call.connection);
                    let url = vtiger.map(|vtiger| vtiger.url.to_string());
                    Arc::new(Rendered::Connected(ConnectedCall { url, ..call }))
                }
            };
            // A person who has it done again has looked whether it was done.
            let unclear_for = if is_decided { Some(UNDER_WAY) } else { unclear_for(&context.tries, context.now()) };
            Ok(Stands::Waits(Outcome::Outside(Box::new(call(request, asks, unclear_for)))))
        }
        Some(Report::Done(done)) => {
            context.touched.note(done.notes.clone());
            Ok(Stands::Done(*done))
        }
        Some(Report::Decided(Decision::Done)) => Ok(Stands::Decided),
        Some(Report::Decided(Decision::Fail)) => Err(Message::PersonDecided),
        Some(Report::Failed(failure)) => {
            let is_lost = matches!(failure.reason, Message::VtigerZeroId { .. });
            if failure.kind == FailureKind::Unclear && (asks || is_lost) {
                return Ok(Stands::Waits(Outcome::Unclear { message: failure.reason }));
            }
            again(failure, &context.tries, context.now()).map(Stands::Waits)
        }
    }
}

/// How long ago the last try was of which nobody knows what came. A try that sent nothing is none.
fn unclear_for(tries: &Tried, now: SystemTime) -> Option<Duration> {
    Some(now.duration_since(moment(tries.unclear_at_ms?)).unwrap_or_default())
}

/// Work on a record.
pub fn on(record: &ConnectedRecord, action: Action) -> ConnectedCall {
    ConnectedCall { connection: record.connection.clone(), module: record.module.clone(), url: None, action }
}

/// Values as texts. The other system would spoil a list or a map, so these are refused.
pub fn scalars(values: Vec<(String, Value)>) -> Result<Vec<(String, String)>, TaskError> {
    let texts = values.into_iter().map(|(field, value)| {
        let text = scalar(&field, &value)?;
        Ok((field, text))
    });
    texts.collect()
}

pub fn scalar(field: &str, value: &Value) -> Result<String, TaskError> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(Message::VtigerNotScalar { field: field.to_owned() }),
        Value::Bool(value) => Ok(if *value { "1" } else { "0" }.to_owned()),
        other => Ok(render(other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tried(times: u32, errors: u32) -> Tried {
        Tried { first: 1, times, errors, unclear_at_ms: None }
    }

    #[test]
    fn a_value_is_sent_as_a_text_and_a_list_or_a_map_is_refused() {
        for (value, expected) in [
            (json!("Иван & <Co>"), Some("Иван & <Co>")),
            (json!(1.50), Some("1.5")),
            (json!(true), Some("1")),
            (json!(false), Some("0")),
            (json!(null), Some("")),
            (json!(["a"]), None),
            (json!({"a": 1}), None),
        ] {
            let found = scalar("f", &value);
            assert_eq!(found.as_deref().ok(), expected, "{value}");
            assert!(expected.is_some() || found == Err(Message::VtigerNotScalar { field: "f".into() }));
        }
    }

    #[test]
    fn a_step_is_tried_again_while_the_other_system_is_away_and_not_for_ever() {
        let now = SystemTime::now();
        let wait = |kind, tries| match again(Failure::new(Message::TargetRefused, kind), &tried(tries, 0), now) {
            Ok(Outcome::Retry { due_at, .. }) => Some(due_at.duration_since(now).unwrap()),
            _ => None,
        };
        assert_eq!(wait(FailureKind::Final, 0), None);
        assert_eq!(wait(FailureKind::NotSent, MAX_TRIES), None);
        assert!(wait(FailureKind::NotSent, 0).is_some_and(|wait| wait < UNCLEAR));
        assert!(wait(FailureKind::Unclear, 0).is_some_and(|wait| wait >= UNCLEAR));
        assert!(wait(FailureKind::NotSent, MAX_TRIES - 1).is_some_and(|wait| wait <= RETRY.1 * 2));
    }

    #[test]
    fn an_error_of_vtiger_is_tried_ten_times_however_long_it_was_away() {
        let refused = |answer: &str| Message::VtigerRefused { answer: answer.to_owned(), reason: String::new() };
        for (reason, tries, expected) in [
            (refused("INTERNAL_SERVER_ERROR"), tried(99, MAX_ERRORS - 1), true),
            (refused("INTERNAL_SERVER_ERROR"), tried(99, MAX_ERRORS), false),
            (refused("DATABASE_QUERY_ERROR"), tried(99, MAX_ERRORS), false),
            (Message::VtigerFails { status: 500 }, tried(99, MAX_ERRORS), false),
            (Message::VtigerNoJson { status: 500 }, tried(99, MAX_ERRORS), true),
            (refused("INVALID_SESSIONID"), tried(99, MAX_ERRORS), true),
        ] {
            let found = again(Failure::new(reason.clone(), FailureKind::NotSent), &tries, SystemTime::now());
            assert_eq!(found.is_ok(), expected, "{reason} {tries:?}");
        }
    }

    #[test]
    fn only_a_try_whose_outcome_is_unknown_counts_as_perhaps_done() {
        let now = moment(1_000_000);
        let age = Duration::from_secs(60);
        for (kind, unclear_for, expected) in [
            (FailureKind::NotSent, None, None),
            (FailureKind::NotSent, Some(age), Some(now - age)),
            (FailureKind::Unclear, Some(age), Some(now)),
            (FailureKind::Unclear, None, Some(now)),
        ] {
            let failure = Failure { unclear_for, ..Failure::new(Message::TargetRefused, kind) };
            let Ok(Outcome::Retry { unclear_at, .. }) = again(failure, &Tried::default(), now) else { panic!() };
            assert_eq!(unclear_at, expected, "{kind:?} {unclear_for:?}");
        }
        let unclear = |unclear_at_ms| Tried { unclear_at_ms, ..tried(3, 0) };
        assert_eq!(unclear_for(&unclear(None), now), None);
        assert_eq!(unclear_for(&unclear(Some(400_000)), now), Some(Duration::from_secs(600)));
    }
}
