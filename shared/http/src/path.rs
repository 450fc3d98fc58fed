//! The path and the query of a request, for routes that look at them themselves.

use std::convert::Infallible;

use warp::Filter;
use warp::http::Method;
use warp::path::FullPath;

/// The path as it was sent. CONNECT names none, and warp panics when it is asked for it.
pub fn path() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    let of_connect = warp::method().and_then(|method| async move {
        if method == Method::CONNECT { Ok(String::new()) } else { Err(warp::reject::reject()) }
    });
    of_connect.or(warp::path::full().map(|path: FullPath| path.as_str().to_owned())).unify()
}

/// The query as it was sent, without its `?`; empty if there is none.
pub fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or_else(|_| async { Ok::<_, Infallible>((String::new(),)) })
}
