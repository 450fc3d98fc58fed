//! What a caller is told when its request is refused: a status, a code for programs, a message for people.

use std::net::IpAddr;

use super::dedupe::{InvalidKey, MAX_KEY_BYTES};
use super::selector::SelectorError;
use crate::body::fields::FieldsError;
use crate::clock::WrongClock;
use crate::message::Message;

/// Seconds after which a caller may try again: the broker is looked for twice a second.
const RETRY_AFTER_S: u32 = 2;

/// The most of an origin that a message repeats, in characters.
const MAX_ORIGIN_CHARS: usize = 100;

/// A refusal, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct ApiError {
    /// What kind it is; gives the status.
    pub code: ErrorCode,
    /// What is wrong, without any posted value.
    pub message: Message,
}

/// The codes of `{"error":{"code", …}}`: a contract with callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// No permission admits the address.
    AddressDenied,
    /// A trusted proxy forwards the request, but its header names no address of the caller.
    AddressUnclear,
    /// A private or loopback address forwards the request and is not in `POSTERN_TRUSTED_PROXIES`.
    ProxyNotTrusted,
    /// The permission does not list the `Origin` of the request.
    OriginDenied,
    /// The request does not have the token that the permission asks for.
    TokenDenied,
    /// The request is not signed as the permission asks for.
    SignatureDenied,
    /// The permission does not allow the target.
    TargetDenied,
    /// The request line or a header cannot be read: a blank, a `"`, `<`, `>` or a byte that is no UTF-8 in the URL, or more
    /// than 16 KiB. The answer has no body; the caller is counted.
    UnreadableRequest,
    /// The request does not have exactly one valid `Host`.
    InvalidHost,
    /// The private listener does not answer to this `Host`.
    UnknownHost,
    /// The query names a workflow and a trigger.
    AmbiguousTarget,
    /// The query names no target, and the permission does not have exactly one.
    TargetMissing,
    /// `record_id` is not a whole number.
    InvalidRecordId,
    /// Another part of the query is wrong; the message names it.
    InvalidSelector,
    /// The `Idempotency-Key` cannot be used; the message has the rule.
    InvalidIdempotencyKey,
    /// The body cannot be read; the message names the place.
    InvalidBody,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyTimeout,
    /// The type, charset or encoding of the body is not supported.
    UnsupportedType,
    /// The form has a file, and the permission does not take files.
    FileRefused,
    /// No permission of the caller answers at this path.
    UnknownShortUrl,
    /// The receipt does not exist, or belongs to another permission.
    ReceiptUnknown,
    /// The path does not have this method; `Allow` names its methods.
    MethodNotAllowed(&'static str),
    /// A limit is reached, and the submission is not accepted: try again after `Retry-After` seconds.
    TooBusy(u32),
    /// Neither the broker nor the spool takes the submission: try again after `Retry-After` seconds.
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
            Self::TokenDenied => "token_denied",
            Self::SignatureDenied => "signature_denied",
            Self::TargetDenied => "target_denied",
            Self::UnreadableRequest => "unreadable_request",
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
    pub const fn status(self) -> u16 {
        match self {
            Self::AddressDenied
            | Self::AddressUnclear
            | Self::ProxyNotTrusted
            | Self::OriginDenied
            | Self::TokenDenied
            | Self::SignatureDenied
            | Self::TargetDenied => 403,
            Self::UnknownHost => 421,
            Self::UnreadableRequest
            | Self::InvalidHost
            | Self::AmbiguousTarget
            | Self::TargetMissing
            | Self::InvalidRecordId
            | Self::InvalidSelector
            | Self::InvalidIdempotencyKey
            | Self::InvalidBody => 400,
            Self::UnknownShortUrl | Self::ReceiptUnknown => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::BodyTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::UnsupportedType | Self::FileRefused => 415,
            Self::TooBusy(_) => 429,
            Self::Unavailable(_) => 503,
        }
    }
}

impl ApiError {
    /// A refusal with its message.
    pub fn new(code: ErrorCode, message: impl Into<Message>) -> Self {
        Self { code, message: message.into() }
    }

    /// The answer to a stranger: its address as it is seen here, and nothing else.
    pub fn address_denied(ip: IpAddr) -> Self {
        Self::new(ErrorCode::AddressDenied, Message::said(format!("address {ip} is not permitted")))
    }

    /// Nothing answers on this path.
    pub fn unknown_short_url() -> Self {
        Self::new(ErrorCode::UnknownShortUrl, Message::PathUnknown)
    }

    /// Another method is wanted; `allowed` names those that there are as `Allow` does, the wanted one first.
    pub fn method_not_allowed(allowed: &'static str) -> Self {
        let wanted = allowed.split(',').next().unwrap_or_default().to_owned();
        Self::new(ErrorCode::MethodNotAllowed(allowed), Message::MethodWrong { wanted })
    }

    /// The page that sends the request is not listed. The origin is shortened: it is what the caller says.
    pub fn origin_denied(origin: &str) -> Self {
        let shown: String = origin.chars().filter(|c| c.is_ascii_graphic()).take(MAX_ORIGIN_CHARS).collect();
        let message = if origin.eq_ignore_ascii_case("null") {
            Message::OriginNull
        } else {
            Message::OriginUnlisted { origin: shown }
        };
        Self::new(ErrorCode::OriginDenied, message)
    }

    /// The token is missing or wrong.
    pub fn token_denied() -> Self {
        Self::new(ErrorCode::TokenDenied, Message::TokenWrong)
    }

    /// The signature is missing, wrong, or of another time. Which of them, a stranger is not told.
    pub fn signature_denied() -> Self {
        Self::new(ErrorCode::SignatureDenied, Message::SignatureWrong)
    }

    /// A secret of the permission cannot be used now. The log names it.
    pub fn secret_unusable() -> Self {
        Self::unavailable("who calls cannot be checked now: a secret of the permission is missing")
    }

    /// What the caller names is not allowed to it.
    pub fn target_denied() -> Self {
        Self::new(ErrorCode::TargetDenied, Message::TargetDenied)
    }

    /// The caller names nothing, and there is not exactly one thing it could mean.
    pub fn target_missing() -> Self {
        Self::new(ErrorCode::TargetMissing, Message::TargetUnnamed)
    }

    /// No such receipt, or none of this caller's.
    pub fn receipt_unknown() -> Self {
        Self::new(ErrorCode::ReceiptUnknown, Message::said("there is no such receipt"))
    }

    /// The body took too long to arrive.
    pub fn body_timeout() -> Self {
        Self::new(ErrorCode::BodyTimeout, Message::BodyLate)
    }

    /// A limit on what is under way is reached.
    pub fn too_busy() -> Self {
        Self::new(ErrorCode::TooBusy(RETRY_AFTER_S), Message::TooManyUnderWay)
    }

    /// It cannot be done now, and nothing was accepted.
    pub fn unavailable(message: &str) -> Self {
        Self::new(ErrorCode::Unavailable(RETRY_AFTER_S), Message::said(message))
    }
}

impl From<InvalidKey> for ApiError {
    fn from(_: InvalidKey) -> Self {
        Self::new(ErrorCode::InvalidIdempotencyKey, Message::IdempotencyKey { most: MAX_KEY_BYTES })
    }
}

impl From<FieldsError> for ApiError {
    fn from(error: FieldsError) -> Self {
        let code = match error {
            FieldsError::UnsupportedType(_) | FieldsError::UnknownCharset(_) => ErrorCode::UnsupportedType,
            FieldsError::FileRefused(_) => ErrorCode::FileRefused,
            FieldsError::Undecodable { .. }
            | FieldsError::MalformedJson(_)
            | FieldsError::MalformedPart { .. }
            | FieldsError::NotAnObject
            | FieldsError::Item { .. }
            | FieldsError::TooManyItems
            | FieldsError::NotAForm(_)
            | FieldsError::MalformedMultipart(_)
            | FieldsError::ReservedName
            | FieldsError::Env(_) => ErrorCode::InvalidBody,
        };
        Self::new(code, &error)
    }
}

impl From<SelectorError> for ApiError {
    fn from(error: SelectorError) -> Self {
        let code = match error {
            SelectorError::InvalidRecordId(_) => ErrorCode::InvalidRecordId,
            SelectorError::Ambiguous => ErrorCode::AmbiguousTarget,
            SelectorError::InvalidTarget { .. } | SelectorError::NotText(_) | SelectorError::Repeated(_) => {
                ErrorCode::InvalidSelector
            }
        };
        Self::new(code, error)
    }
}

impl From<WrongClock> for ApiError {
    fn from(_: WrongClock) -> Self {
        Self::unavailable("the clock of this server is wrong; nothing is accepted until it is right again")
    }
}
