//! `POST /<short url>`: the hot path. Checks in the order that tells a stranger nothing, reads the body into
//! `$env`, and answers 202 when the broker has confirmed the message, never before.

mod answer;
mod batch;
mod body;
mod challenge;
mod headers;
mod prefer;
mod publish;
mod refusal;
mod signed;
mod traced;

use std::net::IpAddr;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use postern_shared::body::fields::{Fields, Posted};
use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::intake::call::{self, Call, described};
use postern_shared::intake::dedupe::{self, InvalidKey};
use postern_shared::intake::error::ApiError;
use postern_shared::intake::selector::{self, Query, Selectors};
use postern_shared::permission::Permission;
use postern_shared::secret::Secrets;
use postern_shared::submission::Target;
use serde_json::json;
use warp::http::header::HeaderValue;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use crate::access::Access;
use crate::cors;
use crate::http::body_budget::Share;
use crate::http::methods;
use crate::routes::Request;
use crate::state::State;
use crate::tokens;

use body::{read_body, read_fields};

pub(crate) use answer::see_other;
use publish::publish;
use refusal::Keeping;
pub(crate) use refusal::Refusal;
use traced::Traced;

/// Takes one POST. `access` holds the permissions that admit the caller's address.
pub(crate) async fn submit<S, B>(
    state: &State,
    mut access: Access<'_>,
    settings_version: i64,
    sent: &Request,
    caller: IpAddr,
    body: S,
) -> Result<Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    // Of a token that is shown nothing is kept, whatever becomes of the request.
    let bare = tokens::without(sent, access.addressed(&sent.path, &state.short_url), access.secrets());
    let request = &*bare;
    if request.method != Method::POST {
        return match of_other_method(state, &mut access, request, sent) {
            Err(error) if !matches!(request.method, Method::HEAD | Method::OPTIONS) => {
                Err(refusal::left(state, &access, (request, sent), caller, error, body).await)
            }
            answer => Ok(answer?),
        };
    }
    match checked(state, &mut access, request, sent) {
        Ok((permission, target, selectors)) => {
            let secrets = access.secrets();
            let traced = Traced::begin(state, &sent.headers);
            let traced = traced.as_ref();
            let asked =
                Asked { permission, secrets, target, selectors, settings_version, request, sent, caller, traced };
            let accepted = accept(state, asked, body).await;
            if let Some(traced) = traced {
                traced.answered(state, permission, &accepted);
            }
            accepted.map_err(|error| Refusal::under(permission, request, error))
        }
        Err(error) => Err(refusal::left(state, &access, (request, sent), caller, error, body).await),
    }
}

/// The checks of a POST that need no body.
fn checked<'a, 'r>(
    state: &State,
    access: &mut Access<'a>,
    request: &'r Request,
    sent: &Request,
) -> Result<(&'a Permission, Target, Selectors<'r>), ApiError> {
    access.short_url(&request.path, &state.short_url)?;
    access.origin(cors::origin(&request.headers))?;
    access.token(&sent.headers, &sent.query)?;
    let selectors = selector::selectors(&request.query)?;
    let (permission, target) = access.target(selectors.target.clone())?;
    Ok((permission, target, selectors))
}

/// A call that its permission allows, before its body is read.
struct Asked<'a> {
    permission: &'a Permission,
    secrets: &'a Secrets,
    target: Target,
    selectors: Selectors<'a>,
    settings_version: i64,
    request: &'a Request,
    /// The same request with the token that it shows.
    sent: &'a Request,
    caller: IpAddr,
    traced: Option<&'a Traced>,
}

/// A call whose body was read.
struct Taken<'a> {
    permission: &'a Permission,
    target: Target,
    record: Option<RecordId>,
    query: Query,
    settings_version: i64,
    request: &'a Request,
    caller: IpAddr,
    share: Share,
    /// The bytes that the share has for the variables.
    reserved: usize,
    traced: Option<&'a Traced>,
}

impl Taken<'_> {
    /// The call of one submission.
    fn call(&self, receipt: ReceiptId) -> Call {
        let Self { target, record, query, settings_version, .. } = self;
        let mut request = described(&self.caller.to_string(), receipt.time());
        if !self.permission.headers.is_empty() {
            request.set("headers", headers::kept(&self.permission.headers, &self.request.headers));
        }
        let (target, query) = (target.clone(), query.clone());
        Call { receipt, target, record: *record, query, request, settings_version: *settings_version }
    }

    /// The bytes of the headers that each submission keeps.
    fn headers_bytes(&self) -> usize {
        let values = self.permission.headers.iter().flat_map(|name| self.request.headers.get_all(name));
        values.map(HeaderValue::len).sum()
    }
}

/// Reads the body and hands the submission on, or the submissions of a list.
async fn accept<S, B>(state: &State, asked: Asked<'_>, body: S) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let Asked { permission, secrets, target, selectors, settings_version, request, sent, caller, traced } = asked;
    // Before the body is read: a lead that cannot be kept is not refused for anything else.
    state.clock.check_now()?;
    let keeping = Keeping::new(state, permission, request, caller);
    // A call that is not signed takes nothing of what the callers may send who sign. The form of a visitor, who does not
    // send it again, is read before it is refused.
    let is_read_first = permission.signature.is_some() || keeping.is_of_visitor();
    if !is_read_first {
        state.permission_rates.take(permission)?;
    }

    let refused = |error: ApiError, body: &Bytes| keeping.refused(error, Some(body));
    let mut share = state.bodies.share(caller, &permission.key);
    let check = |body: &Bytes| {
        signed::check(permission, secrets, sent, body, state.clock.now())?;
        keeping.is_signed();
        if is_read_first { state.permission_rates.take(permission) } else { Ok(()) }
    };
    let read = read_body(state, &request.headers, body, &mut share, check).await;
    let body = read.map_err(|(error, sent)| keeping.refused_as_sent(error, sent))?;
    let read = read_fields(state, permission, &request.headers, &body, &mut share);
    let (mut posted, reserved) = read.map_err(|error| refused(error, &body))?;
    let query = selectors.query.read(permission.charset, &state.limits);
    if let Posted::One(fields) = &posted
        && let Some(answer) = challenge::of_post(state, (permission, secrets), &sent.query, &body, fields)
    {
        // A challenge with a wrong token is no lead.
        return answer.inspect_err(|error| state.refusals.caller(caller, error.code));
    }
    posted.each(|fields| call::with_query(permission, fields, &query));
    if is_ping(permission, &posted, &query) {
        return Ok(answer::plain(permission, &json!({"status": "ping"}), &request.headers));
    }
    let key = idempotency_key(&request.headers, permission).map_err(|error| refused(error.into(), &body))?;
    let record = selectors.record;
    let mut taken =
        Taken { permission, target, record, query, settings_version, request, caller, share, reserved, traced };
    let handed_on = match posted {
        Posted::One(fields) => one(state, taken, fields, key).await,
        Posted::Several(items) => several(state, &mut taken, items, key).await,
    };
    handed_on.map_err(|error| refused(error, &body))
}

/// Whether a call is only a test.
fn is_ping(permission: &Permission, posted: &Posted, query: &Query) -> bool {
    let Posted::One(fields) = posted else { return false };
    permission.ping.as_ref().is_some_and(|ping| ping.matches(&fields.env, &query.env))
}

async fn one(state: &State, mut taken: Taken<'_>, fields: Fields, key: Option<&str>) -> Result<Response, ApiError> {
    let Taken { permission, request, caller, .. } = taken;
    let dedupe = dedupe::dedupe(key, &fields.env, permission);
    let receipt = state.clock.receipt()?;
    let place = prefer::place(state, &request.headers, permission.wait, receipt, caller);
    let mut submission = taken.call(receipt).submission(Some(state.sequence.next()), permission, fields, dedupe);
    submission.waits = place.is_some();
    publish(state, std::slice::from_mut(&mut submission), &mut taken).await?;
    let accepted = answer::accepted(permission, &submission, &request.headers);
    // While a caller waits nothing of its body is held.
    drop((taken, submission));
    Ok(match place {
        Some(place) => prefer::answer(state, place, receipt, accepted).await,
        None => accepted,
    })
}

async fn several(
    state: &State,
    taken: &mut Taken<'_>,
    items: Vec<Fields>,
    key: Option<&str>,
) -> Result<Response, ApiError> {
    let mut submissions = batch::submissions(state, taken, items, key).await?;
    if !submissions.is_empty() {
        publish(state, &mut submissions, taken).await?;
    }
    Ok(batch::accepted(taken, &submissions))
}

/// Monitors and platforms look whether a URL answers before they post to it, and browsers whether a page may post.
fn of_other_method(
    state: &State,
    access: &mut Access<'_>,
    request: &Request,
    sent: &Request,
) -> Result<Response, ApiError> {
    access.short_url(&request.path, &state.short_url)?;
    match request.method {
        Method::HEAD => Ok(Response::default()),
        Method::GET => challenge::of_query(state, access, &sent.query),
        Method::OPTIONS if cors::is_preflight(&request.headers) => {
            access.origin(cors::origin(&request.headers))?;
            Ok(cors::preflight(methods::allowed(methods::OF_SHORT_URL), "POST", &request.headers))
        }
        Method::OPTIONS => Ok(methods::allowed(methods::OF_SHORT_URL)),
        _ => Err(ApiError::method_not_allowed(methods::OF_SHORT_URL)),
    }
}

/// The key that the caller sent, or else the name of its delivery.
fn idempotency_key<'h>(headers: &'h HeaderMap, permission: &Permission) -> Result<Option<&'h str>, InvalidKey> {
    let sent = dedupe::sent(headers.get_all(dedupe::HEADER).iter().map(|value| value.to_str().ok()))?;
    Ok(sent.or_else(|| dedupe::delivery(permission, |name| headers.get(name)?.to_str().ok())))
}
