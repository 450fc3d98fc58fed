//! Reads the body of a call, within the memory that its share of the budget has.

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use postern_http::body::{inflated, paced, sent};
use postern_shared::body::fields::{self, Posted};
use postern_shared::body::memory::{self, FIELD_BYTES};
use postern_shared::intake::call;
use postern_shared::intake::error::ApiError;
use postern_shared::permission::Permission;
use tokio::time::timeout;
use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

use crate::http::body_budget::{Full, SMALL_BYTES, Share};
use crate::state::State;

/// The whole body, or why there is none, with what was sent if it came whole, not inflated. `check` sees the bytes as they
/// were sent, before anything is inflated.
pub(super) async fn read_body<S, B>(
    state: &State,
    headers: &HeaderMap,
    body: S,
    share: &mut Share,
    check: impl FnOnce(&Bytes) -> Result<(), ApiError>,
) -> Result<Bytes, (ApiError, Option<Bytes>)>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    share.owe(headers.iter().map(|(name, value)| FIELD_BYTES + name.as_str().len() + value.len()).sum());
    let counted = body.map(|chunk| chunk.map_err(|_| Full).and_then(|chunk| share.chunk(chunk)));
    let mut is_too_slow = false;
    let limit = state.limits.body_bytes;
    let reading = sent(headers, paced(counted, &mut is_too_slow), limit);
    let read = timeout(state.body_timeout, reading).await.map_err(|_| (ApiError::body_timeout(), None))?;
    match () {
        () if share.is_refused() => Err((ApiError::too_busy(), None)),
        () if is_too_slow => Err((ApiError::body_timeout(), None)),
        () => {
            let sent = read.map_err(|error| (error.into(), None))?;
            if let Err(error) = check(&sent) {
                return Err((error, Some(sent)));
            }
            inflated(headers, &sent, limit).map_err(|error| (error.into(), Some(sent)))
        }
    }
}

/// The variables of a body, and the bytes that the share has for them: many short fields take many times the bytes in which
/// they came.
pub(super) fn read_fields(
    state: &State,
    permission: &Permission,
    headers: &HeaderMap,
    body: &[u8],
    share: &mut Share,
) -> Result<(Posted, usize), ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let reserved = memory::at_most(content_type, body, &state.limits);
    if reserved > 0 {
        share.take(reserved).map_err(|Full| ApiError::too_busy())?;
    }
    let settings = call::field_settings(state.limits, permission);
    let posted = beside_others(body.len(), || fields::posted(content_type, body, &settings))?;
    Ok((posted, reserved))
}

/// Works on so many bytes. While a thread works on a large body, another thread takes its other requests.
pub(super) fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > SMALL_BYTES { tokio::task::block_in_place(work) } else { work() }
}
