//! The public listener: short URLs and receipts, nothing else. One route takes everything, since whether a path
//! exists is told only to a caller whose address is permitted.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;
use futures_util::Stream;
use postern_http::answer;
use postern_http::client_address::client_address;
use postern_http::connections::{Caps, Connections};
use postern_http::hosts::Hosts;
use postern_http::path::{normalized, path, query};
use postern_http::server::{self, Door, Standing};
use postern_shared::id::PermissionKey;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::shutdown::Shutdown;
use tokio::net::TcpListener;
use warp::http::header::{HeaderValue, ORIGIN};
use warp::http::{HeaderMap, Method};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::access::Access;
use crate::state::State;
use crate::submit::Refusal;
use crate::{cors, receipts, submit, unread};

/// How long the answers of the public listener that are under way may take after the shutdown began.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// A request whose body was not touched yet.
#[derive(Debug, Clone)]
pub struct Request {
    pub peer: IpAddr,
    pub method: Method,
    /// As [`normalized`] returns it.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

/// Serves until shutdown, and then until the answers under way are given.
pub async fn serve(listener: TcpListener, caps: Caps, state: Arc<State>, shutdown: Shutdown) {
    let draining = {
        let (state, shutdown) = (Arc::clone(&state), shutdown.clone());
        async move {
            shutdown.wait().await;
            state.drain();
        }
    };
    let door = {
        let metrics = state.metrics.connections.listener("public");
        let connections = Arc::new(Connections::new(caps, state.trusted_proxies.clone(), metrics));
        let (announcers, tls, state) = (state.announcers.clone(), state.tls.clone(), Arc::clone(&state));
        let (counted, unreadable, known) = (Arc::clone(&state), Arc::clone(&state), state);
        Door {
            connections,
            tls,
            hosts: Hosts::Any,
            standing: Box::new(move |peer| standing(&known, peer)),
            announcers,
            refused: Box::new(move |status| counted.metrics.answered(status)),
            unreadable: Box::new(move |peer| unreadable.refusals.caller(peer, ErrorCode::UnreadableRequest)),
        }
    };
    let serving = server::serve(listener, door, |peer| everything(Arc::clone(&state), peer.ip()), draining);
    let too_long = async {
        shutdown.wait().await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        () = serving => {}
        () = too_long => tracing::warn!("some answers were still under way when the drain time-out ended"),
    }
}

fn everything(
    state: Arc<State>,
    peer: IpAddr,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    warp::method().and(path()).and(query()).and(warp::header::headers_cloned()).and(warp::body::stream()).then(
        move |method, path: String, query, headers, body| {
            let (state, began) = (Arc::clone(&state), Instant::now());
            let path = match normalized(&path) {
                Cow::Borrowed(_) => path,
                Cow::Owned(path) => path,
            };
            let request = Request { peer, method, path, query, headers };
            async move {
                let answer = answer(&state, &request, body).await;
                let response = unread::counted(&state, &request, answer);
                state.metrics.answered(response.status());
                state.metrics.took(began.elapsed());
                response
            }
        },
    )
}

/// How the peer of a new connection is known.
fn standing(state: &State, peer: IpAddr) -> Standing {
    if state.snapshot().admitting(peer, state.clock.now()).next().is_some() {
        Standing::Caller
    } else if state.refused_requests.are_too_many_of(peer) {
        Standing::Flooding
    } else {
        // A handshake costs more than a refused request does. A proxy has callers behind it.
        if state.tls.is_some() && !state.trusted_proxies.iter().any(|network| network.contains(&peer)) {
            state.refused_requests.shook_hands(peer);
        }
        Standing::Stranger
    }
}

/// The routes of the public listener:
///
/// - `POST /{short_url}`: 202 and a receipt, or an error.
/// - `GET /{short_url}`: the challenge of a platform, or 200 without a query, where a permission has `verify`; else 405.
/// - `HEAD /{short_url}`: 200 without a body; nothing starts.
/// - `OPTIONS /{short_url}`: 204 with `Allow`, and the answer to a preflight; nothing starts.
/// - `GET /receipts/{id}`: what became of a submission.
async fn answer<S, B>(state: &State, request: &Request, body: S) -> Response
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let rejected = |address: IpAddr, is_stranger: bool, error: ApiError| {
        state.refusals.caller(address, error.code);
        state.metrics.refused(None, error.code);
        tracing::debug!(code = error.code.as_str(), "a caller was refused");
        state.refused_requests.answer(address, is_stranger, &error)
    };
    let caller = match client_address(request.peer, &request.headers, &state.trusted_proxies) {
        Ok(caller) => caller,
        // A proxy that is trusted, and that has others behind it.
        Err(error) => return rejected(request.peer, false, error.into()),
    };
    let snapshot = state.snapshot();
    let access = match Access::admit(&snapshot, caller, state.clock.now()) {
        Ok(access) => access,
        Err(error) => return rejected(caller, caller == request.peer, error),
    };
    let receipt = request.path.strip_prefix("/receipts/");
    let origin = readable_by(state, &access, request);
    let answer = match receipt {
        Some(id) => receipts::show(state, &access, caller, request, id).await.map_err(Refusal::from),
        None => submit::submit(state, access, snapshot.version, request, caller, body).await,
    };
    let answer = answer.unwrap_or_else(|Refusal { error, permission, page }| {
        state.metrics.refused(permission.as_deref(), error.code);
        let (permission, code) = (permission.as_deref().map(PermissionKey::as_str), error.code.as_str());
        tracing::debug!(permission, code, "a call was refused");
        let answer = match error.code {
            ErrorCode::Unavailable(_) => answer::answer(&error),
            // Others may have filled what there is for submissions; receipts this caller has read too often itself.
            ErrorCode::TooBusy(_) if receipt.is_none() => answer::answer(&error),
            _ => state.refused_requests.answer(caller, false, &error),
        };
        match page {
            Some(page) => submit::see_other(answer, &page),
            None => answer,
        }
    });
    match origin {
        Some(origin) => cors::open(answer, origin),
        None => answer,
    }
}

/// The origin whose scripts may read the answer. A permission at this path lists this origin.
fn readable_by<'r>(state: &State, access: &Access<'_>, request: &'r Request) -> Option<&'r HeaderValue> {
    let value = request.headers.get(ORIGIN)?;
    let origin = cors::origin(&request.headers)?;
    let is_listed = match request.path.strip_prefix("/receipts/") {
        Some(_) => access.lists_origin(origin),
        None => access.at(&request.path, &state.short_url).any(|one| one.lists_origin(origin)),
    };
    is_listed.then_some(value)
}
