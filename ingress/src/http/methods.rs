//! The answer to OPTIONS (RFC 9110, 9.3.7).

use warp::http::StatusCode;
use warp::http::header::{ALLOW, HeaderValue};
use warp::reply::Response;

/// The methods of a short URL. A GET is answered only where it is a challenge.
pub const OF_SHORT_URL: &str = "POST, HEAD, OPTIONS";

/// The methods of a receipt.
pub const OF_RECEIPT: &str = "GET, HEAD, OPTIONS";

/// 204, with the methods of a path in `Allow`.
pub fn allowed(methods: &'static str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}
