//! `GET /receipts/{id}`: what became of a submission. Shown to callers of the permission that let it in; to all
//! others it is unknown. Reading receipts must not slow down posts: it has database connections of its own, for which few
//! callers wait; each caller reads so often; and what was read is kept for a moment, also that there is nothing.

pub mod answers;

use std::net::IpAddr;

use postern_http::rate;
use postern_shared::id::ReceiptId;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use warp::http::Method;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::reply::Response;

pub use answers::Answers;

use crate::access::Access;
use crate::http::methods;
use crate::state::State;
use answers::{Answer, Unanswered};

/// Answers for one receipt.
pub async fn show(
    state: &State,
    access: &Access<'_>,
    caller: IpAddr,
    method: &Method,
    id: &str,
) -> Result<Response, ApiError> {
    if *method == Method::OPTIONS {
        return Ok(methods::allowed("GET, HEAD, OPTIONS"));
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(ApiError::method_not_allowed("GET, HEAD"));
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

fn json(body: bytes::Bytes) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
