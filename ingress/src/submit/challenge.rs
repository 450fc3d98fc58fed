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

/// The answer to a GET: a challenge, or else the methods that there are.
pub(super) fn of_query(state: &State, access: &Access<'_>, query: &str) -> Result<Response, ApiError> {
    let not_allowed = || ApiError::method_not_allowed(methods::OF_SHORT_URL);
    let query = selector::selectors(query).map_err(|_| not_allowed())?.query.read(None, &state.limits);
    let answers = access.left().filter_map(|one| one.verify.as_ref()?.of_query(&query.env, access.secrets()));
    // Of several permissions each may have a token of its own.
    let mut answer = Err(not_allowed());
    for one in answers {
        match one {
            Ok(challenge) => return Ok(echo(challenge)),
            Err(WrongToken) => answer = Err(ApiError::token_denied()),
        }
    }
    answer
}

/// The answer to a POST that is a challenge; nothing if it is none. One in the query has no body, and no form is one.
pub(super) fn of_body(
    permission: &Permission,
    body: &[u8],
    fields: &Fields,
    query: &Query,
    secrets: &Secrets,
) -> Option<Result<Response, ApiError>> {
    let verify = permission.verify.as_ref()?;
    if fields.env.is_empty() {
        let answer = verify.of_query(&query.env, secrets)?;
        return Some(answer.map(echo).map_err(|WrongToken| ApiError::token_denied()));
    }
    let (field, challenge) = verify.of_body(&fields.env).filter(|_| looks_like_object(body))?;
    let body: Map<String, Value> = [(field.to_owned(), challenge.into())].into_iter().collect();
    Some(Ok(plain(warp::reply::json(&body).into_response())))
}

fn echo(challenge: &str) -> Response {
    plain(challenge.to_owned().into_response())
}

/// What is repeated may be anything: a browser shall take it for nothing but text.
fn plain(mut answer: Response) -> Response {
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
