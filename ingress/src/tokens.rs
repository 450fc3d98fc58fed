//! Tokens that callers show: whether one is right, and the request without them, of which something may be kept.

use std::borrow::Cow;

use postern_shared::permission::Permission;
use postern_shared::permission::token::{self, Place, Token};
use postern_shared::permission::verify::Verify;
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

/// The same request without the tokens of these permissions, and those of their challenges, in its query and its headers. In
/// the query a token is taken out under any name: callers misspell the name.
pub fn without<'r, 'p>(
    request: &'r Request,
    permissions: impl Iterator<Item = &'p Permission>,
    secrets: &Secrets,
) -> Cow<'r, Request> {
    let (mut variables, mut headers) = (Vec::new(), Vec::new());
    let having: Vec<_> = permissions.filter(|one| one.token.is_some() || one.verify.is_some()).collect();
    for permission in &having {
        variables.extend(permission.verify.as_ref().and_then(Verify::token_variable));
        match permission.token.as_ref().map(|token| &token.place) {
            None | Some(Place::Bearer) => {}
            Some(Place::Header(name)) => headers.push(name.as_str()),
            Some(Place::Query(name)) => variables.push(name.as_str()),
        }
    }
    let mut bare = Cow::Borrowed(request);
    let is_token = |one: &&Permission, value: &str| {
        let token = one.token.as_ref().and_then(|token| secrets.get(&token.secret).ok());
        token.is_some_and(|token| token.is(value)) || one.verify.as_ref().is_some_and(|it| it.is_token(value, secrets))
    };
    let is_hidden = |name: &str, value: &str| {
        variables.contains(&name) || !value.is_empty() && having.iter().any(|one| is_token(one, value))
    };
    // Most permissions ask for no token.
    let query = if having.is_empty() { None } else { token::without_hidden(&request.query, is_hidden) };
    if let Some(query) = query {
        bare.to_mut().query = query;
    }
    for name in headers.into_iter().filter(|name| request.headers.contains_key(*name)) {
        bare.to_mut().headers.remove(name);
    }
    bare
}
