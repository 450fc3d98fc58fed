//! The API: JSON for programs, bearer tokens and nothing else, so that no page seen in an operator's browser can call
//! it. What there is to call stands in the table of operations, [`crate::operation::ROWS`].

mod reply;
mod token;

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use percent_encoding::percent_decode_str;
use postern_http::path::{path, query};
use postern_shared::store::accounts::Role;
use warp::http::header::{HeaderName, HeaderValue};
use warp::http::{HeaderMap, Method};
use warp::reply::Response;
use warp::{Filter, Rejection};

pub use reply::status;
pub use token::{MIN_TOKEN_CHARS, first_token, generated as generated_token, hash as hash_of_token, hash_of_setting};

use crate::operation::{Error, Request, Row, Who};
use crate::router::Found;
use crate::state::State;

/// What every path of the API begins with.
pub const BASE: &str = "/api/v1";

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
                answer.unwrap_or_else(reply::refused)
            }
        })
}

/// The token first: without one nothing is told but what no token is needed for.
async fn answer<S, B>(
    state: &State,
    method: &Method,
    path: &str,
    query: String,
    headers: HeaderMap,
    body: S,
) -> Result<Response, Error>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let found = find(state, method, path.strip_prefix(BASE).unwrap_or_default());
    if let Ok((row, _)) = &found
        && row.about.role.is_none()
    {
        let who = Who { account: String::new(), role: Role::Viewer, language: token::language(&headers) };
        return run(state, &who, found, &query, headers, body).await;
    }
    let who = token::who(state, &headers).await?.ok_or(Error::Unauthorized)?;
    let mut response = run(state, &who, found, &query, headers, body).await.unwrap_or_else(reply::refused);
    response.headers_mut().insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    Ok(response)
}

async fn run<S, B>(
    state: &State,
    who: &Who,
    found: Result<(&'static Row, String), Error>,
    query: &str,
    headers: HeaderMap,
    body: S,
) -> Result<Response, Error>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let (row, argument) = found?;
    if let Some(least) = row.about.role.filter(|_| !row.about.allows(Some(who.role))) {
        return Err(Error::Forbidden(least));
    }
    let request = Request::read(state, (&row.about, argument), query, headers, body).await?;
    row.answer(state, who, &request).await
}

/// The operation of a method and a path below [`BASE`], and its argument.
fn find(state: &State, method: &Method, path: &str) -> Result<(&'static Row, String), Error> {
    match state.operations.find(method, path) {
        Found::Row(row, argument) => match percent_decode_str(argument).decode_utf8() {
            // PostgreSQL keeps a NUL in no text: nothing has such a name.
            Ok(argument) if !argument.contains('\0') => Ok((row, argument.into_owned())),
            _ => Err(Error::NoPath),
        },
        Found::OtherMethods(methods) => {
            Err(Error::Method(methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")))
        }
        Found::Nothing => Err(Error::NoPath),
    }
}

#[cfg(test)]
mod tests {
    use crate::operation::ROWS;
    use crate::router::{Found, Router, Row as _};

    #[test]
    fn every_operation_is_found_by_its_method_and_path() {
        let router = Router::new(&ROWS).unwrap();
        for (at, row) in ROWS.iter().enumerate() {
            let path = match row.about.argument() {
                Some(name) => row.about.path.replace(&format!("{{{name}}}"), "a%2Db"),
                None => row.about.path.to_owned(),
            };
            let Found::Row(found, argument) = router.find(&row.method(), &path) else { panic!("{path}") };
            assert!(std::ptr::eq(found, &raw const ROWS[at]), "{path}");
            assert_eq!(argument, if row.about.argument().is_some() { "a%2Db" } else { "" });
        }
    }
}
