//! `GET /receipts/{id}`: what became of a submission. Shown to callers of the permission that let it in; to all
//! others it is unknown. Reading receipts must not slow down posts: it has database connections of its own, for which few
//! callers wait; each caller reads so often; and what was read is kept for a moment, also that there is nothing.

pub mod answers;

use std::net::IpAddr;

use postern_http::rate;
use postern_shared::id::ReceiptId;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

pub use answers::Answers;

use crate::access::Access;
use crate::cors;
use crate::http::methods;
use crate::routes::Request;
use crate::state::State;
use answers::{Answer, Unanswered};

/// Answers for one receipt.
pub async fn show(
    state: &State,
    access: &Access<'_>,
    caller: IpAddr,
    request: &Request,
    id: &str,
) -> Result<Response, ApiError> {
    match request.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return Ok(options(access, &request.headers)),
        _ => return Err(ApiError::method_not_allowed(methods::OF_RECEIPT)),
    }
    state.receipts.admit(caller).map_err(|wait| {
        ApiError::new(ErrorCode::TooBusy(rate::seconds(wait)), Message::said("this address reads receipts too often"))
    })?;
    let id: ReceiptId = id.parse().map_err(|_| ApiError::receipt_unknown())?;
    match state.receipts.of(id).await {
        Ok(Answer::Of(permission, body)) if access.holds(&permission) => Ok(json(body)),
        // Whose it is cannot be told, so nobody is told why.
        Ok(Answer::OfNobody(body)) => Ok(json(body)),
        Ok(Answer::Of(..) | Answer::Unknown) => Err(ApiError::receipt_unknown()),
        Err(Unanswered::Busy) => Err(ApiError::unavailable("too many receipts are being looked up")),
        Err(Unanswered::Away) => Err(ApiError::unavailable("receipts cannot be looked up now")),
    }
}

fn options(access: &Access<'_>, headers: &HeaderMap) -> Response {
    let methods = methods::allowed(methods::OF_RECEIPT);
    let is_listed = cors::origin(headers).is_some_and(|origin| access.lists_origin(origin));
    if is_listed && cors::is_preflight(headers) { cors::preflight(methods, "GET", headers) } else { methods }
}

fn json(body: bytes::Bytes) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
