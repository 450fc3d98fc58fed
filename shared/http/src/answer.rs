//! How a refusal is answered: its status, its headers, its code and message as JSON.

use postern_shared::intake::error::{ApiError, ErrorCode};
use serde_json::json;
use warp::http::StatusCode;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use warp::reply::Response;

/// The answer that refuses.
pub fn answer(error: &ApiError) -> Response {
    let body = json!({ "error": { "code": error.code.as_str(), "message": error.message.to_string() } }).to_string();
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match error.code {
        ErrorCode::MethodNotAllowed(allowed) => {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        ErrorCode::TooBusy(seconds) | ErrorCode::Unavailable(seconds) => {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::poll_fn;
    use std::pin::Pin;
    use warp::hyper::body::Body;

    #[test]
    fn a_refusal_is_json_with_its_status_and_headers() {
        for (code, status, header) in [
            (ErrorCode::MethodNotAllowed("POST"), 405, Some(("allow", "POST"))),
            (ErrorCode::Unavailable(5), 503, Some(("retry-after", "5"))),
            (ErrorCode::TooBusy(1), 429, Some(("retry-after", "1"))),
            (ErrorCode::BodyTooLarge, 413, None),
        ] {
            let response = answer(&ApiError::new(code, postern_shared::message::Message::said("say \"why\"")));
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.headers().len(), 1 + usize::from(header.is_some()));
            if let Some((name, value)) = header {
                assert_eq!(response.headers()[name], value);
            }
            let mut body = response.into_body();
            let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).now_or_never();
            let body = frame.unwrap().unwrap().unwrap().into_data().unwrap();
            let expected = format!(r#"{{"error":{{"code":"{}","message":"say \"why\""}}}}"#, code.as_str());
            assert_eq!(body, expected);
        }
    }
}
