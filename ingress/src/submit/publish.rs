//! Hands submissions on: into the broker, or else into the spool. Those of one call stay together.

use std::time::SystemTime;

use postern_shared::body::memory;
use postern_shared::broker::publisher::{PublishError, Publisher};
use postern_shared::intake::call::encode;
use postern_shared::intake::error::ApiError;
use postern_shared::lane::Lane;
use postern_shared::submission::{SUBMISSIONS_V1, Submission};

use super::Taken;
use super::body::beside_others;
use crate::http::body_budget::Full;
use crate::state::State;

/// Where submissions are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Broker,
    Spool,
}

/// Durable, and counted as such.
pub(super) async fn publish(
    state: &State,
    submissions: &mut [Submission],
    taken: &mut Taken<'_>,
) -> Result<(), ApiError> {
    let traced = taken.traced;
    if let Some(traced) = traced {
        traced.hand_on(submissions);
        let began = SystemTime::now();
        let put = put(state, submissions, taken).await;
        traced.published(state, began, submissions, put.as_ref().ok().copied());
        put?;
    } else {
        put(state, submissions, taken).await?;
    }
    for submission in submissions {
        tracing::debug!(receipt = %submission.receipt, permission = %submission.permission, "a submission was accepted");
        if let Some(ticket) = submission.ticket {
            state.sequence.answered(ticket, submission.receipt);
        }
    }
    Ok(())
}

async fn put(state: &State, submissions: &[Submission], taken: &mut Taken<'_>) -> Result<Store, ApiError> {
    let encoded = beside_others(taken.reserved, || encode(submissions))?;
    // Escapes take some times the bytes in which they came.
    let variables: usize = submissions.iter().map(|one| memory::of(&one.env)).sum();
    let more = (variables + encoded.len()).saturating_sub(taken.reserved);
    if more > 0 {
        taken.share.take(more).map_err(|Full| ApiError::too_busy())?;
    }
    let bytes = encoded.len() / submissions.len().max(1);
    let lanes = submissions.iter().map(|one| state.burst_detector.lane(&one.permission, &one.target, bytes));
    let lane = lanes.last().unwrap_or(Lane::Default);
    let Some(publisher) = &state.publisher else { return spool(state, lane, encoded).await };
    if is_published(publisher, lane, encoded).await? {
        return Ok(Store::Broker);
    }
    match spool(state, lane, encode(submissions)?).await {
        // PostgreSQL took its time, and the broker is back. A submission that is in both is executed once.
        Err(_) if publisher.takes(lane) && is_published(publisher, lane, encode(submissions)?).await? => {
            Ok(Store::Broker)
        }
        spooled => spooled,
    }
}

async fn spool(state: &State, lane: Lane, encoded: Vec<u8>) -> Result<Store, ApiError> {
    let spooled = state.spool.put(lane, encoded).await;
    state.metrics.spooled(spooled.is_ok());
    spooled.map_err(|_| ApiError::unavailable("neither the queue nor the spool can take it now"))?;
    Ok(Store::Spool)
}

/// Whether the broker has taken it.
async fn is_published(publisher: &Publisher, lane: Lane, encoded: Vec<u8>) -> Result<bool, ApiError> {
    match publisher.publish(lane, SUBMISSIONS_V1, encoded).await {
        Ok(()) => Ok(true),
        Err(PublishError::Busy) => Err(ApiError::too_busy()),
        Err(PublishError::Unavailable) => Ok(false),
    }
}
