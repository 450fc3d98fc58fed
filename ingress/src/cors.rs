//! CORS (Fetch standard, 3.2): scripts of a page whose origin a permission lists may post and read the answers. The answer
//! names exactly that origin, never `*`, and no answer allows cookies.

use warp::http::HeaderMap;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use warp::reply::Response;

/// The headers of answers that a script may read beside those that the standard names.
const EXPOSED: &str = "location, retry-after, preference-applied";

/// Seconds for which a browser need not ask again. A permission that lists the origin no longer refuses the call itself.
const MAX_AGE_S: &str = "600";

/// The origin that a request names; a value that is no text is an origin that nobody lists.
pub fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default())
}

/// Whether a browser asks what it may send, before it sends anything.
pub fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight of a listed origin. A script may send any header: none of them opens anything.
pub fn preflight(mut answer: Response, method: &'static str, headers: &HeaderMap) -> Response {
    let allowed = answer.headers_mut();
    allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(method));
    allowed.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    answer
}

/// Lets scripts of this origin read an answer.
pub fn open(mut answer: Response, origin: &HeaderValue) -> Response {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.append(VARY, HeaderValue::from_static("Origin"));
    answer
}
