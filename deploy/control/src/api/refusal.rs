//! What a caller of the API is told when its request is refused.

use postern_shared::document::batch::Found;
use postern_shared::finding::Located;
use postern_shared::store::StoreError;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use warp::reply::{Reply, Response, with_status};

use postern_http::body::BodyError;

/// Seconds after which a caller may try again: PostgreSQL is looked for with every request.
const RETRY_AFTER_S: u16 = 2;

/// A refusal, as it is answered.
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    message: String,
    findings: Vec<Value>,
    /// The headers that go with it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The codes of `{"error":{"code", …}}`: a contract with callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// No token, or none that is valid.
    Unauthorized,
    /// The query or the body cannot be read.
    InvalidRequest,
    /// Nothing here, or nothing of this name.
    NotFound,
    /// Not a method of this path.
    MethodNotAllowed,
    /// The body took too long to arrive.
    BodyTimeout,
    /// It contradicts what is there.
    Conflict,
    /// The body is above the limit.
    BodyTooLarge,
    /// A type or encoding that is not read here.
    UnsupportedType,
    /// Documents with findings.
    InvalidDocument,
    /// A fault of Postern's.
    Internal,
    /// It cannot be done now.
    Unavailable,
}

impl Code {
    /// Its status.
    pub fn status(self) -> StatusCode {
        self.answer().1
    }

    /// The code as it is sent, and its status (RFC 9110, 15).
    fn answer(self) -> (&'static str, StatusCode) {
        match self {
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED),
            Self::InvalidRequest => ("invalid_request", StatusCode::BAD_REQUEST),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::BodyTimeout => ("body_timeout", StatusCode::REQUEST_TIMEOUT),
            Self::Conflict => ("conflict", StatusCode::CONFLICT),
            Self::BodyTooLarge => ("body_too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedType => ("unsupported_type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::InvalidDocument => ("invalid_document", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

impl Refusal {
    /// A refusal with its message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), findings: Vec::new(), headers: Vec::new() }
    }

    /// Documents that cannot be set as they are.
    pub fn findings(found: &[Found]) -> Self {
        let mut refusal = Self::new(Code::InvalidDocument, format!("{} findings in the documents", found.len()));
        refusal.findings = found.iter().map(|one| finding(&one.located)).collect();
        refusal
    }

    /// Nothing of this name.
    pub fn unknown(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
}

/// A finding as it is sent.
pub fn finding(located: &Located) -> Value {
    json!({"path": located.finding.path, "line": located.line, "message": located.finding.message})
}

impl Reply for Refusal {
    fn into_response(self) -> Response {
        let (code, status) = self.code.answer();
        let mut error = json!({"code": code, "message": self.message});
        if self.code == Code::InvalidDocument {
            error["findings"] = self.findings.into();
        }
        let mut response = with_status(warp::reply::json(&json!({"error": error})), status).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge(_) => Code::BodyTooLarge,
            BodyError::UnsupportedEncoding(_) => Code::UnsupportedType,
            BodyError::Truncated | BodyError::Damaged(_) => Code::InvalidRequest,
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) | StoreError::TookTooLong(_) | StoreError::Conflict(_) => {
                tracing::warn!(%error, "a request to the API could not be answered");
                let mut refusal = Self::new(Code::Unavailable, "postgresql cannot do this now");
                refusal.headers.push((RETRY_AFTER, RETRY_AFTER_S.into()));
                refusal
            }
            _ => {
                tracing::error!(%error, "a request to the API failed");
                Self::new(Code::Internal, "this failed; the log of the ingress says why")
            }
        }
    }
}
