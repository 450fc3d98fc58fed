//! Takes one run further that waited: what a `resume.v1` message asks for. The message names the revision of the run's
//! checkpoint; delivered twice, or late, it finds another revision and does nothing. Runs go on one by one, from a queue
//! and in slots of their own.

mod attempt;
mod ending;
mod reach;

use std::time::SystemTime;

use postern_shared::message::Message as Text;
use postern_shared::resume::Resume;
use postern_shared::store::StoreError;

use self::attempt::{Work, attempt};
use self::reach::Step;
use crate::bundle::retry::Retry;
use crate::consume::message::{Message, Origin};
use crate::consume::verdict::{Letter, MAX_ATTEMPTS, SUSPECT_DELIVERIES, Verdict, has_had_all_tries, retry_delay};
use crate::outside::breaker::Breakers;
use crate::outside::call::{Call, Report};
use crate::outside::trace_headers;
use crate::resources::Resources;
use crate::run::execution::StepSpan;
use crate::run::spans;

/// Handles a message; nothing = it may be acknowledged.
pub async fn handle(resources: &Resources, message: &Message) -> Option<Verdict> {
    let resume = match Resume::decode(&message.body) {
        Ok(resume) => resume,
        Err(error) => {
            return Some(Verdict::Dead { letters: vec![Letter::whole(None, &message.body)], reason: error.into() });
        }
    };
    let again = |why: Text| {
        if has_had_all_tries(message) {
            return Err(why.after_tries(MAX_ATTEMPTS));
        }
        let (receipt, attempt) = (resume.run.receipt, message.attempt);
        tracing::debug!(%receipt, run.id = %resume.run, attempt, reason = %why, "a run is tried again");
        Ok(Verdict::Alone { bodies: vec![message.body.clone()], delay: retry_delay(message.attempt) })
    };
    let ended = if let Origin::DeadLetter { reason } = &message.origin {
        Err(Text::BrokerGaveUp { why: reason.clone() })
    } else if message.delivery_count >= SUSPECT_DELIVERIES {
        again(Text::WorkersBrokeOff { workers: message.delivery_count }).map(Some)
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
                Some(Verdict::Dead {
                    letters,
                    reason: Text::AndAlso { message: Box::new(reason), also: Box::new(error) },
                })
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

/// Again and again while it is nobody's fault that this fails.
async fn execute(resources: &Resources, message: &Message, resume: &Resume, work: Work<'_>) -> Result<(), Text> {
    let mut retry = Retry::new(&resources.metrics, &resources.outages, "a run that is to go on");
    let (mut report, mut called) = (None, None);
    loop {
        match attempt(resources, message, resume, report.as_ref().map_or(work, Work::Settle)).await {
            Ok(Step::Done(mut tally)) => {
                resources.outages.committed();
                resources.metrics.resumed(&tally);
                tally.log.write();
                resources.ring(&tally);
                // The span of a step begins with its call, for which no transaction waited.
                if let Some((step, began)) = called
                    && let Some(span) = tally.spans.iter_mut().find(|span| span.is(step))
                {
                    span.began(began);
                }
                resources.traces.take(tally.spans);
                return Ok(());
            }
            Ok(Step::Call { call, key, span }) => {
                let began = SystemTime::now();
                called = span.as_ref().map(|(step, _)| (*step, began));
                let came = reach_out(resources, message, resume, (&call, &key), span).await;
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
                    return Err(Text::from(&error));
                }
            }
        }
    }
}

/// Makes a call. `span` is that of its step.
async fn reach_out(
    resources: &Resources,
    message: &Message,
    resume: &Resume,
    (call, key): (&Call, &str),
    span: Option<StepSpan>,
) -> Report {
    let making = async {
        if message.is_overdue {
            resources.outside.call_overdue(call, resume.workflow.get(), key).await
        } else {
            resources.outside.call(call, resume.workflow.get(), key).await
        }
    };
    let Some((step, tracestate)) = span.filter(|_| resources.traces.is_on()) else { return making.await };
    let (context, began) = (step.child(), SystemTime::now());
    let report = trace_headers::under(context, tracestate, making).await;
    resources.traces.take(spans::of_call((step, context), resume, (&*call.request, &report), began));
    report
}

#[cfg(test)]
mod tests {
    use postern_shared::lane::Lane;
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
