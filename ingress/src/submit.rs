//! `POST /<short url>`: the hot path. Checks in the order that tells a stranger nothing, reads the body into
//! `$env`, and answers 202 when the broker has confirmed the message, never before.

mod headers;
mod prefer;

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use postern_http::body::{Refused, body_or_sent, paced};
use postern_shared::body::fields::{self, Fields};
use postern_shared::body::memory::{self, FIELD_BYTES};
use postern_shared::broker::publisher::PublishError;
use postern_shared::intake::call::{self, Call, described, encode};
use postern_shared::intake::dedupe::{self, InvalidKey};
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::intake::selector;
use postern_shared::permission::Permission;
use postern_shared::store::refused_bodies::NewRefusal;
use postern_shared::submission::{SUBMISSIONS_V1, Submission};
use serde_json::{Value, json};
use tokio::time::timeout;
use warp::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, ORIGIN};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::reply::{Reply, Response};

use crate::access::Access;
use crate::http::body_budget::{Full, SMALL_BYTES, Share};
use crate::http::methods;
use crate::routes::Request;
use crate::state::State;

/// Takes one POST. `access` holds the permissions that admit the caller's address.
pub(crate) async fn submit<S, B>(
    state: &State,
    access: Access<'_>,
    settings_version: i64,
    request: &Request,
    caller: IpAddr,
    body: S,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let access = access.short_url(&request.path, &state.short_url)?;
    if request.method != Method::POST {
        return of_other_method(&request.method);
    }
    let access = access.origin(origin(&request.headers))?;
    let selectors = selector::selectors(&request.query)?;
    let (permission, target) = access.target(selectors.target)?;
    // Before the body is read: a lead that cannot be kept is not refused for anything else.
    state.clock.check_now()?;

    let refused = |error: ApiError, body: Option<&Bytes>| {
        // Else the caller is told to send it again.
        if !matches!(error.code, ErrorCode::TooBusy(_)) {
            let refusal = refusal(permission, caller, request, &error, body);
            state.refusals.body(refusal, &state.metrics);
        }
        error
    };
    let mut share = state.bodies.share(caller, &permission.key);
    let read = read_body(state, &request.headers, body, &mut share).await;
    let body = read.map_err(|(error, sent)| refused(error, sent.as_ref()))?;
    let read = read_fields(state, permission, &request.headers, &body, &mut share);
    let (mut fields, reserved) = read.map_err(|error| refused(error, Some(&body)))?;
    let query = selectors.query.read(permission.charset, &state.limits);
    call::with_query(permission, &mut fields, &query);

    if permission.ping.as_ref().is_some_and(|ping| ping.matches(&fields.env, &query.env)) {
        return Ok(answer(permission, json!({"status": "ping"})));
    }
    let key = idempotency_key(&request.headers).map_err(|error| refused(error.into(), Some(&body)))?;
    let dedupe = dedupe::dedupe(key, &fields.env, permission);

    let receipt = state.clock.receipt()?;
    let place = prefer::place(state, &request.headers, permission.wait, receipt, caller);
    let record = selectors.record;
    let mut described = described(&caller.to_string(), receipt.time());
    if !permission.headers.is_empty() {
        described.set("headers", headers::kept(&permission.headers, &request.headers));
    }
    let call = Call { receipt, target, record, query, request: described, settings_version };
    let mut submission = call.submission(state.sequence.next(), permission, fields, dedupe);
    submission.waits = place.is_some();
    publish(state, &submission, &mut share, reserved).await.map_err(|error| match error.code {
        ErrorCode::BodyTooLarge => refused(error, Some(&body)),
        // The caller is told to send it again.
        _ => error,
    })?;
    let accepted = accepted(permission, &submission);
    // While a caller waits nothing of its body is held.
    drop((share, body, submission));
    Ok(match place {
        Some(place) => prefer::answer(state, place, receipt, accepted).await,
        None => accepted,
    })
}

/// Monitors and platforms look whether a URL answers before they post to it.
fn of_other_method(method: &Method) -> Result<Response, ApiError> {
    match *method {
        Method::HEAD => Ok(Response::default()),
        Method::OPTIONS => Ok(methods::allowed("POST, HEAD, OPTIONS")),
        _ => Err(ApiError::method_not_allowed("POST")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, InvalidKey> {
    dedupe::sent(headers.get_all(dedupe::HEADER).iter().map(|value| value.to_str().ok()))
}

/// A value that is no text counts as an origin that nobody lists.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default())
}

/// The whole body, or why there is none, with what was sent if it came whole.
async fn read_body<S, B>(
    state: &State,
    headers: &HeaderMap,
    body: S,
    share: &mut Share,
) -> Result<Bytes, (ApiError, Option<Bytes>)>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    share.owe(headers.iter().map(|(name, value)| FIELD_BYTES + name.as_str().len() + value.len()).sum());
    let counted = body.map(|chunk| chunk.map_err(|_| Full).and_then(|chunk| share.chunk(chunk)));
    let mut is_too_slow = false;
    let reading = body_or_sent(headers, paced(counted, &mut is_too_slow), state.limits.body_bytes);
    let read = timeout(state.body_timeout, reading).await.map_err(|_| (ApiError::body_timeout(), None))?;
    match () {
        () if share.is_refused() => Err((ApiError::too_busy(), None)),
        () if is_too_slow => Err((ApiError::body_timeout(), None)),
        () => read.map_err(|Refused { error, sent }| (error.into(), sent)),
    }
}

/// What is kept of a refused body: enough to send it again.
fn refusal(
    permission: &Permission,
    caller: IpAddr,
    request: &Request,
    error: &ApiError,
    body: Option<&Bytes>,
) -> NewRefusal {
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    NewRefusal {
        permission: permission.key.clone(),
        address: caller.to_string(),
        code: error.code.as_str(),
        message: error.message.clone(),
        query: request.query.clone(),
        content_type: content_type.map(str::to_owned),
        body: body.cloned(),
        refused_at: SystemTime::now(),
        // With a header that is no key the body could never be replayed.
        idempotency_key: idempotency_key(&request.headers).ok().flatten().map(str::to_owned),
    }
}

/// The variables of a body, and the bytes that the share has for them: many short fields take many times the bytes in which
/// they came.
fn read_fields(
    state: &State,
    permission: &Permission,
    headers: &HeaderMap,
    body: &[u8],
    share: &mut Share,
) -> Result<(Fields, usize), ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let reserved = memory::at_most(content_type, body, &state.limits);
    if reserved > 0 {
        share.take(reserved).map_err(|Full| ApiError::too_busy())?;
    }
    let settings = call::field_settings(state.limits, permission);
    let fields = beside_others(body.len(), || fields::fields(content_type, body, &settings))?;
    Ok((fields, reserved))
}

/// Works on so many bytes. While a thread works on a large body, another thread takes its other requests.
fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > SMALL_BYTES { tokio::task::block_in_place(work) } else { work() }
}

/// Durable, and counted as such. `reserved` is what the share already has for the variables.
async fn publish(state: &State, submission: &Submission, share: &mut Share, reserved: usize) -> Result<(), ApiError> {
    put(state, submission, share, reserved).await?;
    if let Some(ticket) = submission.ticket {
        state.sequence.answered(ticket, submission.receipt);
    }
    Ok(())
}

/// Into the broker, or else into the spool.
async fn put(state: &State, submission: &Submission, share: &mut Share, reserved: usize) -> Result<(), ApiError> {
    let encoded = beside_others(reserved, || encode(submission))?;
    // Escapes take some times the bytes in which they came.
    let more = (memory::of(&submission.env) + encoded.len()).saturating_sub(reserved);
    if more > 0 {
        share.take(more).map_err(|Full| ApiError::too_busy())?;
    }
    let lane = state.burst_detector.lane(&submission.permission, &submission.target, encoded.len());
    let encoded = match &state.publisher {
        None => encoded,
        Some(publisher) => match publisher.publish(lane, SUBMISSIONS_V1, encoded).await {
            Ok(()) => return Ok(()),
            Err(PublishError::Busy) => return Err(ApiError::too_busy()),
            Err(PublishError::Unavailable) => encode(submission)?,
        },
    };
    let spooled = state.spool.put(lane, encoded).await;
    state.metrics.spooled(spooled.is_ok());
    spooled.map_err(|_| ApiError::unavailable("neither the queue nor the spool can take it now"))
}

fn accepted(permission: &Permission, submission: &Submission) -> Response {
    let receipt = submission.receipt;
    let mut body = json!({"receipt": receipt, "status": "accepted"});
    if !submission.dropped_files.is_empty() {
        body["dropped_files"] = json!(submission.dropped_files);
    }
    warp::reply::with_header(answer(permission, body), LOCATION, format!("/receipts/{receipt}")).into_response()
}

/// The permission's own answer, or else 202 and JSON.
fn answer(permission: &Permission, json: Value) -> Response {
    match &permission.answer {
        Some(own) => {
            let status = StatusCode::from_u16(own.status).unwrap_or(StatusCode::ACCEPTED);
            let mut answer = warp::reply::with_status(own.body.clone(), status).into_response();
            let media_type = own.media_type.as_ref().and_then(|text| HeaderValue::from_str(text).ok());
            if let Some(media_type) = media_type {
                answer.headers_mut().insert(CONTENT_TYPE, media_type);
            }
            answer
        }
        None => warp::reply::with_status(warp::reply::json(&json), StatusCode::ACCEPTED).into_response(),
    }
}
