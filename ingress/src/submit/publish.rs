//! Hands submissions on: into the broker, or else into the spool. Those of one call stay together.

use std::time::SystemTime;

use postern_shared::body::memory;
use postern_shared::broker::publisher::PublishError;
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
    if is_published(state, lane, encoded).await? {
        return Ok(Store::Broker);
    }
    let spooled = state.spool.put(lane, encode(submissions)?).await;
    state.metrics.spooled(spooled.is_ok());
    if spooled.is_ok() {
        return Ok(Store::Spool);
    }
    // PostgreSQL took its time, and the broker may be back. A submission that is in both is executed once.
    if is_published(state, lane, encode(submissions)?).await? {
        return Ok(Store::Broker);
    }
    Err(ApiError::unavailable("neither the queue nor the spool can take it now"))
}

/// Whether there is a broker that has taken it.
async fn is_published(state: &State, lane: Lane, encoded: Vec<u8>) -> Result<bool, ApiError> {
    let Some(publisher) = &state.publisher else { return Ok(false) };
    match publisher.publish(lane, SUBMISSIONS_V1, encoded).await {
        Ok(()) => Ok(true),
        Err(PublishError::Busy) => Err(ApiError::too_busy()),
        Err(PublishError::Unavailable) => Ok(false),
    }
}
