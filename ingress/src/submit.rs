//! `POST /<short url>`: the hot path. Checks in the order that tells a stranger nothing, reads the body into
//! `$env`, and answers 202 when the broker has confirmed the message, never before.

mod answer;
mod headers;
mod prefer;
mod refusal;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use postern_http::body::{Refused, body_or_sent, paced};
use postern_shared::body::fields::{self, Fields};
use postern_shared::body::memory::{self, FIELD_BYTES};
use postern_shared::broker::publisher::PublishError;
use postern_shared::intake::call::{self, Call, described, encode};
use postern_shared::intake::dedupe::{self, InvalidKey};
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::intake::selector::{self, Selectors};
use postern_shared::permission::Permission;
use postern_shared::submission::{SUBMISSIONS_V1, Submission, Target};
use serde_json::json;
use tokio::time::timeout;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use crate::access::Access;
use crate::cors;
use crate::http::body_budget::{Full, Share};
use crate::http::methods;
use crate::routes::Request;
use crate::state::State;

pub(crate) use answer::see_other;
pub(crate) use refusal::Refusal;

/// Takes one POST. `access` holds the permissions that admit the caller's address.
pub(crate) async fn submit<S, B>(
    state: &State,
    mut access: Access<'_>,
    settings_version: i64,
    request: &Request,
    caller: IpAddr,
    body: S,
) -> Result<Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    access.short_url(&request.path, &state.short_url)?;
    if request.method != Method::POST {
        return Ok(of_other_method(&mut access, request)?);
    }
    access.origin(cors::origin(&request.headers))?;
    let of_query = |error: ApiError| Refusal::under(access.only().map(Arc::as_ref), request, error);
    let selectors = selector::selectors(&request.query).map_err(|error| of_query(error.into()))?;
    let (permission, target) = access.target(selectors.target.clone()).map_err(of_query)?;
    let asked = Asked { permission, target, selectors, settings_version, request, caller };
    let accepted = accept(state, asked, body).await;
    accepted.map_err(|error| Refusal::under(Some(permission), request, error))
}

/// A call that its permission allows, before its body is read.
struct Asked<'a> {
    permission: &'a Permission,
    target: Target,
    selectors: Selectors<'a>,
    settings_version: i64,
    request: &'a Request,
    caller: IpAddr,
}

/// Reads the body and hands the submission on.
async fn accept<S, B>(state: &State, asked: Asked<'_>, body: S) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let Asked { permission, target, selectors, settings_version, request, caller } = asked;
    // Before the body is read: a lead that cannot be kept is not refused for anything else.
    state.clock.check_now()?;

    let refused = |error: ApiError, body: Option<&Bytes>| {
        // Else the caller is told to send it again.
        if !matches!(error.code, ErrorCode::TooBusy(_)) {
            let refusal = refusal::kept(permission, caller, request, &error, body);
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
        return Ok(answer::plain(permission, &json!({"status": "ping"}), &request.headers));
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
    let accepted = answer::accepted(permission, &submission, &request.headers);
    // While a caller waits nothing of its body is held.
    drop((share, body, submission));
    Ok(match place {
        Some(place) => prefer::answer(state, place, receipt, accepted).await,
        None => accepted,
    })
}

/// Monitors and platforms look whether a URL answers before they post to it, and browsers whether a page may post.
fn of_other_method(access: &mut Access<'_>, request: &Request) -> Result<Response, ApiError> {
    match request.method {
        Method::HEAD => Ok(Response::default()),
        Method::OPTIONS if cors::is_preflight(&request.headers) => cors::preflight(access, &request.headers),
        Method::OPTIONS => Ok(methods::allowed(methods::OF_SHORT_URL)),
        _ => Err(ApiError::method_not_allowed("POST")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, InvalidKey> {
    dedupe::sent(headers.get_all(dedupe::HEADER).iter().map(|value| value.to_str().ok()))
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
    Ok((fields::fields(content_type, body, &call::field_settings(state.limits, permission))?, reserved))
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
    let encoded = encode(submission)?;
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
