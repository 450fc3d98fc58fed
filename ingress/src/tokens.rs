//! Tokens that callers show: whether one is right, and the request without them, of which something may be kept.

use std::borrow::Cow;

use postern_shared::permission::Permission;
use postern_shared::permission::token::{self, Place, Token};
use postern_shared::secret::{Secrets, Unusable};
use warp::http::HeaderMap;
use warp::http::header::AUTHORIZATION;

use crate::routes::Request;

/// Whether a request shows a token; nothing if it shows none.
pub fn is_shown(
    Token { place, secret }: &Token,
    headers: &HeaderMap,
    query: &str,
    secrets: &Secrets,
) -> Option<Result<bool, Unusable>> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let shown = match place {
        Place::Bearer => header(AUTHORIZATION.as_str()).and_then(token::bearer).map(Cow::Borrowed),
        Place::Header(name) => header(name).map(Cow::Borrowed),
        Place::Query(name) => token::of_query(query, name).map(Cow::Owned),
    }?;
    Some(secrets.get(secret).map(|value| value.is(&shown)))
}

/// The same request without the tokens of these permissions in its query and its headers.
pub fn without<'r, 'p>(request: &'r Request, permissions: impl Iterator<Item = &'p Permission>) -> Cow<'r, Request> {
    let (mut variables, mut headers) = (Vec::new(), Vec::new());
    for place in permissions.filter_map(|one| one.token.as_ref()).map(|token| &token.place) {
        match place {
            Place::Bearer => {}
            Place::Header(name) => headers.push(name.as_str()),
            Place::Query(name) => variables.push(name.as_str()),
        }
    }
    let mut bare = Cow::Borrowed(request);
    if let Some(query) = token::without(&request.query, &variables) {
        bare.to_mut().query = query;
    }
    for name in headers.into_iter().filter(|name| request.headers.contains_key(*name)) {
        bare.to_mut().headers.remove(name);
    }
    bare
}
