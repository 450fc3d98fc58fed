//! The API: JSON for programs, bearer tokens and nothing else, so that no page seen in an
//! operator's browser can call it. What there is to call stands in one table, from which the document at
//! `/api/v1/openapi.json` is made.

mod audit;
mod audit_log;
mod dead_letters;
mod documents;
mod explain;
mod openapi;
mod receipts;
mod records;
mod refusal;
mod refusals;
mod request;
mod rescue;
mod route;
mod runs;
mod schema;
mod several;
mod token;
mod tokens;
mod unmatched;

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use postern_http::path::{path, query};
use warp::http::header::{ALLOW, AUTHORIZATION, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use warp::http::{HeaderMap, Method};
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

pub use openapi::document as openapi;
pub use route::BASE;
pub use token::{MIN_TOKEN_CHARS, first_token, generated as generated_token, hash as hash_of_token, hash_of_setting};
pub use tokens::is_name as is_token_name;

use crate::state::State;
use refusal::{Code, Refusal};
use request::Request;
use route::{Endpoint, Found};

/// The header that tells whoever has a token which version answers: a command line of another one says so.
pub const VERSION: HeaderName = HeaderName::from_static("postern-version");

/// Everything under [`BASE`].
pub fn routes(state: Arc<State>) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    warp::path("api")
        .and(warp::path("v1"))
        .and(warp::method())
        .and(path())
        .and(query())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, path: String, query, headers, body| {
            let state = Arc::clone(&state);
            async move {
                let answer = answer(&state, &method, &path, query, headers, body).await;
                answer.unwrap_or_else(Reply::into_response)
            }
        })
}

/// The token first: whoever has none learns nothing, not even which paths there are.
async fn answer<S, B>(
    state: &State,
    method: &Method,
    path: &str,
    query: String,
    headers: HeaderMap,
    body: S,
) -> Result<Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let Some(account) = token::account(state, headers.get(AUTHORIZATION)).await? else {
        let mut response = Refusal::new(Code::Unauthorized, "a valid token is needed: Authorization: Bearer …");
        response.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        return Err(response);
    };
    let answer = answer_to(state, account, method, path, &query, headers, body).await;
    let mut response = answer.unwrap_or_else(Reply::into_response);
    response.headers_mut().insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    Ok(response)
}

/// The answer to whoever has a token.
async fn answer_to<S, B>(
    state: &State,
    account: String,
    method: &Method,
    path: &str,
    query: &str,
    headers: HeaderMap,
    body: S,
) -> Result<Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    match route::find(method, path.strip_prefix(BASE).unwrap_or_default()) {
        Found::Route(route, argument) => {
            let request = Request::read(state, account, (route, argument), query, headers, body).await?;
            call(state, route.endpoint, &request).await
        }
        Found::OtherMethods(methods) => {
            let mut refusal = Refusal::new(Code::MethodNotAllowed, format!("the method must be one of {methods}"));
            refusal.headers.extend(HeaderValue::from_str(&methods).ok().map(|methods| (ALLOW, methods)));
            Err(refusal)
        }
        Found::Nothing => Err(Refusal::new(Code::NotFound, "there is nothing at this path")),
    }
}

async fn call(state: &State, endpoint: Endpoint, request: &Request) -> Result<Response, Refusal> {
    match endpoint {
        Endpoint::OpenApi => Ok(warp::reply::json(&openapi::document()).into_response()),
        Endpoint::List(kind) => documents::list(state, kind).await,
        Endpoint::Get(kind) => documents::get(state, kind, request).await,
        Endpoint::Put(kind) => documents::put(state, kind, request).await,
        Endpoint::Delete(kind) => documents::delete(state, kind, request).await,
        Endpoint::Versions => documents::versions(state, request).await,
        Endpoint::Validate => several::validate(state, request).await,
        Endpoint::Apply => several::apply(state, request).await,
        Endpoint::Export => several::export(state).await,
        Endpoint::Receipt => receipts::get(state, request).await,
        Endpoint::Runs => runs::list(state, request).await,
        Endpoint::ReplayRun => rescue::replay(state, request).await,
        Endpoint::DecideRun => rescue::decide(state, request).await,
        Endpoint::Records => records::list(state, request).await,
        Endpoint::Record => records::get(state, request).await,
        Endpoint::RefusedBodies => refusals::list(state, request).await,
        Endpoint::RefusedBody => refusals::get(state, request).await,
        Endpoint::RefusedBodyRaw => refusals::raw(state, request).await,
        Endpoint::ReplayRefusedBodies => refusals::replay(state, request).await,
        Endpoint::RejectedCallers => refusals::rejected(state, request).await,
        Endpoint::Unmatched => unmatched::list(state, request).await,
        Endpoint::ReplayUnmatched => unmatched::replay(state, request).await,
        Endpoint::DeadLetters => dead_letters::list(state, request).await,
        Endpoint::DeadLetter => dead_letters::get(state, request).await,
        Endpoint::DeadLetterGroups => dead_letters::groups(state).await,
        Endpoint::ReplayDeadLetters => dead_letters::replay(state, request).await,
        Endpoint::DiscardDeadLetters => dead_letters::discard(state, request).await,
        Endpoint::Audit => audit::audit(state, request).await,
        Endpoint::AuditLog => audit_log::list(state, request).await,
        Endpoint::Explain => explain::explain(state, request).await,
        Endpoint::Tokens => tokens::list(state).await,
        Endpoint::CreateToken => tokens::create(state, request).await,
        Endpoint::DeleteToken => tokens::delete(state, request).await,
    }
}
