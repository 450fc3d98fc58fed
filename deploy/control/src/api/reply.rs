//! The one mapping of errors to HTTP (RFC 9110, 15).

use postern_shared::store::StoreError;
use warp::http::StatusCode;
use warp::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use warp::reply::{Reply, Response, with_status};

use crate::operation::{Code, Error};

/// Seconds after which a caller may try again: PostgreSQL is looked for with every request.
const RETRY_AFTER_S: u16 = 2;

/// The status of a code.
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest => StatusCode::BAD_REQUEST,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::Conflict => StatusCode::CONFLICT,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidDocument => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The answer to a request that is refused; a fault of Postern's is logged.
pub fn refused(error: Error) -> Response {
    let code = error.code();
    match &error {
        Error::Store(error @ (StoreError::Away(_) | StoreError::TookTooLong(_) | StoreError::Conflict(_))) => {
            tracing::warn!(%error, "a request to the API could not be answered");
        }
        Error::Store(error) => tracing::error!(%error, "a request to the API failed"),
        _ => {}
    }
    let header = match &error {
        Error::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        Error::Method(methods) => HeaderValue::from_str(methods).ok().map(|methods| (ALLOW, methods)),
        _ if code == Code::Unavailable => Some((RETRY_AFTER, RETRY_AFTER_S.into())),
        _ => None,
    };
    let mut response = with_status(warp::reply::json(&error.explained()), status(code)).into_response();
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    response
}
