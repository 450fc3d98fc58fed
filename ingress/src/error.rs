//! What a caller is told when its request is refused: a status, a code for programs, a message for people.

use std::net::IpAddr;

use serde_json::json;
use warp::Reply;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use warp::http::{Response, StatusCode};

use crate::http::body::BodyError;
use crate::http::client_address::ClientAddressError;
use crate::submit::dedupe::InvalidKey;
use crate::submit::fields::FieldsError;
use crate::submit::selector::SelectorError;

/// Seconds after which a caller may try again: the broker is looked for twice a second.
const RETRY_AFTER_S: u32 = 2;

/// A refusal, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct ApiError {
    /// What kind it is; gives the status.
    pub code: ErrorCode,
    /// What is wrong, without any posted value.
    pub message: String,
}

/// The codes of `{"error":{"code", …}}`: a contract with callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// No permission knows the address.
    AddressDenied,
    /// Behind a trusted proxy, but the proxy's header does not say who calls.
    AddressUnclear,
    /// A private peer forwards without being trusted.
    ProxyNotTrusted,
    /// The permission does not list the `Origin`.
    OriginDenied,
    /// The permission does not allow the target.
    TargetDenied,
    /// Not exactly one valid `Host`.
    InvalidHost,
    /// A `Host` that the private listener does not answer to.
    UnknownHost,
    /// Both targets at once.
    AmbiguousTarget,
    /// No target, and the permission does not have exactly one.
    TargetMissing,
    /// `record_id` is not a number.
    InvalidRecordId,
    /// Something else in the query is wrong.
    InvalidSelector,
    /// The `Idempotency-Key` is no key.
    InvalidIdempotencyKey,
    /// The body cannot be read.
    InvalidBody,
    /// The body is above the limit.
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyTimeout,
    /// A type, charset or encoding that is not read here.
    UnsupportedType,
    /// A file, where files are not taken.
    FileRefused,
    /// Nothing answers on this path.
    UnknownShortUrl,
    /// No such receipt.
    ReceiptUnknown,
    /// Not a method of this path; answered with `Allow`.
    MethodNotAllowed(&'static str),
    /// A limit is reached; answered with `Retry-After`, in seconds.
    TooBusy(u32),
    /// Nobody could take the submission; answered with `Retry-After`, in seconds.
    Unavailable(u32),
}

impl ErrorCode {
    /// The code as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressDenied => "address_denied",
            Self::AddressUnclear => "address_unclear",
            Self::ProxyNotTrusted => "proxy_not_trusted",
            Self::OriginDenied => "origin_denied",
            Self::TargetDenied => "target_denied",
            Self::InvalidHost => "invalid_host",
            Self::UnknownHost => "unknown_host",
            Self::AmbiguousTarget => "ambiguous_target",
            Self::TargetMissing => "target_missing",
            Self::InvalidRecordId => "invalid_record_id",
            Self::InvalidSelector => "invalid_selector",
            Self::InvalidIdempotencyKey => "invalid_idempotency_key",
            Self::InvalidBody => "invalid_body",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::UnsupportedType => "unsupported_type",
            Self::FileRefused => "file_refused",
            Self::UnknownShortUrl => "unknown_short_url",
            Self::ReceiptUnknown => "receipt_unknown",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::TooBusy(_) => "too_busy",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The status that goes with it (RFC 9110, 15; RFC 6585 for 429).
    pub fn status(self) -> StatusCode {
        match self {
            Self::AddressDenied
            | Self::AddressUnclear
            | Self::ProxyNotTrusted
            | Self::OriginDenied
            | Self::TargetDenied => StatusCode::FORBIDDEN,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::InvalidHost
            | Self::AmbiguousTarget
            | Self::TargetMissing
            | Self::InvalidRecordId
            | Self::InvalidSelector
            | Self::InvalidIdempotencyKey
            | Self::InvalidBody => StatusCode::BAD_REQUEST,
            Self::UnknownShortUrl | Self::ReceiptUnknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType | Self::FileRefused => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooBusy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl ApiError {
    /// A refusal with its message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The answer to a stranger: its address as it is seen here, and nothing else.
    pub fn address_denied(ip: IpAddr) -> Self {
        Self::new(ErrorCode::AddressDenied, format!("address {ip} is not permitted"))
    }

    /// Nothing answers on this path.
    pub fn unknown_short_url() -> Self {
        Self::new(ErrorCode::UnknownShortUrl, "nothing answers on this path")
    }

    /// Another method is wanted; `allowed` names it as `Allow` does.
    pub fn method_not_allowed(allowed: &'static str) -> Self {
        Self::new(ErrorCode::MethodNotAllowed(allowed), format!("the method must be {allowed}"))
    }

    /// The page that sends the request is not listed.
    pub fn origin_denied() -> Self {
        Self::new(ErrorCode::OriginDenied, "requests from pages of this origin are not permitted")
    }

    /// What the caller names is not allowed to it.
    pub fn target_denied() -> Self {
        Self::new(ErrorCode::TargetDenied, "the permission does not allow this target")
    }

    /// The caller names nothing, and there is not exactly one thing it could mean.
    pub fn target_missing() -> Self {
        Self::new(ErrorCode::TargetMissing, "the query must name a workflow_id or a workflow_trigger")
    }

    /// No such receipt, or none of this caller's.
    pub fn receipt_unknown() -> Self {
        Self::new(ErrorCode::ReceiptUnknown, "there is no such receipt")
    }

    /// The body took too long to arrive.
    pub fn body_timeout() -> Self {
        Self::new(ErrorCode::BodyTimeout, "the body took too long to arrive")
    }

    /// A limit on what is under way is reached.
    pub fn too_busy() -> Self {
        Self::new(ErrorCode::TooBusy(RETRY_AFTER_S), "too many submissions are under way")
    }

    /// It cannot be done now, and nothing was accepted.
    pub fn unavailable(message: &str) -> Self {
        Self::new(ErrorCode::Unavailable(RETRY_AFTER_S), message)
    }
}

impl Reply for ApiError {
    fn into_response(self) -> warp::reply::Response {
        let body = json!({ "error": { "code": self.code.as_str(), "message": self.message } }).to_string();
        let mut response = Response::new(body.into());
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.code {
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
}

impl From<InvalidKey> for ApiError {
    fn from(error: InvalidKey) -> Self {
        Self::new(ErrorCode::InvalidIdempotencyKey, error.to_string())
    }
}

impl From<ClientAddressError> for ApiError {
    fn from(error: ClientAddressError) -> Self {
        let code = match error {
            ClientAddressError::ProxyNotTrusted(_) => ErrorCode::ProxyNotTrusted,
            ClientAddressError::Unreadable(_) | ClientAddressError::Disagreement => ErrorCode::AddressUnclear,
        };
        Self::new(code, error.to_string())
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge(_) => ErrorCode::BodyTooLarge,
            BodyError::UnsupportedEncoding(_) => ErrorCode::UnsupportedType,
            BodyError::Truncated | BodyError::BadGzip => ErrorCode::InvalidBody,
        };
        Self::new(code, error.to_string())
    }
}

impl From<FieldsError> for ApiError {
    fn from(error: FieldsError) -> Self {
        let code = match error {
            FieldsError::UnsupportedType(_) | FieldsError::UnknownCharset(_) => ErrorCode::UnsupportedType,
            FieldsError::FileRefused(_) => ErrorCode::FileRefused,
            FieldsError::Undecodable { .. }
            | FieldsError::MalformedJson(_)
            | FieldsError::NotAnObject
            | FieldsError::MalformedMultipart(_)
            | FieldsError::ReservedName
            | FieldsError::Env(_) => ErrorCode::InvalidBody,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SelectorError> for ApiError {
    fn from(error: SelectorError) -> Self {
        let code = match error {
            SelectorError::InvalidRecordId(_) => ErrorCode::InvalidRecordId,
            SelectorError::Ambiguous => ErrorCode::AmbiguousTarget,
            SelectorError::InvalidTarget { .. } | SelectorError::Repeated(_) | SelectorError::Query(_) => {
                ErrorCode::InvalidSelector
            }
        };
        Self::new(code, error.to_string())
    }
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
            let response = ApiError::new(code, "say \"why\"").into_response();
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
