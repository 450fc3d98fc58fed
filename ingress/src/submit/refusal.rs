//! A refused submission: what its caller is told, and what is kept of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use postern_http::body::inflated;
use postern_shared::id::PermissionKey;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::intake::selector::{self, SELECTORS};
use postern_shared::permission::{Permission, token};
use postern_shared::secret::Secrets;
use postern_shared::store::refused_bodies::{MAX_HEADERS_BYTES, NewRefusal, Proof};
use warp::http::Method;
use warp::http::header::CONTENT_TYPE;

use super::{answer, body::read_body, headers, idempotency_key, signed};
use crate::access::{Access, Keeper};
use crate::routes::Request;
use crate::state::State;

/// Why a submission is refused, and the page on which its visitor lands.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong.
    pub error: ApiError,
    /// The permission that refuses, if it is known. Boxed: what every check may return stays small.
    pub permission: Option<Box<PermissionKey>>,
    /// The page for plain HTML forms; none = the error as JSON.
    pub page: Option<String>,
}

impl Refusal {
    /// A refusal under a permission that may name a page.
    pub fn under(permission: &Permission, request: &Request, error: ApiError) -> Self {
        let page = answer::error_page(permission, &request.headers);
        Self { page: page.map(str::to_owned), permission: Some(Box::new(permission.key.clone())), error }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, permission: None, page: None }
    }
}

/// A call that is refused before its body is read: what it brings is kept, or else its caller is counted. `sent` has the token
/// that `request` has no longer.
pub async fn left<S, B>(
    state: &State,
    access: &Access<'_>,
    (request, sent): (&Request, &Request),
    caller: IpAddr,
    error: ApiError,
    body: S,
) -> Refusal
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let permission = access.only().map(Arc::as_ref);
    // At another path, and to another method, no permission refuses anything.
    let asked = permission.filter(|_| access.knows_url() && request.method == Method::POST);
    let page = asked.and_then(|permission| answer::error_page(permission, &request.headers)).map(str::to_owned);
    let refusal = Refusal { page, permission: permission.map(|one| Box::new(one.key.clone())), error };
    let error = &refusal.error;
    // The caller is told to send it again.
    if matches!(error.code, ErrorCode::Unavailable(_)) {
        return refusal;
    }
    let named = selector::selectors(&request.query).ok().and_then(|selectors| selectors.target);
    let mut keepers = access.keepers(&sent.headers, &sent.query, named.as_ref());
    if error.code == ErrorCode::TokenDenied && request.method != Method::POST {
        // A challenge with a wrong token is no lead.
        keepers.clear();
    }
    let (body, keeper) = brought(state, (&keepers, access.secrets()), (request, sent), caller, body).await;
    match keeper {
        // A look at the URL brings nothing.
        Some((permission, proof)) if body.is_some() || request.method == Method::POST => {
            let kept = kept((permission, proof), caller, request, error, body.as_ref());
            state.refusals.body(kept, &state.metrics);
        }
        _ => state.refusals.caller(caller, error.code),
    }
    refusal
}

/// Reads the body of a call if a permission may keep it. Returns the body, the permission, and what the call proves. Whether a
/// call is signed is known only when its whole body was read.
async fn brought<'a, S, B>(
    state: &State,
    (keepers, secrets): (&[Keeper<'a>], &Secrets),
    (request, sent): (&Request, &Request),
    caller: IpAddr,
    body: S,
) -> (Option<Bytes>, Option<(&'a Permission, Proof)>)
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let Some(first) = keepers.first() else { return (None, None) };
    let keeper = |bytes: Option<&Bytes>| {
        let is_signed = |one: &Permission| {
            bytes.is_some_and(|bytes| signed::check(one, secrets, sent, bytes, state.clock.now()).is_ok())
        };
        let proofs = keepers.iter().map(|one| (one, one.proof(is_signed)));
        let keeping = proofs.filter(|(one, proof)| one.keeps(*proof));
        keeping.min_by_key(|(_, proof)| proof.is_wrong()).map(|(one, proof)| (one.permission, proof))
    };
    let (mut keeping, mut share) = (None, state.bodies.share(caller, &first.permission.key));
    let check = |bytes: &Bytes| {
        keeping = Some(keeper(Some(bytes)));
        Ok(())
    };
    let read = read_body(state, &request.headers, body, &mut share, check).await;
    let mut body = read.map_or_else(|(_, sent)| sent, Some);
    if request.method != Method::POST {
        body = body.filter(|body| !body.is_empty()).or_else(|| of_query(&request.query));
    }
    (body, keeping.unwrap_or_else(|| keeper(None)))
}

/// The fields of a form that was sent by GET; nothing if its query has none.
fn of_query(query: &str) -> Option<Bytes> {
    let fields = token::without(query, &SELECTORS).unwrap_or_else(|| query.to_owned());
    Some(Bytes::from(fields)).filter(|fields| !fields.is_empty())
}

/// What becomes of a call that is refused while its body is read.
pub struct Keeping<'a> {
    state: &'a State,
    permission: &'a Permission,
    request: &'a Request,
    caller: IpAddr,
    is_signed: AtomicBool,
}

impl<'a> Keeping<'a> {
    /// Of a call under a permission, whose token it has shown.
    pub fn new(state: &'a State, permission: &'a Permission, request: &'a Request, caller: IpAddr) -> Self {
        Self { state, permission, request, caller, is_signed: AtomicBool::new(false) }
    }

    /// Whether a visitor sent a form, who is not told to send it again.
    pub fn is_of_visitor(&self) -> bool {
        answer::is_of_visitor(self.permission, &self.request.headers)
    }

    /// The body is signed, or needs no signature.
    pub fn is_signed(&self) {
        self.is_signed.store(true, Ordering::Relaxed);
    }

    /// What the call proves, if its body may be kept: where callers sign, one without a right signature may be anybody's.
    fn kept_with(&self) -> Option<Proof> {
        let keeper = Keeper::with_token(self.permission, self.caller);
        let proof = keeper.proof(|_| self.is_signed.load(Ordering::Relaxed));
        keeper.keeps(proof).then_some(proof)
    }

    /// Keeps a body that is not inflated yet, if it came whole, or counts the caller.
    pub fn refused_as_sent(&self, error: ApiError, sent: Option<Bytes>) -> ApiError {
        let (headers, most) = (&self.request.headers, self.state.limits.body_bytes);
        let plain =
            sent.filter(|_| self.kept_with().is_some()).map(|sent| inflated(headers, &sent, most).unwrap_or(sent));
        self.refused(error, plain.as_ref())
    }

    /// Keeps the body, or counts the caller.
    pub fn refused(&self, error: ApiError, body: Option<&Bytes>) -> ApiError {
        let Self { state, permission, request, caller, .. } = self;
        let is_for_now = matches!(error.code, ErrorCode::TooBusy(_) | ErrorCode::Unavailable(_));
        if is_for_now && !self.is_of_visitor() {
            // The caller is told to send it again. That it asked too much is counted, which only a person can change.
            if matches!(error.code, ErrorCode::TooBusy(_)) {
                state.refusals.caller(*caller, error.code);
            }
        } else if let Some(proof) = self.kept_with().filter(|_| !is_for_now || body.is_some()) {
            let kept = kept((permission, proof), *caller, request, &error, body);
            state.refusals.body(kept, &state.metrics);
        } else {
            state.refusals.caller(*caller, error.code);
        }
        error
    }
}

/// What is kept of a refused body: enough to send it again.
fn kept(
    (permission, proof): (&Permission, Proof),
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
        method: request.method.to_string(),
        path: request.path.clone(),
        proof,
        query: request.query.clone(),
        content_type: content_type.map(str::to_owned),
        body: body.cloned(),
        refused_at: SystemTime::now(),
        // With a header that is no key the body could never be replayed.
        idempotency_key: idempotency_key(&request.headers, permission).ok().flatten().map(str::to_owned),
        headers: headers::within(&permission.headers, &request.headers, MAX_HEADERS_BYTES),
    }
}
