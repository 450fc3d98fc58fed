//! Challenges of platforms: what they sent is repeated, and nothing runs.

use postern_shared::body::fields::Fields;
use postern_shared::body::looks_like_object;
use postern_shared::intake::error::ApiError;
use postern_shared::intake::selector::{self, Query};
use postern_shared::permission::Permission;
use postern_shared::permission::verify::WrongToken;
use postern_shared::secret::Secrets;
use serde_json::{Map, Value};
use warp::http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use warp::reply::{Reply, Response};

use crate::access::Access;
use crate::http::methods;
use crate::state::State;

/// The answer to a GET: a challenge, or 200 if a platform without any only looks; else the methods that there are. `sent` is the query with its token.
pub(super) fn of_query(state: &State, access: &Access<'_>, sent: &str) -> Result<Response, ApiError> {
    let not_allowed = || ApiError::method_not_allowed(methods::OF_SHORT_URL);
    let query = variables(state, sent).ok_or_else(not_allowed)?;
    let verify = || access.left().filter_map(|one| one.verify.as_ref());
    let only_looks = query.env.is_empty() && verify().any(|one| one.token.is_none());
    let mut answer = if only_looks { Ok(Response::default()) } else { Err(not_allowed()) };
    // Of several permissions each may have a token of its own.
    for one in verify().filter_map(|one| one.of_query(&query.env, access.secrets())) {
        match one {
            Ok(challenge) => return Ok(echo(challenge)),
            Err(WrongToken) => answer = Err(ApiError::token_denied()),
        }
    }
    answer
}

/// The answer to a POST that is a challenge; nothing if it is none. One in the query has no body, and no form is one. `sent`
/// is the query with its token.
pub(super) fn of_post(
    state: &State,
    (permission, secrets): (&Permission, &Secrets),
    sent: &str,
    body: &[u8],
    fields: &Fields,
) -> Option<Result<Response, ApiError>> {
    let verify = permission.verify.as_ref()?;
    if fields.env.is_empty() {
        let query = variables(state, sent)?;
        let answer = verify.of_query(&query.env, secrets)?;
        return Some(answer.map(echo).map_err(|WrongToken| ApiError::token_denied()));
    }
    let (field, challenge) = verify.of_body(&fields.env).filter(|_| looks_like_object(body))?;
    let body: Map<String, Value> = [(field.to_owned(), challenge.into())].into_iter().collect();
    Some(Ok(plain(warp::reply::json(&body).into_response())))
}

fn variables(state: &State, query: &str) -> Option<Query> {
    Some(selector::selectors(query).ok()?.query.read(None, &state.limits))
}

fn echo(challenge: &str) -> Response {
    plain(challenge.to_owned().into_response())
}

/// What is repeated may be anything: a browser shall take it for nothing but text.
fn plain(mut answer: Response) -> Response {
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
